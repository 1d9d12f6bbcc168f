# SPDX-License-Identifier: EUPL-1.2
"""The forms that set PINs: activation, change, unlock. What is typed is checked here before the card sees it.

Typing slips (two entries that differ, letters) must not cost a try of the activation code, so they are caught
before anything is sent to the card.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from varmentaja.card.driver import PinRole
from varmentaja.domain.errors import DomainError, Message, invalid, message
from varmentaja.reader.cards import InsertedCard

Values: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """One entry of digits; never shown again once sent."""

    name: str
    label: Message
    hint: Message | None = None
    repeats: str | None = None
    """The field that this one must equal."""


@dataclass(frozen=True, slots=True)
class PinForm:
    """A form and what sends it to the card."""

    title: Message
    fields: tuple[Field, ...]
    button: Message
    send: Callable[[InsertedCard, Values], None]
    card_fields: Mapping[str, str]
    """Where an error that the card names (``code``, ``pin1``, ``pin2``) is shown."""

    def submit(self, card: InsertedCard, values: Values) -> None:
        """Check what was typed and do it; raises DomainError with ``field`` naming a field of this form."""
        for field in self.fields:
            _check(field, values)
        try:
            self.send(card, values)
        except DomainError as error:
            error.field = self.card_fields.get(error.field or "", error.field)
            raise


def activation(card: InsertedCard) -> PinForm:
    """Set both PINs of a fresh card with the code from the letter."""
    return PinForm(
        title=message("Activate the card"),
        fields=(
            _code(card),
            *_new(card, PinRole.AUTHENTICATION, "pin1"),
            *_new(card, PinRole.SIGNATURE, "pin2"),
        ),
        button=message("Activate"),
        send=lambda card, values: card.activate(values["code"], values["pin1"], values["pin2"]),
        card_fields={},
    )


def change(card: InsertedCard, role: PinRole) -> PinForm:
    """Replace a PIN that is known."""
    return PinForm(
        title=message("Change PIN 1") if role is PinRole.AUTHENTICATION else message("Change PIN 2"),
        fields=(
            Field("old", _present_label(role), tries_text(card.contents.pin(role).tries_left)),
            *_new(card, role, "new"),
        ),
        button=message("Change the PIN"),
        send=lambda card, values: card.change(role, values["old"], values["new"]),
        card_fields={role.value: "old"},
    )


def unlock(card: InsertedCard, role: PinRole) -> PinForm:
    """Set a new PIN with the activation code, when the old one is locked or forgotten."""
    return PinForm(
        title=message("Set a new PIN 1") if role is PinRole.AUTHENTICATION else message("Set a new PIN 2"),
        fields=(_code(card), *_new(card, role, "new")),
        button=message("Set the new PIN"),
        send=lambda card, values: card.unblock(role, values["code"], values["new"]),
        card_fields={role.value: "new"},
    )


def tries_text(tries: int | None) -> Message | None:
    """How many tries are left, and what happens at the last one, said before it."""
    if tries is None:
        return None
    if tries == 0:
        return message("The PIN is locked. Set a new one with your activation code.")
    if tries == 1:
        return message("1 try left. If it is wrong, the PIN is locked.")
    return message("%(tries)s tries left.", tries=tries)


def _check(field: Field, values: Values) -> None:
    value = values.get(field.name, "")
    if not value:
        raise invalid("Fill in this field.", field=field.name)
    if not (value.isascii() and value.isdigit()):
        raise invalid("Use digits only.", field=field.name)
    if field.repeats is not None and value != values.get(field.repeats):
        raise invalid("The two entries are not the same. Type the PIN again.", field=field.name)


def _code(card: InsertedCard) -> Field:
    length = card.contents.code_length
    hint = message("%(length)s digits. The code is in the letter that came after the card.", length=length)
    return Field("code", message("Activation code"), hint)


def _new(card: InsertedCard, role: PinRole, name: str) -> tuple[Field, Field]:
    state = card.contents.pin(role)
    rule = message(
        "%(min)s–%(max)s digits. Not one digit repeated, not digits in a row.",
        min=state.min_length,
        max=state.max_length,
    )
    if role is PinRole.AUTHENTICATION:
        labels = message("New PIN 1, for signing in"), message("New PIN 1 again")
    else:
        labels = message("New PIN 2, for signing documents"), message("New PIN 2 again")
    return Field(name, labels[0], rule), Field(f"{name}_again", labels[1], repeats=name)


def _present_label(role: PinRole) -> Message:
    return message("Present PIN 1") if role is PinRole.AUTHENTICATION else message("Present PIN 2")
