# SPDX-License-Identifier: EUPL-1.2
"""A revocation overtakes a set in the making, at whatever step of it, and is not undone by it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from django.db import connection
from tests.integration.apps.test_publication_lost import REVOKED, statuses
from tests.integration.apps.test_status import answer, crl_of, published
from tests.support.certificates import AUTHORITY, issue, revoke, serials
from tests.support.service import Service

from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status.actions import publish_status as publishing
from varmentaja.apps.status.actions.publish_status import (
    is_behind,
    publish_answers,
    publish_revocations,
    publish_status,
)
from varmentaja.apps.status.answers import HALF_LIFE
from varmentaja.apps.status.lists import waiting
from varmentaja.apps.status.models import Hold
from varmentaja.domain import publication_gate
from varmentaja.domain.publication_gate import Gate, HoldState
from varmentaja.pki.publication import build, reader

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("step", ["merged", "verified", "judged"])
def test_a_revocation_overtakes_a_set_in_the_making(
    service: Service, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """However long the set takes: the lane that makes it stands still until the revocation is told."""
    monkeypatch.setattr(publishing, "OVERTAKING", 0)
    a_while_ago = max(service.demo.now, service.now - timedelta(seconds=10))
    issued, others = issue(2, now=a_while_ago), issue(2, now=a_while_ago)
    publish_status(now=a_while_ago)
    before = published(service).head
    Certificate.objects.update(answer_due_at=datetime.now(UTC))
    reached, go_on = threading.Event(), threading.Event()

    def standing_still(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            if threading.current_thread().name == "renewals":
                reached.set()
                assert go_on.wait(60)
            return function(*args, **options)

        return call

    module: Any = {"merged": build, "verified": reader, "judged": publishing.PublicationGate}[step]
    name = {"merged": "merge", "verified": "_matches", "judged": "__call__"}[step]
    monkeypatch.setattr(module, name, standing_still(getattr(module, name)))
    thread = threading.Thread(target=_renew, name="renewals")
    thread.start()
    try:
        assert reached.wait(60)
        rows = revoke(*issued, now=datetime.now(UTC))
        assert publish_revocations(now=datetime.now(UTC)) is not None
        assert not go_on.is_set() and published(service).head.set == before.set
        assert statuses(service, rows) == [REVOKED] * len(rows)
        assert listed(service) == serials(rows)
    finally:
        go_on.set()
        thread.join()
    assert published(service).head.set.number > before.set.number
    assert statuses(service, rows) == [REVOKED] * len(rows), "a good that was signed before does not undo it"
    assert listed(service) == serials(rows)
    assert statuses(service, others) == [ocsp.OCSPCertStatus.GOOD] * 2
    assert not is_behind(datetime.now(UTC)) and not waiting().exists(), "nothing is left"


def test_while_revocations_are_held_back_nothing_else_goes_stale(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = publication_gate.limits()
    monkeypatch.setattr(publication_gate, "limits", lambda: replace(known, most=1))
    poisoned, others = issue(2, now=service.now), issue(2, now=service.now)
    publish_status(now=service.now)
    revoke(*poisoned, now=service.now)
    assert publish_status(now=service.now) is None
    half = service.now + HALF_LIFE
    assert publish_status(now=half) is not None
    assert statuses(service, others) == [ocsp.OCSPCertStatus.GOOD] * 2 and listed(service) == set()
    for row in others:
        said = answer(service, row)
        assert said is not None and said.this_update_utc == half.replace(microsecond=0)
    crl = x509.load_der_x509_crl(crl_of(service, AUTHORITY))
    assert crl.last_update_utc == half.replace(microsecond=0)
    for row in poisoned:
        said = answer(service, row)
        assert said is not None and said.this_update_utc < half, "nothing is said of them anew"
    hold = Hold.objects.get()
    assert (hold.gate, hold.state) == (Gate.JUMP, HoldState.HELD), "and it is not over"


def listed(service: Service) -> set[int]:
    return {entry.serial_number for entry in x509.load_der_x509_crl(crl_of(service, AUTHORITY))}


def _renew() -> None:
    try:
        assert publish_answers(now=datetime.now(UTC)) is not None
    finally:
        connection.close()
