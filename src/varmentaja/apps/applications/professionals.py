# SPDX-License-Identifier: EUPL-1.2
"""The professional register's answer as it is kept with an application."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

from varmentaja.apps.applications.models import Application
from varmentaja.apps.people.models import Person
from varmentaja.domain.errors import conflict
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.domain.rights import Professional, Register, Right, RightKind


def as_document(professional: Professional | None) -> dict[str, Any] | None:
    """Registration number, physician's code and rights as JSON; the identity code stays out of it."""
    if professional is None:
        return None
    return {
        "registration_number": professional.registration_number,
        "physician_code": professional.physician_code,
        "rights": [
            {
                "register": right.register,
                "code": right.code,
                "title_fi": right.title_fi,
                "title_sv": right.title_sv,
                "kind": right.kind,
                "begins": right.begins.isoformat(),
                "ends": right.ends.isoformat() if right.ends else None,
                "restricted": right.restricted,
            }
            for right in professional.rights
        ],
    }


def note_registration_number(person: Person, professional: Professional) -> None:
    """Keep by which number the professional register knows the person; in the caller's transaction.

    Raises DomainError conflict when the number stands in another person's record.
    """
    if person.registration_number == professional.registration_number:
        return
    person.registration_number = professional.registration_number
    try:
        with transaction.atomic():
            person.save(update_fields=["registration_number"])
    except IntegrityError:
        raise conflict(
            "The registration number of this person stands in another person's record here. Ask the"
            " certificate service to look into it."
        ) from None


def professional_of(application: Application) -> Professional | None:
    """What the register answered for this application."""
    document = application.professional
    if document is None:
        return None
    return Professional(
        identity_code=IdentityCode.parse(application.person.identity_code),
        registration_number=document["registration_number"],
        physician_code=document["physician_code"],
        rights=tuple(_right(right) for right in document["rights"]),
    )


def _right(document: dict[str, Any]) -> Right:
    return Right(
        register=Register(document["register"]),
        code=document["code"],
        title_fi=document["title_fi"],
        title_sv=document["title_sv"],
        kind=RightKind(document["kind"]),
        begins=date.fromisoformat(document["begins"]),
        ends=date.fromisoformat(document["ends"]) if document["ends"] else None,
        restricted=document["restricted"],
    )
