# SPDX-License-Identifier: EUPL-1.2
"""Certificates issued together: two commits, one job, and each keeps its own luck."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.support.service import Service

from varmentaja.apps.audit.models import Entry
from varmentaja.apps.cards.models import Card
from varmentaja.apps.cards.subjects import subject_for
from varmentaja.apps.certificates.actions import issue_batch as module
from varmentaja.apps.certificates.actions.burn_reserved import burn_reserved
from varmentaja.apps.certificates.actions.issue_batch import KeyRequest, issue_batch
from varmentaja.apps.certificates.models import Certificate
from varmentaja.domain.batch import all_of
from varmentaja.domain.errors import DomainError, Kind, unavailable
from varmentaja.pki.algorithms import Hash, spki
from varmentaja.ports.custody import CertificateOrder
from varmentaja.signer.in_process import InProcessCustody

pytestmark = pytest.mark.django_db
SIZE = 12
ODD_CURVE = bytes.fromhex("301c301006072a8648ce3d020106052b8104000603080004010203040506")
"""A key on a curve that nobody knows."""


@pytest.fixture
def card(service: Service) -> Card:
    """A card in the post, with its own two certificates."""
    made: Card = service.made_card()
    return made


@pytest.fixture
def requests(service: Service, card: Card) -> list[KeyRequest]:
    """For as many new keys."""
    now = service.now.replace(microsecond=0)
    return [
        KeyRequest(
            card,
            "authentication",
            CertificateOrder(
                "professionals-ecc",
                "professional-auth",
                subject_for(card),
                spki(ec.generate_private_key(ec.SECP384R1()).public_key()),
                now,
                now + timedelta(days=300),
            ),
        )
        for _ in range(SIZE)
    ]


def _states(card: Card) -> Counter[str]:
    return Counter(Certificate.objects.filter(card=card).values_list("state", flat=True))


def _entries(action: str, rows: list[Certificate]) -> int:
    return Entry.objects.filter(action=action, subject_id__in=[str(row.pk) for row in rows]).count()


def test_every_certificate_of_a_batch_has_its_key_row_and_audit_entries(
    service: Service, requests: list[KeyRequest]
) -> None:
    rows = all_of(issue_batch(requests, now=service.now))
    authority = service.demo.hierarchy.authority("professionals-ecc").certificate
    for row, request in zip(rows, requests, strict=True):
        stored = Certificate.objects.get(pk=row.pk)
        certificate = x509.load_der_x509_certificate(bytes(stored.der or b""))
        certificate.verify_directly_issued_by(authority)
        assert spki(certificate.public_key()) == request.order.public_key  # type: ignore[arg-type]  # an EC key
        assert f"{certificate.serial_number:x}" == stored.serial
        twin = x509.load_der_x509_certificate(bytes(stored.twin))
        assert certificate.tbs_certificate_bytes == twin.tbs_certificate_bytes
        assert (stored.state, stored.issued_at, stored.answer_due_at) == ("issued", service.now, service.now)
        assert stored.plan_hash == service.demo.hierarchy.plan_hash != ""
        assert stored.profile_hash and stored.subject == certificate.subject.rfc4514_string()
    assert len({row.serial for row in rows}) == SIZE
    assert _entries("certificate.reserved", rows) == _entries("certificate.issued", rows) == SIZE


def test_one_bad_request_is_told_so_and_the_others_are_issued(
    service: Service, card: Card, requests: list[KeyRequest]
) -> None:
    before = _states(card)
    subject = replace(requests[3].order.subject, title="t" * 65)
    requests[3] = replace(requests[3], order=replace(requests[3].order, subject=subject))
    requests[7] = replace(requests[7], order=replace(requests[7].order, profile="no-such-profile"))
    for place, key in ((9, b"noise"), (10, ODD_CURVE)):
        requests[place] = replace(requests[place], order=replace(requests[place].order, public_key=key))
    results = issue_batch(requests, now=service.now)
    refused = {place: each for place, each in enumerate(results) if isinstance(each, DomainError)}
    assert {place: error.kind for place, error in refused.items()} == {
        3: Kind.INVALID,
        7: Kind.NOT_FOUND,
        9: Kind.INVALID,
        10: Kind.INVALID,
    }
    assert _states(card) - before == Counter(issued=SIZE - 4)


def test_what_is_prepared_and_never_issued_is_forgotten_in_time(
    service: Service, requests: list[KeyRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    custody = service.outside.custody
    assert isinstance(custody, InProcessCustody)
    monkeypatch.setattr("varmentaja.signer.in_process.MOST_HELD", 4)
    prepared = all_of(custody.prepare([each.order for each in requests[:6]]))
    assert len(custody._tokens) == 4
    signed = custody.issue([each.token for each in prepared])
    assert [isinstance(each, DomainError) for each in signed] == [True] * 2 + [False] * 4
    assert custody._tokens == {}


def test_the_number_of_commits_and_jobs_does_not_grow_with_the_batch(
    service: Service, requests: list[KeyRequest]
) -> None:
    def statements(batch: list[KeyRequest]) -> Counter[str]:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            all_of(issue_batch(batch, now=service.now))
        return Counter(query["sql"].split()[0] for query in queries.captured_queries)

    assert statements(requests[:1]) == statements(requests[1:])


def test_killed_before_the_rows_are_stored_burns_every_serial(
    service: Service, card: Card, requests: list[KeyRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """Stands for kill -9."""

    def killed(*args: object, **kwargs: object) -> object:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(module, "_store", killed)
        with pytest.raises(Killed):
            issue_batch(requests, now=service.now)
    lost = set(Certificate.objects.filter(card=card, state="reserved").values_list("serial", flat=True))
    assert len(lost) == SIZE
    burn_reserved(card)
    rows = all_of(issue_batch(requests, now=service.now))
    assert lost.isdisjoint(row.serial for row in rows)
    burned = Certificate.objects.filter(card=card, state="burned")
    assert set(burned.values_list("serial", flat=True)) == lost
    assert _entries("certificate.burned", list(burned)) == SIZE
    assert set(burned.values_list("der", "answer_due_at")) == {(None, None)}


def test_a_signature_that_fails_burns_its_serial_alone(
    service: Service, card: Card, requests: list[KeyRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, store, calls = _states(card), type(service.demo.store), []
    sign = store.sign

    def sometimes(self: Any, label: str, data: bytes, name: Hash) -> bytes:
        calls.append(label)
        if len(calls) == 5:
            raise unavailable("The key store does not answer.")
        return sign(self, label, data, name)

    monkeypatch.setattr(store, "sign", sometimes)
    results = issue_batch(requests, now=service.now)
    assert [each.kind for each in results if isinstance(each, DomainError)] == [Kind.UNAVAILABLE]
    assert _states(card) - before == Counter(issued=SIZE - 1, burned=1)


def test_a_key_is_certified_once_in_a_batch_and_ever(
    service: Service, card: Card, requests: list[KeyRequest]
) -> None:
    rows = all_of(issue_batch([*requests, requests[0]], now=service.now))
    assert rows[-1].pk == rows[0].pk
    again = all_of(issue_batch(requests, now=service.now))
    assert [row.pk for row in again] == [row.pk for row in rows[:-1]]


def test_when_the_checks_cannot_run_nothing_is_reserved(
    service: Service, card: Card, requests: list[KeyRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _states(card)

    def out_of_order(artefacts: object) -> object:
        raise unavailable("The checks of certificates could not be run. Try again later.")

    monkeypatch.setattr("varmentaja.pki.issuance.lint_certificates", out_of_order)
    with pytest.raises(DomainError):
        issue_batch(requests, now=service.now)
    assert _states(card) == before
