# SPDX-License-Identifier: EUPL-1.2
"""What relying parties are told follows the records."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from tests.support.service import Service

from varmentaja.apps.cards.actions.end_card import end_card
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.letters.models import Letter
from varmentaja.apps.status.actions.publish_status import is_behind, publish_revocations, publish_status
from varmentaja.apps.status.answers import HALF_LIFE, LIFETIME
from varmentaja.apps.status.models import CrlShard
from varmentaja.domain.actors import Actor, Authentication, Role
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.domain.revocation import Ground
from varmentaja.pki.publication import PublicationReader, Snapshot

pytestmark = pytest.mark.django_db


def published(service: Service) -> Snapshot:
    assert service.outside.custody is not None
    reader = PublicationReader(service.folder / "publication", service.outside.custody.verify_seal)
    reader.poll()
    assert reader.current is not None
    return reader.current


def answer(service: Service, row: Certificate) -> ocsp.OCSPResponse | None:
    found = published(service).find(row.authority, int(row.serial, 16))
    if found is None:
        return None
    segment, entry = found
    return ocsp.load_der_ocsp_response(segment.sha256(entry))


def test_issued_certificates_are_good_and_reserved_ones_are_not_spoken_of(service: Service) -> None:
    card = service.made_card()
    publish_status(now=service.now)
    for row in Certificate.objects.filter(card=card):
        said = answer(service, row)
        assert said is not None and said.certificate_status is ocsp.OCSPCertStatus.GOOD
    row = Certificate.objects.filter(card=card).first()
    assert row is not None
    row.pk, row.serial, row.state, row.answer_due_at = None, "40" + "00" * 15, "reserved", None
    row.save()
    publish_status(now=service.now + timedelta(seconds=5))
    assert answer(service, row) is None


def test_a_lost_card_is_revoked_in_answers_and_list_at_once(service: Service) -> None:
    card = service.made_card()
    publish_status(now=service.now)
    holder = Actor(card.person_id, frozenset({Role.HOLDER}), Authentication.SCS)
    later = service.now + timedelta(seconds=10)
    end_card(holder, card.pk, Ground.LOST, now=later, today=service.today)
    publish_status(now=later)
    rows = Certificate.objects.filter(card=card)
    crl = x509.load_der_x509_crl(crl_of(service, rows[0].authority))
    for row in rows:
        said = answer(service, row)
        assert said is not None and said.certificate_status is ocsp.OCSPCertStatus.REVOKED
        assert said.revocation_reason is x509.ReasonFlags.key_compromise
        assert crl.get_revoked_certificate_by_serial_number(int(row.serial, 16)) is not None
    assert Letter.objects.get(card=card).state == "cancelled"


def crl_of(service: Service, authority: str, shard: str = "0") -> bytes:
    return bytes(published(service).crls[authority, shard].der)


def test_a_delta_to_the_scheduled_list_says_what_the_full_list_says(service: Service) -> None:
    first, second = service.made_card(), service.made_card("english_speaker")
    publish_status(now=service.now)
    authority = first.certificates.first().authority
    base = x509.load_der_x509_crl(crl_of(service, authority))
    for minutes, card in ((90, first), (180, second)):
        later = service.now + timedelta(minutes=minutes)
        holder = Actor(card.person_id, frozenset({Role.HOLDER}), Authentication.SCS)
        end_card(holder, card.pk, Ground.LOST, now=later, today=service.today)
        publish_status(now=later)
        full = x509.load_der_x509_crl(crl_of(service, authority))
        delta = x509.load_der_x509_crl(crl_of(service, authority, "0-delta"))
        assert _number(full) == _number(delta) > _number(base)
        indicator = delta.extensions.get_extension_for_class(x509.DeltaCRLIndicator)
        assert indicator.value.crl_number == _number(base)
        assert {entry.serial_number for entry in full} == {
            entry.serial_number for crl in (base, delta) for entry in crl
        }
    publish_status(now=service.now + HALF_LIFE)
    delta = x509.load_der_x509_crl(crl_of(service, authority, "0-delta"))
    assert len(delta) == 0, "a new base holds everything"
    assert ("root-ecc", "0-delta") not in published(service).crls


def _number(crl: x509.CertificateRevocationList) -> int:
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def test_nothing_is_signed_while_nothing_is_due(service: Service) -> None:
    service.made_card()
    assert publish_status(now=service.now) is not None
    assert publish_status(now=service.now + timedelta(minutes=1)) is None


def test_answers_and_lists_are_renewed_before_half_their_life_is_over(service: Service) -> None:
    card = service.made_card()
    publish_status(now=service.now)
    publish_status(now=service.now + HALF_LIFE)
    for row in Certificate.objects.filter(card=card):
        said = answer(service, row)
        assert said is not None and said.next_update_utc is not None
        assert said.next_update_utc >= service.now + HALF_LIFE + LIFETIME - timedelta(seconds=2)
    assert all(shard.due_at > service.now + HALF_LIFE for shard in CrlShard.objects.all())


def test_crl_numbers_never_go_back_even_when_their_record_is_lost(service: Service) -> None:
    publish_status(now=service.now)
    number = x509.load_der_x509_crl(crl_of(service, "professionals-ecc")).extensions.get_extension_for_class(
        x509.CRLNumber
    )
    CrlShard.objects.update(number=0, due_at=service.now)
    publish_status(now=service.now + timedelta(seconds=30))
    later = x509.load_der_x509_crl(crl_of(service, "professionals-ecc")).extensions.get_extension_for_class(
        x509.CRLNumber
    )
    assert later.value.crl_number > number.value.crl_number


def test_a_holder_cannot_end_somebody_elses_card(service: Service) -> None:
    card = service.made_card()
    stranger = Actor(service.person("english_speaker").pk, frozenset({Role.HOLDER}), Authentication.SCS)
    with pytest.raises(DomainError) as refusal:
        end_card(stranger, card.pk, Ground.LOST, now=service.now, today=service.today)
    assert refusal.value.kind is Kind.NOT_ALLOWED
    assert not Certificate.objects.filter(card=card, state="revoked").exists()


def test_what_has_overtaken_becomes_part_of_a_set_in_time(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("varmentaja.apps.status.actions.publish_status.OVERTAKING", 3)
    publish_status(now=service.now)
    first = published(service).head
    card = service.made_card()
    publish_status(now=service.now + timedelta(seconds=1))
    assert published(service).head.set == first.set
    service.made_card("english_speaker")
    publish_status(now=service.now + timedelta(seconds=2))
    snapshot = published(service)
    assert snapshot.head.set.number > first.set.number
    assert snapshot.overlay is None
    row = Certificate.objects.filter(card=card).first()
    assert row is not None and answer(service, row) is not None


def test_a_revocation_does_not_wait_behind_a_backlog_of_renewals(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("varmentaja.apps.status.actions.publish_status.BATCH", 2)
    backlog, lost = service.made_card("english_speaker"), service.made_card()
    while is_behind(service.now):
        publish_status(now=service.now)
    Certificate.objects.filter(card=backlog).update(answer_due_at=service.now - timedelta(days=3))
    later = service.now + timedelta(seconds=5)
    holder = Actor(lost.person_id, frozenset({Role.HOLDER}), Authentication.SCS)
    end_card(holder, lost.pk, Ground.LOST, now=later, today=service.today)
    publish_revocations(now=later)
    assert is_behind(later), "the backlog is left for the other lane"
    for row in Certificate.objects.filter(card=lost):
        said = answer(service, row)
        assert said is not None and said.certificate_status is ocsp.OCSPCertStatus.REVOKED
