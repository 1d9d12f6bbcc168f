# SPDX-License-Identifier: EUPL-1.2
"""The last look before a card leaves: what was read back from the chip against what the registers say now."""

from __future__ import annotations

from datetime import date, datetime

from cryptography.x509 import load_der_x509_certificate

from varmentaja.apps.cards.agreement import title_in_force
from varmentaja.apps.cards.certify import CardIssuer
from varmentaja.apps.cards.models import Card
from varmentaja.apps.cards.subjects import subject_of
from varmentaja.apps.certificates.models import Certificate
from varmentaja.domain.certificates import CertificateState
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.domain.people import Person
from varmentaja.domain.products import BoundTo, product
from varmentaja.pki.names import RULES, Subject, misfits, subject_values
from varmentaja.pki.profile import load_profile
from varmentaja.ports.card_factory import MadeCard
from varmentaja.ports.connected import outside

HOLDER = "holder"


def is_as_issued(card: Card, made: MadeCard, *, now: datetime, today: date) -> bool:
    """Whether what was read back from the chip is what was issued for this chip, each for its purpose."""
    return made.certified == CardIssuer(card.pk, now, today).certified(made.chip_serial)


def differences(card: Card, chip_serial: str, *, today: date) -> list[str]:
    """What differs between the certificates of a chip and the registers: a ``holder`` who is not among the
    living or has a name that they cannot carry, or attributes of the subject. Empty when the card may leave.

    Raises DomainError unavailable when a register does not answer: the card waits.
    """
    subject = _subject_by_registers(card, today=today)
    if subject is None:
        return [HOLDER]
    issued = Certificate.objects.filter(card=card, chip_serial=chip_serial, state=CertificateState.ISSUED)
    try:
        return sorted({name for row in issued for name in _differing(row, subject)})
    except DomainError as error:
        if error.kind is not Kind.INVALID:
            raise
        return [HOLDER]  # a new name, which no certificate of this profile could carry


def _differing(row: Certificate, subject: Subject) -> list[str]:
    profile = load_profile(row.profile)
    if unfit := misfits(subject, profile.attributes, profile.character_set):
        return [each.attribute for each in unfit]  # a name of today that this card could not carry
    expected = dict(subject_values(subject, profile.attributes, profile.character_set))
    name = load_der_x509_certificate(bytes(row.der or b"")).subject
    stated = {attribute.oid.dotted_string: attribute.value for attribute in name}
    return [each for each in profile.attributes if stated.get(RULES[each].oid) != expected.get(each)]


def _subject_by_registers(card: Card, *, today: date) -> Subject | None:
    """The holder as certificates made now would name one; None for somebody unknown or dead."""
    code = IdentityCode.parse(card.person.identity_code)
    request_id = f"order-{card.order.key}-{today.isoformat()}"
    person = outside().population_register.person(code, request_id=request_id)
    if person is None or not person.alive:
        return None
    if product(card.product).bound_to is BoundTo.RIGHT:
        return _professional(card, person, request_id, today=today)
    organisation = (card.application.organisation or {}).get("name")
    return subject_of(card.product, person, None, title=card.title, organisation=organisation)


def _professional(card: Card, person: Person, request_id: str, *, today: date) -> Subject:
    found = outside().professional_register.professional(person.identity_code, request_id=request_id)
    in_force = title_in_force(card.title, card.right_code, found, today=today)
    return subject_of(card.product, person, found, title=card.title if in_force else "")
