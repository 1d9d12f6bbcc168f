# SPDX-License-Identifier: EUPL-1.2
"""Responders over a published nation, in turns with their peers (bench.status calls this).

One responder worker against nginx (one worker) that serves the same bytes as static files, django-ca's
responder (django_ca.py) and ``openssl ocsp`` over an index of the same size. Each round goes through
thousands of certificates drawn from all of them, at ours and at nginx alike: as many as nginx keeps files
open, and ours remembers them, too. Other runs go through so many that neither does, and each answer has to be
found anew. Samples of answers and lists are verified by openssl against the records.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from itertools import cycle, product
from pathlib import Path
from statistics import median

import httpx
from cryptography import x509
from cryptography.x509 import ocsp

from bench import django_ca, load, nation, servers, sizes
from bench.harness import Row, free_port, interleaved
from bench.progress import progress
from bench.questions import Asker, Question, request_about
from bench.servers import Running
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status.independent import OpenSsl
from varmentaja.apps.status.models import CrlShard
from varmentaja.pki.ocsp import CertIdHash
from varmentaja.pki.publication.gates import Document
from varmentaja.responder import shortcut

_DIFFERENT = 10_000
"""Certificates that a round asks about; nginx keeps as many files open, which the system must allow."""
_TOO_MANY = 5 * shortcut.REMEMBERED
"""Certificates that a round asks about so that none is remembered: it has two generations of those, and nginx
keeps a quarter of so many files open."""
_LISTS = 20
"""Lists that openssl verifies, or as many as there are."""


@dataclass
class _Found:
    """What is found out beside the rates."""

    late: dict[str, list[float]] = field(default_factory=dict)
    """99th percentiles of ours, in milliseconds, by run."""
    memory: dict[str, float] = field(default_factory=dict)


def measure(folder: Path, asker: Asker, ours: Running, size: int, rounds: int, seconds: int) -> list[Row]:
    """Rates, delays and memory."""
    questions = asker.draw_many(_TOO_MANY)
    _copy_answers(folder, questions, ours)
    servers.prepare_openssl(folder, nation.serials(size // sizes.EACH))
    found = _Found()
    with ExitStack() as running:
        nginx = running.enter_context(servers.stopping(servers.nginx(folder)))
        runs = _runs(folder, questions, ours, nginx, found, seconds)
        try:
            runs["django-ca"] = _django_ca(folder, running, found, seconds)
            missing = ""
        except django_ca.CannotInstall as error:
            missing = str(error)
        rates = interleaved(runs, rounds)
        found.memory["nginx"] = nginx.mebibytes()
    found.memory["ours"] = ours.mebibytes()
    return _rows(rates, found, missing)


def _copy_answers(folder: Path, questions: list[Question], ours: Running) -> None:
    """What we answer, as nginx's files."""
    (folder / "static").mkdir(parents=True)
    with progress("answers copied for nginx", len(questions)) as tell, httpx.Client() as client:
        for number, question in enumerate(questions):
            answer = client.get(ours.url + question.get).raise_for_status().content
            (folder / "static" / question.serial).write_bytes(answer)
            tell(number + 1)


def _runs(
    folder: Path, questions: list[Question], ours: Running, nginx: Running, found: _Found, seconds: int
) -> dict[str, Callable[[], float]]:
    few, anew = questions[:_DIFFERENT], [*questions[_DIFFERENT:], *questions[:_DIFFERENT]]
    issuer = servers.openssl_issuer(folder)
    once, once_peer = (
        load.write_requests(folder / name, (load.post(each.post, request(each), load.ONCE) for each in few))
        for name, request in (
            ("once", lambda each: each.request),
            ("once-peer", lambda each: request_about(issuer, each.serial, nonce=None)),
        )
    )

    def in_turn(
        name: str, server: Running, asked: Callable[[Question], bytes], questions: list[Question]
    ) -> float:
        requests = folder / name
        if not requests.exists():
            load.write_requests(requests, map(asked, questions))
        figures = load.ask_in_turn(server.url, requests, seconds)
        found.late.setdefault(name, []).append(figures.p99)
        return figures.rate

    asked: dict[str, tuple[Running, Callable[[Question], bytes]]] = {
        "get": (ours, lambda each: load.get(each.get)),
        "nginx": (nginx, lambda each: load.get(f"/{each.serial}")),
        "post": (ours, lambda each: load.post(each.post, each.request)),
    }

    def openssl() -> float:
        with servers.openssl(folder) as peer:
            rate = load.ask_in_turn(peer.url, once_peer, seconds, connections=load.NEW_CONNECTIONS).rate
            found.memory["openssl"] = peer.mebibytes()
        return rate

    return {
        **{name: partial(in_turn, name, *how, few) for name, how in asked.items()},
        **{f"{name} anew": partial(in_turn, f"{name} anew", *how, anew) for name, how in asked.items()},
        "new": lambda: load.ask_in_turn(ours.url, once, seconds, connections=load.NEW_CONNECTIONS).rate,
        "openssl": openssl,
    }


def _django_ca(folder: Path, running: ExitStack, found: _Found, seconds: int) -> Callable[[], float]:
    """The peer's run; CannotInstall where it cannot be had."""
    peer = django_ca.prepare(folder / "django-ca")
    port = free_port()
    started = servers.start(peer.command(port), peer.folder, port, django_ca.environment())
    running.enter_context(servers.stopping(started))
    request = load.write_requests(folder / "peer", [load.post(peer.path, peer.request.read_bytes())])

    def run() -> float:
        rate = load.ask_in_turn(started.url, request, seconds).rate
        found.memory["django-ca"] = started.mebibytes()
        return rate

    return run


