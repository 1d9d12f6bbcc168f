# SPDX-License-Identifier: EUPL-1.2
"""Responders over a published nation, in turns with their peers (bench.status calls this).

One responder worker against nginx (one worker) that serves the same bytes as static files, django-ca's
responder (django_ca.py) and ``openssl ocsp`` over an index of the same size; each round asks about another
certificate. A sample is verified by openssl against the records, and certificates are revoked until two
responders say so.
"""

from __future__ import annotations

import base64
import random
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from urllib.parse import quote

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from django.db import transaction

from bench import django_ca, nation, servers
from bench.harness import Row, free_port, interleaved
from bench.progress import progress
from bench.servers import Running
from varmentaja.apps.certificates.actions.revoke_certificates import revoke_rows
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status.actions.publish_status import publish_status
from varmentaja.apps.status.independent import OpenSsl
from varmentaja.config import Settings
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.revocation import RevocationReason
from varmentaja.pki.hierarchy import Hierarchy, load_hierarchy
from varmentaja.pki.ocsp import CertIdHash, issuer_hashes
from varmentaja.pki.publication.gates import Document

_REQUESTS = 30_000
_NEW_CONNECTIONS = 6_000
_REVOKED = 10


def measure(folder: Path, settings: Settings, size: int, rounds: int, verified: int) -> list[Row]:
    """Rates, delays and memory; raises RuntimeError for a wrong answer."""
    (folder / "static").mkdir(parents=True)
    asker = Asker(load_hierarchy(settings.hierarchy_folder, production=False), size)
    with ExitStack() as running:
        ours, other = (
            running.enter_context(
                servers.stopping(servers.responder(folder, settings.publication, settings.publisher_key))
            )
            for _ in range(2)
        )
        nginx = running.enter_context(servers.stopping(servers.nginx(folder)))
        rows = _rates(folder, asker, ours, nginx, size, rounds)
        rows.append(verify(asker, ours, verified))
        rows.append(_lag(asker, [ours, other]))
    return rows


@dataclass(frozen=True)
class Question:
    """What is asked about one certificate, and what must be answered."""

    authority: str
    serial: str
    request: bytes
    """DER; names the issuer by SHA-1, as openssl does."""
    revoked: bool

    @property
    def get(self) -> str:
        """Path of a GET."""
        return f"/ocsp/{self.authority}/{quote(base64.b64encode(self.request).decode(), safe='')}"

    @property
    def post(self) -> str:
        """Path of a POST."""
        return f"/ocsp/{self.authority}"


class Asker:
    """Draws certificates of the nation at random."""

    def __init__(self, hierarchy: Hierarchy, size: int) -> None:
        self.hierarchy = hierarchy
        self._holders = size // nation.EACH
        self._chance = random.Random(4)  # noqa: S311  the same certificates in every run

    def draw(self) -> Question:
        """Any certificate."""
        place = self._chance.randrange(nation.EACH)
        authority = nation.AUTHORITIES[place]
        serial = nation.serial_of(self._chance.randrange(self._holders), place)
        row = Certificate.objects.only("revoked_at").get(authority=authority, serial=serial)
        name, key = issuer_hashes(self.hierarchy.authority(authority), CertIdHash.SHA1)
        builder = ocsp.OCSPRequestBuilder()
        asked = builder.add_certificate_by_hash(name, key, int(serial, 16), hashes.SHA1())  # noqa: S303  RFC 9919
        request = asked.build().public_bytes(Encoding.DER)
        return Question(authority, serial, request, row.revoked_at is not None)


class _Round:
    """The certificate that a round asks about: as our question, and as nginx's file."""

    def __init__(self, folder: Path, asker: Asker, ours: Running) -> None:
        self._folder, self._asker, self._ours = folder, asker, ours
        self.request = folder / "request.der"
        self.change()

    def change(self) -> None:
        """Take another one."""
        self.question = self._asker.draw()
        self.request.write_bytes(self.question.request)
        answer = httpx.get(self._ours.url + self.question.get).raise_for_status().content
        (self._folder / "static" / self.question.serial).write_bytes(answer)


