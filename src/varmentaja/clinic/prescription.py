# SPDX-License-Identifier: EUPL-1.2
"""A prescription as it is written: its fields, their rules, and the form that a page fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from varmentaja.domain.errors import DomainError, Kind, Message, invalid, message, not_allowed
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.relying_party import CardIdentity

LONGEST = {
    "patient": 80,
    "identity_code": 20,
    "medicine": 80,
    "strength": 40,
    "amount": 60,
    "dosage": 300,
    "purpose": 120,
}
"""The form's fields, in order, and how many characters each takes: all of it fits on one sheet."""

OPTIONAL = frozenset({"purpose"})


@dataclass(frozen=True, slots=True)
class Prescription:
    """What is signed. ``id`` is the record's UUID in text."""

    id: str
    written_on: date
    prescriber: CardIdentity
    patient: str
    identity_code: str
    medicine: str
    strength: str
    amount: str
    dosage: str
    purpose: str = ""


def check_prescriber(identity: CardIdentity) -> None:
    """Only who has a physician's identification code writes prescriptions here; raises not_allowed."""
    if identity.physician_code is None:
        raise not_allowed(
            "Your card says that you are %(title)s. In this clinic, prescriptions are written by those whose "
            "card carries a physician's identification code.",
            title=identity.profession,
        )


def read_form(form: Mapping[str, str]) -> tuple[dict[str, str], dict[str, Message]]:
    """The fields as they were typed, spaces tidied, and what is wrong with each."""
    values = {name: " ".join(form.get(name, "").split()) for name in LONGEST}
    errors: dict[str, Message] = {}
    for name, value in values.items():
        try:
            _check(name, value)
        except DomainError as error:
            errors[name] = error.message
    if "identity_code" not in errors:
        values["identity_code"] = str(IdentityCode.parse(values["identity_code"]))
    return values, errors


def _check(name: str, value: str) -> None:
    if not value and name not in OPTIONAL:
        raise DomainError(Kind.INVALID, _MISSING[name])
    if len(value) > LONGEST[name]:
        raise invalid("Shorten this to %(most)s characters.", most=LONGEST[name])
    if not value.isprintable():
        raise invalid("This holds a character that cannot be printed.")
    if name == "identity_code" and not IdentityCode.parse(value).is_artificial:
        raise invalid("Use a fictive identity code, whose individual number is from 900 to 999.")


_MISSING = {
    "patient": message("Enter the patient's name."),
    "identity_code": message("Enter the patient's identity code."),
    "medicine": message("Enter the name of the medicine."),
    "strength": message("Enter the strength, for example 400 mg."),
    "amount": message("Enter how much is dispensed, for example 30 tablets."),
    "dosage": message("Enter how the medicine is taken."),
}
