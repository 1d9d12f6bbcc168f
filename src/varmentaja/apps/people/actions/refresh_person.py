# SPDX-License-Identifier: EUPL-1.2
"""Ask the population register about an identity code and keep what it answers."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.people import models
from varmentaja.apps.vault.hashing import identity_code_hash
from varmentaja.domain import people
from varmentaja.domain.actors import SYSTEM, Actor
from varmentaja.domain.errors import conflict, not_found
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.domain.names import name_key, sort_key
from varmentaja.ports.connected import outside


def ask_register(code: IdentityCode, *, request_id: str) -> people.Person:
    """The living person behind ``code``; ``request_id`` as in ports/population_register.py.

    Raises DomainError: not_found when the register does not know the code, conflict when the person has
    died, unavailable when the register does not answer.
    """
    person = outside().population_register.person(code, request_id=request_id)
    if person is None:
        raise not_found("The population register does not know this identity code. Check that it is right.")
    if not person.alive:
        raise conflict("According to the population register this person has died. No card can be ordered.")
    return person


@transaction.atomic
def refresh_person(person: people.Person, *, now: datetime, by: Actor = SYSTEM) -> models.Person:
    """Store what the register told ``by`` of ``person``; a part of the caller's transaction.

    Somebody whose identity code was changed stays one person here, with the cards of before: the electronic
    identification number stays the same.
    """
    code = str(person.identity_code)
    if not models.Person.objects.filter(identity_code_hash=identity_code_hash(code)).exists():
        _note_changed_code(person.electronic_id, code)
    row, _ = models.Person.objects.update_or_create(
        identity_code_hash=identity_code_hash(code),
        defaults={
            "identity_code": code,
            "electronic_id": person.electronic_id,
            "family_name": person.family_name,
            "given_names": person.given_names,
            "first_name": person.first_name,
            "name_key": name_key(person.family_name, person.given_names),
            "sort_key": sort_key(person.family_name, person.given_names),
            "language": person.language,
            "non_disclosure": person.non_disclosure,
            "home_address": _address_to_keep(person),
            "refreshed_at": now,
        },
    )
    record(AuditAction.PERSON_REFRESHED, by, row)
    return row


def _note_changed_code(electronic_id: str, code: str) -> None:
    row = models.Person.objects.select_for_update().filter(electronic_id=electronic_id).first()
    if row is not None:
        row.identity_code, row.identity_code_hash = code, identity_code_hash(code)
        row.save(update_fields=["identity_code", "identity_code_hash"])
        record(AuditAction.IDENTITY_CODE_CHANGED, SYSTEM, row)


def _address_to_keep(person: people.Person) -> dict[str, str] | None:
    """The home address; under a non-disclosure order none is kept, so that none can be shown."""
    if person.home_address is None or person.non_disclosure:
        return None
    return asdict(person.home_address)