def _rates(folder: Path, asker: Asker, ours: Running, nginx: Running, size: int, rounds: int) -> list[Row]:
    turn = _Round(folder, asker, ours)
    late: list[float] = []
    memory: dict[str, float] = {}

    def get() -> float:
        turn.change()
        figures = servers.ask(ours.url + turn.question.get, _REQUESTS)
        late.append(figures.p99)
        return figures.rate

    def openssl() -> float:
        with servers.openssl(folder) as peer:
            rate = servers.ask(f"{peer.url}/", _NEW_CONNECTIONS, post=turn.request, keep=False).rate
            memory["openssl"] = peer.mebibytes()
        return rate

    runs: dict[str, Callable[[], float]] = {
        "get": get,
        "nginx": lambda: servers.ask(f"{nginx.url}/{turn.question.serial}", _REQUESTS).rate,
        "post": lambda: servers.ask(ours.url + turn.question.post, _REQUESTS, post=turn.request).rate,
        "new": lambda: (
            servers.ask(ours.url + turn.question.post, _NEW_CONNECTIONS, post=turn.request, keep=False).rate
        ),
        "openssl": openssl,
    }
    serials = (int(nation.serial_of(n, place), 16) for n in range(size // nation.EACH) for place in range(4))
    servers.prepare_openssl(folder, serials)
    with ExitStack() as running:
        peer = django_ca.prepare(folder / "django-ca")
        if peer:
            port = free_port()
            started = servers.start(peer.command(port), peer.folder, port, django_ca.environment())
            running.enter_context(servers.stopping(started))
            runs["django-ca"] = lambda: (
                servers.ask(started.url + peer.path, _REQUESTS // 5, post=peer.request).rate
            )
        rates = interleaved(runs, rounds)
        if peer:
            memory["django-ca"] = started.mebibytes()
    memory |= {"ours": ours.mebibytes(), "nginx": nginx.mebibytes()}
    return _rows(rates, late, memory)


def _rows(rates: dict[str, float], late: Sequence[float], memory: dict[str, float]) -> list[Row]:
    limit = f"of {rates['nginx']:,.0f}/s, {servers.CONNECTIONS} connections kept alive"
    rows = [
        Row(
            f"{way.upper()}, of nginx with static files",
            rates[way] / rates["nginx"],
            "×",
            f"{rates[way]:,.0f}/s {limit}",
            "ocsp_nginx",
        )
        for way in ("get", "post")
    ]
    if "django-ca" in rates:
        how = f"POST, {rates['post']:,.0f}/s against {rates['django-ca']:,.0f}/s, cached in memory"
        rows.append(
            Row(
                "against django-ca's responder",
                rates["post"] / rates["django-ca"],
                "×",
                how,
                "ocsp_django_ca",
            )
        )
    new = f"signed ahead; {rates['new']:,.0f}/s against {rates['openssl']:,.0f}/s, which signs each"
    rows += [
        Row("against `openssl ocsp -multi 2`, new connections", rates["new"] / rates["openssl"], "×", new),
        Row("99th percentile at 64 connections", median(late), "ms", "GET, kept alive", "ocsp_p99"),
    ]
    others = ", ".join(f"{name} {size:.0f}" for name, size in sorted(memory.items()) if name != "ours")
    rows.append(Row("memory of a responder with one worker", memory["ours"], "MiB", f"its own; {others} MiB"))
    return rows


def verify(asker: Asker, ours: Running, count: int) -> Row:
    """Random answers as openssl sees them, against the records; one wrong answer ends the measurement."""
    openssl = OpenSsl(timedelta(minutes=1))
    begun, revoked = time.perf_counter(), 0
    with progress("answers verified by openssl", count) as tell, httpx.Client() as client:
        for number in range(count):
            question = asker.draw()
            der = client.get(ours.url + question.get).raise_for_status().content
            certificate = asker.hierarchy.authority(question.authority).certificate_der
            document = Document(question.authority, certificate, der, int(question.serial, 16), "sha1")
            (refusal,) = openssl.refusals([document])
            told = ocsp.load_der_ocsp_response(der).certificate_status is ocsp.OCSPCertStatus.REVOKED
            if refusal or told is not question.revoked:
                raise RuntimeError(f"the answer for {question.serial} is wrong: {refusal or told}")
            revoked += told
            tell(number + 1)
    how = f"{revoked} revoked; {time.perf_counter() - begun:.0f} s"
    return Row("random answers verified by openssl, as the records say", count, "right", how)


def _lag(asker: Asker, responders: Sequence[Running]) -> Row:
    """From the wish to revoke to the answer at every responder: records, signatures, gates, lists, files."""
    waited = [revoke(asker, responders, now=datetime.now(UTC)) for _ in range(_REVOKED)]
    how = f"{len(responders)} responders, median {median(waited):.2f} s; record, answer, lists, gates, files"
    return Row(f"revocation to answer, longest of {_REVOKED}", max(waited), "s", how, "revocation_lag")


def revoke(asker: Asker, responders: Sequence[Running], *, now: datetime) -> float:
    """Revoke some certificate at ``now``, publish, and wait for every responder; seconds."""
    question = asker.draw()
    while question.revoked:
        question = asker.draw()
    before = {each.url: _ask(each, question) for each in responders}
    begun = time.perf_counter()
    with transaction.atomic():
        rows = list(
            Certificate.objects.select_for_update().filter(serial=question.serial).defer("twin", "der")
        )
        revoke_rows(SYSTEM, rows, RevocationReason.KEY_COMPROMISE, now=now)
    if publish_status(now=now) is None:
        raise RuntimeError("a gate holds a revocation back")
    waiting: Iterable[Running] = responders
    while waiting := [each for each in waiting if _ask(each, question) == before[each.url]]:
        time.sleep(0.005)
    return time.perf_counter() - begun


def _ask(server: Running, question: Question) -> bytes:
    return httpx.post(server.url + question.post, content=question.request).raise_for_status().content
