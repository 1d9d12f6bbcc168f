# SPDX-License-Identifier: EUPL-1.2
"""The last look before a card leaves: what was read back from the chip against what the registers say now."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

from varmentaja.apps.cards.agreement import title_in_force
from varmentaja.apps.cards.models import Card
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.domain.products import BoundTo, product
from varmentaja.pki.reader import CertificateFacts, describe
from varmentaja.ports.card_factory import MadeCard
from varmentaja.ports.connected import outside


def differences(card: Card, made: MadeCard, *, today: date) -> list[str]:
    """Names of the facts in which the card and the registers differ; empty when the card may leave.

    Raises DomainError unavailable when a register does not answer: the card waits.
    """
    certificates = made.certified.certificates
    if certificates.authentication is None or certificates.signature is None:
        return ["certificates"]
    expected = _expected(card, today=today)
    stated = [_stated(describe(der)) for der in (certificates.authentication, certificates.signature)]
    return [name for name, value in expected.items() if any(facts[name] != value for facts in stated)]


def _stated(facts: CertificateFacts) -> dict[str, str | None]:
    return {
        "family_name": facts.surname,
        "given_names": facts.given_names,
        "number": facts.serial_number,
        "physician_code": facts.physician_code,
        "title": facts.title,
    }


def _expected(card: Card, *, today: date) -> dict[str, str | None]:
    code, request_id = IdentityCode.parse(card.person.identity_code), str(uuid4())
    person = outside().population_register.person(code, request_id=request_id)
    if person is None or not person.alive:
        return {"family_name": None}
    expected: dict[str, str | None] = {
        "family_name": person.family_name,
        "given_names": person.given_names,
        "number": person.electronic_id,
        "physician_code": None,
        "title": card.title,
    }
    if product(card.product).bound_to is BoundTo.RIGHT:
        expected |= _professional_facts(card, code, request_id, today=today)
    return expected


def _professional_facts(
    card: Card, code: IdentityCode, request_id: str, *, today: date
) -> dict[str, str | None]:
    professional = outside().professional_register.professional(code, request_id=request_id)
    if professional is None:
        return {"number": None}
    in_force = title_in_force(card.title, card.right_code, professional, today=today)
    return {
        "number": professional.registration_number,
        "physician_code": professional.physician_code,
        "title": card.title if in_force else None,
    }
