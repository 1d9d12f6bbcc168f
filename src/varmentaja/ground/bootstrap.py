# SPDX-License-Identifier: EUPL-1.2
"""What a new service needs before anybody can sign in: a registration point, an officer, registrars.

Ordered on the service's own machine; the worker makes the cards and posts them with their code letters.
"""

from __future__ import annotations

from datetime import UTC, datetime

from varmentaja.apps.applications.actions.order_staff_card import COMMAND_LINE, StaffMember, order_staff_card
from varmentaja.apps.people.models import Role as RoleRow
from varmentaja.apps.registration.actions.add_point import add_registration_point
from varmentaja.apps.sandbox.clock import business_today
from varmentaja.domain.actors import Role
from varmentaja.domain.errors import conflict
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.domain.people import Address
from varmentaja.wiring import connect_portal


def add_point(code: str, name: str, street: str, postal_code: str, town: str) -> str:
    """Add a registration point; what to tell."""
    point = add_registration_point(COMMAND_LINE, code, name, Address(street, postal_code, town))
    return f"registration point {point.code}"


def order_first_officer(identity_code: str, organisation: str, job_title: str, point: str) -> str:
    """Order the first officer's card; what to tell. Raises DomainError conflict when there is an officer."""
    if RoleRow.objects.filter(role=Role.OFFICER, ended_at=None).exists():
        raise conflict("There is an officer already. Registrars are added by: varmentaja registrar.")
    return _order(Role.OFFICER, identity_code, organisation, job_title, point)


def order_registrar(identity_code: str, organisation: str, job_title: str, point: str) -> str:
    """Order a registrar's card; what to tell."""
    return _order(Role.REGISTRAR, identity_code, organisation, job_title, point)


def _order(role: Role, identity_code: str, organisation: str, job_title: str, point: str) -> str:
    connect_portal()
    member = StaffMember(IdentityCode.parse(identity_code), role, organisation, job_title, point)
    order = order_staff_card(COMMAND_LINE, member, now=datetime.now(UTC), today=business_today())
    return f"order {order.key} for card {order.card_id}"
