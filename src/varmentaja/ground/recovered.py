# SPDX-License-Identifier: EUPL-1.2
"""``varmentaja recovered``: certificates whose records were lost (docs/operations/restore.md)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from varmentaja.apps.applications.actions.order_staff_card import COMMAND_LINE
from varmentaja.apps.certificates.actions.revoke_recovered import revoke_recovered
from varmentaja.apps.certificates.queries import recovered_certificates
from varmentaja.domain.revocation import Ground

recovered_app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@recovered_app.command("list")
def list_all() -> None:
    """Authority and serial number of each, a line for each, newest first."""
    after: str | None = ""
    while after is not None:
        page = recovered_certificates(after)
        for line in page.lines:
            typer.echo(f"{line.authority} {line.serial}")
        after = page.next_key or None


@recovered_app.command()
def revoke(
    authority: str = typer.Argument(help="As the list shows it."),
    serial: str = typer.Argument(help="Hexadecimal, as it stands in the certificate."),
    ground: Annotated[Ground, typer.Option(help="What happened.")] = Ground.LOST,
) -> None:
    """Revoke one for good; it is published at once."""
    revoke_recovered(COMMAND_LINE, authority, serial, ground, now=datetime.now(UTC))
    typer.echo(f"{authority} {serial} is revoked")
