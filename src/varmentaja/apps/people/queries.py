# SPDX-License-Identifier: EUPL-1.2
"""Reads of people."""

from __future__ import annotations

from collections.abc import Iterable

from varmentaja.apps.people import models
from varmentaja.apps.vault.hashing import identity_code_hash
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.domain.people import Address, Language, Person


def person_of(row: models.Person) -> Person:
    """The stored person as the domain's value."""
    return Person(
        identity_code=IdentityCode.parse(row.identity_code),
        electronic_id=row.electronic_id,
        family_name=row.family_name,
        given_names=row.given_names,
        first_name=row.first_name,
        language=Language(row.language),
        non_disclosure=row.non_disclosure,
        home_address=Address(**row.home_address) if row.home_address else None,
    )


def by_identity_code(code: IdentityCode) -> models.Person | None:
    """The person with this identity code, if the service has met one."""
    return models.Person.objects.filter(identity_code_hash=identity_code_hash(str(code))).first()


def masked_code_of(person_id: int) -> str:
    """The person's identity code as lists show it."""
    row = models.Person.objects.only("identity_code").get(pk=person_id)
    return IdentityCode.parse(row.identity_code).masked()


def names_of(person_ids: Iterable[int]) -> dict[int, str]:
    """Name in use and family name of each of these people."""
    rows = models.Person.objects.filter(pk__in=set(person_ids)).values_list("pk", "first_name", "family_name")
    return {pk: f"{first_name} {family_name}" for pk, first_name, family_name in rows}
