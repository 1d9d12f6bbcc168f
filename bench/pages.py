# SPDX-License-Identifier: EUPL-1.2
"""Pages and the actions behind them: ``python -m bench.pages [people]``.

Server time of whole requests through Django (session, middleware, queries, template) for one visitor at a
time, in a database of so many people; the actions of an application; and the checks of a signed challenge.
The target for pages is for 50 visitors and a million cards and is not judged here.
"""

from __future__ import annotations

import logging
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from bench.harness import Row, report
from bench.service import prepared_state
from varmentaja.domain.errors import DomainError

_FAMILY = ("Korpi", "Lehto", "Niemi", "Salo", "Virta", "Åker", "Östman", "Mäki", "Järvi", "Harju")
_ENDINGS = ("kangas", "nen", "ranta", "suo", "la", "niitty", "holma", "vuori")
_GIVEN = ("Aino", "Eino", "Sara", "Otto", "Ilona", "Åsa", "Elias", "Helmi", "Väinö", "Siiri")


def measure(people: int = 20_000, visits: int = 60) -> list[Row]:
    """Milliseconds: the median, and the 95th percentile beside it."""
    with tempfile.TemporaryDirectory() as name, prepared_state(Path(name) / "state"):
        logging.disable(logging.INFO)  # a line a request, to the terminal
        _fill(people)
        visit = _Visitor()
        pages: dict[str, Callable[[], object]] = {
            "front page": lambda: visit("/fi/"),
            "my card": lambda: visit("/fi/my-card/"),
            "office: search by name, hits": lambda: visit.search(random.choice(_FAMILY)),  # noqa: S311
            "office: a person's file": lambda: visit(f"/fi/office/people/{visit.person}/"),
        }
        rows = [_row(what, times) for what, times in _interleaved(pages, visits).items()]
        rows += [_row(what, times) for what, times in _applications().items()]
        rows.append(_row("sign-in: the checks of a signed challenge", _checks(visits)))
    return rows


def _row(what: str, times: list[float]) -> Row:
    return Row(what, median(times), "ms", f"p95 {quantiles(times, n=20)[-1]:.1f} ms, {len(times)} times")


def _interleaved(pages: dict[str, Callable[[], object]], visits: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {what: [] for what in pages}
    for call in pages.values():
        call()  # templates are compiled once
    for _ in range(visits):
        for what, call in pages.items():
            times[what].append(_clock(call))
    return times


def _clock(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return (time.perf_counter() - begun) * 1000


def _fill(people: int) -> None:
    """Fictive people by the thousand; names alone, as search needs them."""
    from django.utils import timezone

    from varmentaja.apps.people.models import Person
    from varmentaja.domain.names import name_key, sort_key

    chance = random.Random(1)  # noqa: S311
    now = timezone.now()

    def rows() -> Iterator[Person]:
        for number in range(people):
            family = chance.choice(_FAMILY) + chance.choice(_ENDINGS)
            first = chance.choice(_GIVEN)
            yield Person(
                identity_code="170488-9020",
                identity_code_hash=f"{number:064x}",
                electronic_id=f"{number:09d}",
                family_name=family,
                given_names=first,
                first_name=first,
                name_key=name_key(family, first),
                sort_key=sort_key(family, first),
                language="fi",
                refreshed_at=now,
            )

    Person.objects.bulk_create(rows(), batch_size=2000)


class _Visitor:
    """The demo's officer, signed in."""

    def __init__(self) -> None:
        from django.test import Client

        from varmentaja.apps.cards.models import Card
        from varmentaja.apps.certificates.models import Certificate
        from varmentaja.apps.people.models import Role
        from varmentaja.web.session import AUTHENTICATION, CERTIFICATE, PERSON

        self.person: int = Role.objects.get(role="officer").person_id
        card = Card.objects.get(person_id=self.person)
        certificate = Certificate.objects.get(card=card, state="issued", purpose="authentication")
        self._client = Client(HTTP_HOST="localhost")
        session: Any = self._client.session
        session.update({PERSON: self.person, CERTIFICATE: certificate.pk, AUTHENTICATION: "scs"})
        session.save()
        self._client.cookies["varmentaja_portal_session"] = session.session_key

    def search(self, text: str) -> None:
        """Post the search and follow to its hits: two requests."""
        answer = self._client.post("/fi/office/search/", {"text": text})
        if answer.status_code != 302:
            raise RuntimeError(f"search for {text}: {answer.status_code} {answer.content[-2000:]!r}")
        self(answer["Location"])

    def __call__(self, path: str) -> None:
        answer = self._client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code}")


def _applications(count: int = 20) -> dict[str, list[float]]:
    """The actions of whole applications at a registrar's desk, and the last of them alone."""
    import json

    from tests.soak.desk import fill_in, registrar
    from tests.support.whole_service import ROOT

    from varmentaja.apps.applications.actions.submit_application import submit_application

    actor = registrar()
    lines = (ROOT / "src/varmentaja/adapters/professional_register/data/professionals.jsonl").read_text(
        "utf-8"
    )
    codes = [json.loads(line)["identity_code"] for line in lines.splitlines()[20:]]
    filled: list[float] = []
    submitted: list[float] = []
    while len(submitted) < count:
        begun = time.perf_counter()
        try:
            draft = fill_in(actor, codes.pop(0))
        except DomainError:  # has died, or is the registrar
            continue
        filled.append((time.perf_counter() - begun) * 1000)
        now = datetime.now(UTC)
        submit = partial(submit_application, actor, draft.pk, draft.version, now=now, today=now.date())
        submitted.append(_clock(submit))
    return {
        "application: every step's action, without pages": filled,
        "application: submit and decide": submitted,
    }


def _checks(times: int) -> list[float]:
    """Origin, age, signature, path, purpose and status of one sign-in, its status answer at hand."""
    from varmentaja.config import settings
    from varmentaja.ground.keys import authority_store
    from varmentaja.pki import issuance, ocsp
    from varmentaja.pki.hierarchy import load_hierarchy
    from varmentaja.pki.names import Subject
    from varmentaja.pki.profile import load_profile
    from varmentaja.relying_party import RelyingParty
    from varmentaja.relying_party.answer import Signature

    hierarchy, store = load_hierarchy(settings().hierarchy_folder, production=False), authority_store()
    authority, now = hierarchy.authority_for("professionals", "ecc"), datetime.now(UTC).replace(microsecond=0)
    key, end = ec.generate_private_key(ec.SECP384R1()), now + timedelta(days=2)
    holder = Subject("00999000101", "Elina Sofia", "Elina", "Mäntykangas", "laillistettu lääkäri")
    request = issuance.CertificateRequest(
        load_profile("professional-auth"), holder, key.public_key(), now, end
    )
    token = issuance.prepare(request, authority.issuer, random=os.urandom)
    certificate = x509.load_der_x509_certificate(issuance.issue(token, store))
    status = ocsp.CertificateStatus(token.serial)
    good = ocsp.presign(authority, status, store, this_update=now, next_update=end).sha256
    party = RelyingParty(hierarchy, lambda url, asked: good, "http://localhost:8000", bytes(32))
    challenge = party.challenge(now=now, random=os.urandom)
    value = key.sign(challenge.content, ec.ECDSA(hashes.SHA256()))
    answer = Signature("SHA256withECDSA", value, (certificate,))
    return [_clock(lambda: party.sign_in(challenge.content, answer, now=now)) for _ in range(times)]


def main() -> None:
    """Measure and report."""
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    report(f"Pages and actions, {people:,} people", f"python -m bench.pages {people}", measure(people))


if __name__ == "__main__":
    main()
