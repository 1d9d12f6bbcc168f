# SPDX-License-Identifier: EUPL-1.2
"""A registration point is added."""

from __future__ import annotations

import re

from varmentaja.apps.action import use_case
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.registration.models import RegistrationPoint
from varmentaja.domain.actors import Actor
from varmentaja.domain.errors import conflict, invalid
from varmentaja.domain.people import Address

_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_LONGEST = 40


@use_case(AuditAction.POINT_ADDED)
def add_registration_point(actor: Actor, code: str, name: str, address: Address) -> RegistrationPoint:
    """The new point. Raises DomainError: invalid (an unfit code, something empty), conflict (code taken)."""
    if not _CODE.match(code) or len(code) > _LONGEST:
        raise invalid("A point's code has small letters, digits and hyphens.", field="code")
    parts = {"name": name, "street": address.street, "postal_code": address.postal_code, "town": address.town}
    for field, text in parts.items():
        if not text.strip():
            raise invalid("Every part of the point's address is needed.", field=field)
    if RegistrationPoint.objects.filter(code=code).exists():
        raise conflict("There is a registration point %(code)s already.", code=code)
    point = RegistrationPoint.objects.create(
        code=code, **{field: text.strip() for field, text in parts.items()}
    )
    record(AuditAction.POINT_ADDED, actor, point, facts={"code": code})
    return point
