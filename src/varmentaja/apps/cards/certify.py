# SPDX-License-Identifier: EUPL-1.2
"""What the card factory asks of the one who ordered: the code, the certificates, and to withdraw them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_der_x509_certificate
from django.db import transaction

from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.models import Card
from varmentaja.apps.cards.possession import challenge_for, proved_keys
from varmentaja.apps.cards.records import BLANK_DISCARDED, locked_card, note_event
from varmentaja.apps.cards.subjects import profiles_for, subject_for
from varmentaja.apps.certificates.actions.burn_reserved import burn_reserved
from varmentaja.apps.certificates.actions.issue_batch import KeyRequest, issue_batch, key_hash_of
from varmentaja.apps.certificates.actions.revoke_certificates import revoke_certificates
from varmentaja.apps.certificates.models import Certificate
from varmentaja.card.driver import CardCertificates, KeyRole, printed_serial
from varmentaja.card.personalise import CertificationRequest, Certified
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.batch import all_of
from varmentaja.domain.certificates import CertificateState
from varmentaja.domain.errors import DomainError, Kind, Message
from varmentaja.domain.pins import pin_rules
from varmentaja.domain.products import last_day, product
from varmentaja.domain.revocation import GROUNDS, Ground
from varmentaja.ports.connected import outside
from varmentaja.ports.custody import CertificateOrder, Custody

FINLAND = ZoneInfo("Europe/Helsinki")


class CannotBeCertified(DomainError):
    """A name or title that the profile cannot carry: trying again would never help."""


@dataclass(frozen=True, slots=True)
class CardIssuer:
    """Implements ports.card_factory.Issuer for one card."""

    card_id: int
    now: datetime
    today: date

    def activation_code(self, chip_serial: str) -> str:
        """Derived in custody for the chip; every derivation leaves a trace."""
        return derived_code(Card.objects.get(pk=self.card_id), chip_serial, "factory")

    def challenge(self, chip_serial: str) -> bytes:
        """Of the card's order and this chip."""
        return challenge_for(Card.objects.select_related("order").get(pk=self.card_id), chip_serial)

    def certified(self, chip_serial: str) -> Certified | None:
        """Both certificates of this chip with the authorities', or None while one is missing."""
        rows = {
            KeyRole(row.purpose): bytes(row.der or b"")
            for row in Certificate.objects.filter(
                card_id=self.card_id, chip_serial=chip_serial, state=CertificateState.ISSUED
            )
        }
        if set(rows) != set(KeyRole):
            return None
        card = Card.objects.get(pk=self.card_id)
        return Certified(
            {role: _public_key(der) for role, der in rows.items()}, _with_authorities(card, rows)
        )

    def certify(self, request: CertificationRequest) -> CardCertificates:
        """Issue a certificate for each key of the chip, once each has been proved.

        After an interruption a chip may come here again, perhaps with new keys: what its old keys were given
        is revoked, and serials that may have been signed are burned.
        """
        keys = proved_keys(Card.objects.select_related("order").get(pk=self.card_id), request)
        card = self._bind(request.chip_serial)
        kept = [key_hash_of(key) for key in keys.values()]
        with transaction.atomic():
            burn_reserved(card)
            revoke_certificates(SYSTEM, card, GROUNDS[Ground.DISCARDED].code, now=self.now, keep_keys=kept)
        requests = [KeyRequest(card, role, self._order(card, role, key)) for role, key in keys.items()]
        rows = _issued(requests, now=self.now)
        return _with_authorities(card, {KeyRole(row.purpose): bytes(row.der or b"") for row in rows})

    def withdraw(self, chip_serial: str, reason: Message) -> None:
        """Revoke what was certified for a chip that is destroyed, and let go of the chip."""
        with transaction.atomic():
            card = locked_card(self.card_id)
            burn_reserved(card)
            revoke_certificates(SYSTEM, card, GROUNDS[Ground.DISCARDED].code, now=self.now)
            card.chip_serial = card.printed_serial = None
            card.save(update_fields=["chip_serial", "printed_serial"])
            record(AuditAction.CHIP_DISCARDED, SYSTEM, card, facts={"chip": chip_serial})
            note_event(
                card, BLANK_DISCARDED, now=self.now, today=self.today, chip=chip_serial, reason=reason.text
            )

    def _bind(self, chip_serial: str) -> Card:
        """The row that joins card and chip comes before any certificate (decision 14)."""
        with transaction.atomic():
            card = locked_card(self.card_id)
            if card.chip_serial != chip_serial:
                card.chip_serial, card.printed_serial = chip_serial, printed_serial(chip_serial)
                card.save(update_fields=["chip_serial", "printed_serial"])
        return card

    def _order(self, card: Card, role: KeyRole, public_key: bytes) -> CertificateOrder:
        kind = product(card.product)
        return CertificateOrder(
            authority=_authority(card),
            profile=profiles_for(card.product)[role],
            subject=subject_for(card),
            public_key=public_key,
            not_before=self.now.replace(microsecond=0),
            not_after=_end_of(
                min(card.valid_until, last_day(self.now.astimezone(FINLAND).date(), kind.years))
            ),
        )


def derived_code(card: Card, chip_serial: str, use: str) -> str:
    """The activation code of the card's chip; each derivation leaves a trace that says what for."""
    digits = pin_rules(card.product, card.generation).code_length
    with transaction.atomic():
        record(AuditAction.CODE_DERIVED, SYSTEM, card, facts={"for": use, "chip": chip_serial})
    return _custody().activation_code(chip_serial, digits)


def _issued(requests: list[KeyRequest], *, now: datetime) -> list[Certificate]:
    try:
        return all_of(issue_batch(requests, now=now))
    except DomainError as error:
        if error.kind is Kind.INVALID:
            raise CannotBeCertified(error.kind, error.message) from error
        raise


def _authority(card: Card) -> str:
    return f"{product(card.product).authority}-{card.algorithm}"


def _end_of(day: date) -> datetime:
    """The last second of ``day`` in Finland: certificates are dated in real time, cards in days."""
    return datetime.combine(day, time(23, 59, 59), FINLAND).astimezone(UTC)


def _with_authorities(card: Card, rows: dict[KeyRole, bytes]) -> CardCertificates:
    authorities = _custody().certificates()
    return CardCertificates(
        authentication=rows[KeyRole.AUTHENTICATION],
        signature=rows[KeyRole.SIGNATURE],
        issuer=authorities[_authority(card)],
        root=authorities[f"root-{card.algorithm}"],
    )


def _public_key(certificate: bytes) -> bytes:
    key = load_der_x509_certificate(certificate).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _custody() -> Custody:
    custody = outside().custody
    assert custody is not None, "the worker holds the keys"
    return custody
