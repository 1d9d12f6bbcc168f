# SPDX-License-Identifier: EUPL-1.2
"""From the wish to revoke to answer and list at every responder, through the worker as the service runs it.

The transaction that revokes tells the queue; the worker signs answer, list and delta, has them judged by the
gates and switches. One responder reads the publisher's folder, another a mirror's that follows over HTTPS; a
third, measured after them so that moto's storage on this machine takes nothing from them, follows through S3.
Measured while the worker has nothing else to do, and while it renews the nation's answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import httpx
from cryptography import x509
from cryptography.x509 import ocsp
from django.db import transaction

from bench import servers
from bench.harness import Row
from bench.questions import Asker, Question
from bench.servers import Running
from bench.service import wait_until_idle
from varmentaja.apps.certificates.actions.revoke_certificates import revoke_rows
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status.actions.publish_status import is_behind
from varmentaja.apps.status.tasks import publish_changes
from varmentaja.config import Settings
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.revocation import RevocationReason


@dataclass(frozen=True)
class Lags:
    """Seconds by responder."""

    answers: dict[str, float]
    lists: dict[str, float]
    """Until the full list of the certificate's shard names it."""


_Figures = tuple[float, str, str]
"""The longest, its unit, and what was seen at each responder."""
_RENEWED = 100_000
_GIVE_UP = 60.0
_FIRST = 600.0
"""A worker that has just started verifies the whole set, and so does a mirror that has fetched it."""


def measure(folder: Path, asker: Asker, ours: Running, settings: Settings, revoked: int) -> list[Row]:
    """The longest of so many revocations, idle and busy, of half as many through S3; all of them together
    fewer than the gate for jumps counts."""
    rows = []
    with servers.worker(folder, settings):
        with servers.mirrored(folder, settings) as mirrored:
            responders = {"folder": ours, "HTTPS mirror": mirrored}
            for way, answers, lists in _measured(asker, responders, revoked):
                rows.append(Row(f"revocation to answer, {way}", *answers, target="revocation_lag"))
                rows.append(Row(f"revocation to the shard's list, {way}", *lists, target="list_lag"))
        with servers.stored(folder, settings) as stored:
            for way, answers, lists in _measured(asker, {"S3 storage": stored}, max(1, revoked // 2)):
                answered, listed = f"revocation to answer by S3, {way}", f"revocation to list by S3, {way}"
                rows.append(Row(answered, *answers, target="revocation_lag_s3"))
                rows.append(Row(listed, *lists, target="revocation_lag_s3"))
    return rows


def _measured(
    asker: Asker, responders: Mapping[str, Running], revoked: int
) -> Iterator[tuple[str, _Figures, _Figures]]:
    """Of answers and of lists, once all have something to serve."""
    for each in responders.values():
        _wait_until_answers(each, asker.draw())
    revoke(asker, responders, give_up=_FIRST)
    wait_until_idle()
    idle = [revoke(asker, responders) for _ in range(revoked)]
    busy = [_revoke_meanwhile(asker, responders) for _ in range(revoked)]
    for way, lags in (
        (f"idle worker, longest of {revoked}", idle),
        ("while the worker renews answers", busy),
    ):
        yield way, _figures([each.answers for each in lags]), _figures([each.lists for each in lags])


def revoke(
    asker: Asker,
    responders: Mapping[str, Running],
    *,
    now: datetime | None = None,
    publish: Callable[[], object] = lambda: None,
    give_up: float = _GIVE_UP,
) -> Lags:
    """Revoke some certificate, ``publish`` where no worker does, and wait for every responder."""
    question = asker.draw_good()
    begun, lags = time.perf_counter(), Lags({}, {})
    with transaction.atomic():
        rows = Certificate.objects.select_for_update().filter(serial=question.serial).defer("twin", "der")
        (row,) = rows
        revoke_rows(SYSTEM, [row], RevocationReason.KEY_COMPROMISE, now=now or datetime.now(UTC))
    publish()
    while len(lags.lists) < len(responders):
        for name, each in responders.items():
            if name not in lags.answers and _says_revoked(each, question):
                lags.answers[name] = time.perf_counter() - begun
            if name in lags.answers and name not in lags.lists and _is_listed(each, row):
                lags.lists[name] = time.perf_counter() - begun
        if time.perf_counter() - begun > give_up:
            raise RuntimeError(f"the revocation of {question.serial} does not show: {lags}")
        time.sleep(0.005)
    return lags


def _revoke_meanwhile(asker: Asker, responders: Mapping[str, Running]) -> Lags:
    """While many answers are due."""
    if not is_behind(datetime.now(UTC)):
        some = Certificate.objects.filter(profile_version="nation").order_by("id").values("id")[:_RENEWED]
        Certificate.objects.filter(id__in=some).update(answer_due_at=datetime.now(UTC))
        publish_changes.defer()
    return revoke(asker, responders)


def _says_revoked(server: Running, question: Question) -> bool:
    der = httpx.post(server.url + question.post, content=question.request).raise_for_status().content
    return ocsp.load_der_ocsp_response(der).certificate_status is ocsp.OCSPCertStatus.REVOKED


def _is_listed(server: Running, row: Certificate) -> bool:
    """In the full list of its shard; a list comes with its answers, so that it is asked for after them."""
    der = httpx.get(f"{server.url}/crl/{row.authority}/{row.shard}.crl").raise_for_status().content
    listed = x509.load_der_x509_crl(der).get_revoked_certificate_by_serial_number(int(row.serial, 16))
    return listed is not None


def _wait_until_answers(server: Running, question: Question) -> None:
    until = time.monotonic() + _FIRST
    while True:
        der = httpx.post(server.url + question.post, content=question.request).content
        if der and ocsp.load_der_ocsp_response(der).response_status is ocsp.OCSPResponseStatus.SUCCESSFUL:
            return
        if time.monotonic() > until:
            raise RuntimeError("the mirror does not follow")
        time.sleep(0.2)


def _figures(lags: list[dict[str, float]]) -> _Figures:
    by_name = {name: [each[name] for each in lags] for name in lags[0]}
    how = ", ".join(f"{name} {max(all_):.2f} (median {median(all_):.2f})" for name, all_ in by_name.items())
    return max(max(each.values()) for each in lags), "s", how