def _rows(rates: dict[str, float], found: _Found, missing: str) -> list[Row]:
    runs = [
        ("", f"{_DIFFERENT:,} certificates again and again, which both remember"),
        (" anew", f"{_TOO_MANY:,} certificates, which neither remembers"),
    ]
    rows = [
        Row(
            f"{_named(way, run)}, of nginx with static files",
            rates[way + run] / rates["nginx" + run],
            "×",
            f"{rates[way + run]:,.0f}/s of {rates['nginx' + run]:,.0f}/s, {how}",
            "ocsp_nginx",
        )
        for run, how in runs
        for way in ("get", "post")
    ]
    rows.append(_against_django_ca(rates, missing))
    new = f"signed ahead; {rates['new']:,.0f}/s against {rates['openssl']:,.0f}/s, which signs each"
    rows.append(
        Row("against `openssl ocsp -multi 2`, new connections", rates["new"] / rates["openssl"], "×", new)
    )
    rows += [
        Row(
            f"99th percentile at {load.CONNECTIONS} connections, {_named(way, run)}",
            median(found.late[way + run]),
            "ms",
            f"kept alive, {how}",
            "ocsp_p99",
        )
        for run, how in runs
        for way in ("get", "post")
    ]
    memory = found.memory
    others = ", ".join(f"{name} {size:.0f}" for name, size in sorted(memory.items()) if name != "ours")
    rows.append(Row("memory of a responder with one worker", memory["ours"], "MiB", f"its own; {others} MiB"))
    return rows


def _named(way: str, run: str) -> str:
    return way.upper() + (f", each found{run}" if run else "")


def _against_django_ca(rates: dict[str, float], missing: str) -> Row:
    ratio, how = None, missing
    if not missing:
        ratio = rates["post"] / rates["django-ca"]
        how = f"POST, {rates['post']:,.0f}/s against {rates['django-ca']:,.0f}/s, cached in memory"
    return Row("against django-ca's responder", ratio, "×", how, "ocsp_django_ca")


def verify(asker: Asker, ours: Running, count: int) -> list[Row]:
    """Random answers and lists as openssl sees them, against the records; a wrong one ends the measurement.

    Questions are put by GET and POST and name the issuer by SHA-1 and SHA-256, in turns.
    """
    openssl = OpenSsl(timedelta(minutes=1))
    with httpx.Client() as client:
        return [
            _verified_answers(asker, ours, count, openssl, client),
            _verified_lists(asker, ours, openssl, client),
        ]


def _verified_answers(asker: Asker, ours: Running, count: int, openssl: OpenSsl, client: httpx.Client) -> Row:
    begun, revoked, right = time.perf_counter(), 0, 0
    ways = cycle(product((CertIdHash.SHA1, CertIdHash.SHA256), ("GET", "POST")))
    with progress("answers verified by openssl", count) as tell:
        for drawn, (kind, method) in zip(asker.draw_many(count), ways, strict=False):
            question = replace(drawn, request=asker.request(drawn.authority, drawn.serial, kind=kind))
            if method == "GET":
                said = client.get(ours.url + question.get)
            else:
                said = client.post(ours.url + question.post, content=question.request)
            der = said.raise_for_status().content
            certificate = asker.hierarchy.authority(question.authority).certificate_der
            document = Document(question.authority, certificate, der, int(question.serial, 16), kind.value)
            (refusal,) = openssl.refusals([document])
            told = ocsp.load_der_ocsp_response(der).certificate_status is ocsp.OCSPCertStatus.REVOKED
            if refusal or told is not question.revoked:
                raise RuntimeError(f"the answer for {question.serial} is wrong: {refusal or told}")
            revoked, right = revoked + told, right + 1
            tell(right)
    how = f"GET and POST, SHA-1 and SHA-256 in turns; {revoked} revoked; {time.perf_counter() - begun:.0f} s"
    return Row("random answers verified by openssl, as the records say", right, "right", how)


def _verified_lists(asker: Asker, ours: Running, openssl: OpenSsl, client: httpx.Client) -> Row:
    """Each says what the records say, no more and no less."""
    places = list(CrlShard.objects.filter(authority__in=sizes.AUTHORITIES).order_by("?")[:_LISTS])
    entries = 0
    for place in places:
        url = f"{ours.url}/crl/{place.authority}/{place.shard}.crl"
        der = client.get(url).raise_for_status().content
        certificate = asker.hierarchy.authority(place.authority).certificate_der
        (refusal,) = openssl.refusals([Document(place.authority, certificate, der)])
        told = {entry.serial_number for entry in x509.load_der_x509_crl(der)}
        rows = Certificate.objects.filter(authority=place.authority, shard=place.shard, state="revoked")
        known = {int(serial, 16) for serial in rows.values_list("serial", flat=True)}
        if refusal or told != known:
            raise RuntimeError(f"the list {url} is wrong: {refusal or len(told ^ known)}")
        entries += len(told)
    how = f"of {CrlShard.objects.count()}; {entries:,} entries, each in the records and none missing"
    return Row("random lists verified by openssl", len(places), "right", how)
