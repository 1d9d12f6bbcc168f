# SPDX-License-Identifier: EUPL-1.2
"""How the command line speaks: in the person's language, with an exit code for each kind of refusal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import typer

from varmentaja.card.driver import PinCondition, PinRole
from varmentaja.domain.errors import DomainError, Kind, Message, message
from varmentaja.reader.forms import code_tries_text, pin_text, tries_text
from varmentaja.reader.observed import Standing
from varmentaja.reader.report import status_of
from varmentaja.reader.texts import day, say

EXIT_CODES = {
    Kind.INVALID: 3,
    Kind.NOT_FOUND: 4,
    Kind.NOT_ALLOWED: 5,
    Kind.CONFLICT: 6,
    Kind.UNAVAILABLE: 7,
}
"""So that scripts can tell a wrong PIN (3) from a locked one (6) and from a missing card or program (7)."""


def tell(text: Message, language: str) -> None:
    """One line."""
    typer.echo(say(text, language))


@contextmanager
def errors_told(language: str) -> Iterator[None]:
    """A refusal is told in the person's language, with an exit code by its kind."""
    try:
        yield
    except DomainError as error:
        typer.echo(say(error.message, language), err=True)
        raise typer.Exit(EXIT_CODES[error.kind]) from None


def show(contents: Mapping[str, Any], statuses: Mapping[str, str], language: str) -> None:
    """A card: whose, what for, until when, how its certificates stand, and its PINs."""
    tell(message("Card %(serial)s", serial=contents["printed_serial"]), language)
    if not contents["is_activated"]:
        tell(message("Not activated"), language)
    for notice in filter(None, (contents["refusal"], contents["warning"])):
        tell(Message(**notice), language)
    for certificate in contents["certificates"]:
        _certificate(certificate, Standing(statuses[certificate["use"]]), language)
    for number, role in enumerate(PinRole, start=1):
        if told := described_pin_text(contents, role):
            typer.echo(f"PIN {number}: {say(told, language)}")
    if tries := code_tries_text(contents["code_tries_left"]):
        typer.echo(f"{say(message('Activation code'), language)}: {say(tries, language)}")


def described_pin_text(contents: Mapping[str, Any], role: PinRole) -> Message | None:
    """What is said of a PIN of a card in plain data."""
    state = contents["pins"][role.value]
    return pin_text(PinCondition(state["condition"]), state["tries_left"], contents["code_tries_left"])


def _certificate(certificate: Mapping[str, Any], standing: Standing, language: str) -> None:
    signs_in = certificate["use"] == "authentication"
    use = message("Signing in (PIN 1)") if signs_in else message("Signing documents (PIN 2)")
    begin, end = (datetime.fromisoformat(certificate[name]) for name in ("valid_from", "valid_until"))
    until = message("Valid until %(day)s", day=day(end, language))
    holder = ", ".join(filter(None, (certificate["holder"], certificate["title"])))
    typer.echo(f"{say(use, language)}: {holder}. {say(until, language)}. {certificate['issuer']}")
    _, status = status_of(begin, end, standing, datetime.now(UTC))
    typer.echo(f"  {say(status, language)}")


def show_question(question: Mapping[str, Any], language: str) -> None:
    """Who asks for a PIN and what for, as the PIN pad shows it."""
    asker = question["asker"] or say(message("A program on this computer"), language)
    typer.echo(f"{say(message('Who asks'), language)}: {asker}")
    if question["error"]:
        tell(Message(**question["error"]), language)
    for number, choice in enumerate(question["choices"], start=1):
        signs_in = choice["use"] == "authentication"
        use = message("Signing in (PIN 1)") if signs_in else message("Signing documents (PIN 2)")
        tries = tries_text(choice["tries_left"])
        told = f" {say(tries, language)}" if tries else ""
        typer.echo(f"{number}. {say(use, language)}: {choice['holder']}.{told}")
