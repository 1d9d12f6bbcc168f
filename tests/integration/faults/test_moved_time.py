# SPDX-License-Identifier: EUPL-1.2
"""Business time 30 days on: letters and deadlines move, certificates and their status do not (decision 1)."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.service import Service

from varmentaja.apps.cards.actions.end_card import end_card
from varmentaja.apps.cards.models import Card
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.letters.models import Letter
from varmentaja.apps.sandbox.actions.move_on import move_on
from varmentaja.apps.sandbox.clock import business_today
from varmentaja.apps.status.actions.publish_status import publish_status
from varmentaja.domain.revocation import Ground
from varmentaja.pki.profile import Purpose
from varmentaja.pki.publication import PublicationReader, Snapshot
from varmentaja.relying_party import AuthorityLists, Outcome, Refused, RelyingParty

pytestmark = pytest.mark.django_db
DAYS = 30


def test_issue_sign_in_and_revoke_in_a_moved_business_month(service: Service, tmp_path: Path) -> None:
    move_on(service.officer(), DAYS)
    assert business_today() == service.today + timedelta(days=DAYS)
    moved = dataclasses.replace(service, today=business_today())
    card = moved.made_card()
    assert card.posted_on == moved.today
    assert Letter.objects.get(card=card).due_on > moved.today
    certificate = _certificate(card)
    assert certificate.not_valid_before_utc <= datetime.now(UTC), "dated in real time"

    publish_status(now=datetime.now(UTC))
    assert _openssl(moved, card, tmp_path) == "ok"
    party = RelyingParty(
        service.demo.hierarchy, _asking(moved), "https://portal.example", bytes(32), _lists(moved)
    )
    checked = party.check_certificate(certificate, Purpose.AUTHENTICATION, now=datetime.now(UTC))
    assert checked.status.revoked_at is None

    end_card(moved.officer(), card.pk, Ground.LOST, now=datetime.now(UTC), today=moved.today)
    publish_status(now=datetime.now(UTC))
    assert _openssl(moved, card, tmp_path) == "certificate revoked"
    with pytest.raises(Refused) as refusal:
        party.check_certificate(certificate, Purpose.AUTHENTICATION, now=datetime.now(UTC))
    assert refusal.value.outcome is Outcome.REVOKED


def _certificate(card: Card) -> x509.Certificate:
    row = Certificate.objects.get(card=card, purpose="authentication", chip_serial=card.chip_serial)
    return x509.load_der_x509_certificate(bytes(row.der or b""))


def _published(service: Service) -> Snapshot:
    assert service.outside.custody is not None
    reader = PublicationReader(service.folder / "publication", service.outside.custody.verify_seal)
    reader.poll()
    assert reader.current is not None
    return reader.current


def _asking(service: Service) -> Callable[[str, bytes], bytes]:
    """As over HTTP, but out of the publication folder."""

    def ask(url: str, request: bytes) -> bytes:
        serial = x509.ocsp.load_der_ocsp_request(request).serial_number
        found = _published(service).find(url.rpartition("/")[2], serial)
        assert found is not None
        return found[0].sha256(found[1])

    return ask


def _lists(service: Service) -> AuthorityLists:
    def fetch(url: str) -> bytes:
        authority, _, name = url.rpartition("/crl/")[2].partition("/")
        return bytes(_published(service).crls[authority, name.removesuffix(".crl")].der)

    return AuthorityLists(fetch)


def _openssl(service: Service, card: Card, folder: Path) -> str:
    """What ``openssl verify`` with the published CRLs says at the real time of this machine."""
    row = Certificate.objects.get(card=card, purpose="authentication", chip_serial=card.chip_serial)
    authorities, snapshot = service.demo.hierarchy, _published(service)
    issuer = authorities.authority(row.authority)
    root = authorities.authority(issuer.issued_by)
    crls = [bytes(snapshot.crls[place].der) for place in ((issuer.id, str(row.shard)), (root.id, "0"))]
    files = {
        "leaf.pem": x509.load_der_x509_certificate(bytes(row.der or b"")).public_bytes(Encoding.PEM),
        "issuer.pem": issuer.certificate.public_bytes(Encoding.PEM),
        "root.pem": root.certificate.public_bytes(Encoding.PEM),
        "crls.pem": b"".join(x509.load_der_x509_crl(crl).public_bytes(Encoding.PEM) for crl in crls),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    command = ["openssl", "verify", "-CAfile", "root.pem", "-untrusted", "issuer.pem", "-CRLfile", "crls.pem"]
    done = subprocess.run(
        [*command, "-crl_check_all", "-extended_crl", "leaf.pem"], cwd=folder, capture_output=True, text=True
    )
    if done.returncode == 0:
        return "ok"
    return done.stderr.splitlines()[1].rpartition(": ")[2]
