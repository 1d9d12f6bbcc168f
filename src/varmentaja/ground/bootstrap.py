# SPDX-License-Identifier: EUPL-1.2
"""``varmentaja bootstrap``: the first officer's card, ordered on the service's own machine; works once."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from varmentaja.apps.applications.actions.order_staff_card import COMMAND_LINE, StaffMember, order_staff_card
from varmentaja.apps.people.models import Role as RoleRow
from varmentaja.apps.sandbox.clock import business_today
from varmentaja.domain.actors import Role
from varmentaja.domain.errors import conflict
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.wiring import connect_portal

bootstrap_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@bootstrap_app.command()
def bootstrap(
    identity_code: str = typer.Argument(help="The officer's identity code."),
    organisation: str = typer.Option(help="Organisation that stands in the certificate."),
    job_title: str = typer.Option(help="Job title that stands in the certificate."),
    point: str = typer.Option(help="Code of the registration point to which the card is sent."),
) -> None:
    """Order the first officer's card; the worker makes it and posts it with its code letter."""
    connect_portal()
    if RoleRow.objects.filter(role=Role.OFFICER, ended_at=None).exists():
        raise conflict("There is an officer already. Officers give roles to others in the service.")
    member = StaffMember(IdentityCode.parse(identity_code), Role.OFFICER, organisation, job_title, point)
    order = order_staff_card(COMMAND_LINE, member, now=datetime.now(UTC), today=business_today())
    typer.echo(f"order {order.key} for card {order.card_id}")
