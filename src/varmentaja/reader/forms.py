# SPDX-License-Identifier: EUPL-1.2
"""The forms that set PINs: activation, change, unlock. What is typed is checked here before the card sees it.

Typing slips (two entries that differ, letters) must not cost a try of the activation code, so they are caught
before anything is sent to the card.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from varmentaja.card.driver import CardContents, PinCondition, PinRole
from varmentaja.domain.errors import DomainError, Kind, Message, invalid, message
from varmentaja.domain.pins import DIGITS_ONLY, TOO_EASY, PinLength, check_choice, length_words
from varmentaja.reader.cards import InsertedCard

Values: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """One entry of digits; never shown again once sent."""

    name: str
    label: Message
    hint: Message | None = None
    tries: Message | None = None
    """How many tries are left, where there is a right and a wrong."""
    repeats: str | None = None
    """The field that this one must equal."""
    min_length: int = 0
    max_length: int = 16
    is_new: bool = False
    """A PIN that is chosen here, so that the rules for choosing apply."""

    @property
    def length_words(self) -> Message:
        """What is said of a chosen PIN of another length."""
        return length_words(PinLength(self.min_length, self.max_length))


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
            _present(card, role),
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


def verify(card: InsertedCard, role: PinRole) -> PinForm:
    """Find out whether a PIN is still remembered; the card is logged out at once."""
    return PinForm(
        title=message("Check PIN 1") if role is PinRole.AUTHENTICATION else message("Check PIN 2"),
        fields=(_present(card, role),),
        button=message("Check the PIN"),
        send=lambda card, values: card.verify(role, values["old"]),
        card_fields={role.value: "old"},
    )


def judge(field: Field, values: Values) -> tuple[bool, Message] | None:
    """What is said of an entry while it is typed: whether it will do, and why not; None where there is
    nothing to say yet."""
    value = values.get(field.name, "")
    if field.repeats is not None:
        wanted = values.get(field.repeats, "")
        if value and value == wanted:
            return True, _SAME
        return None if wanted.startswith(value) else (False, _DIFFERENT)
    if len(value) < field.min_length or not field.is_new:
        return None
    problem = _problem(field, value)
    return (False, problem) if problem else (True, _GOOD)


def _problem(field: Field, value: str) -> Message | None:
    return check_choice(value, PinLength(field.min_length, field.max_length))


def tries_text(tries: int | None) -> Message | None:
    """How many tries are left, and what happens at the last one, said before it."""
    if tries is None:
        return None
    if tries == 0:
        return message("The PIN is locked. Set a new one with your activation code.")
    if tries == 1:
        return message("1 try left. If it is wrong, the PIN is locked.")
    return message("%(tries)s tries left.", tries=tries)


def pin_text(condition: PinCondition, tries: int | None, code_tries: int | None) -> Message | None:
    """What is said of a PIN of an activated card: tries left, or what to do once it takes none."""
    if condition not in (PinCondition.LOCKED, PinCondition.BLOCKED):
        return tries_text(tries)
    if code_tries == 0:
        return message(
            "The PIN can't be used or set any more: the activation code is locked, too. You need a new card: "
            "contact your registration point."
        )
    if condition is PinCondition.BLOCKED:
        return message("The PIN is locked or has not been set yet. Set it with your activation code.")
    return tries_text(0)


def pin_text_of(contents: CardContents, role: PinRole) -> Message | None:
    """The same of a card's PIN."""
    state = contents.pin(role)
    return pin_text(state.condition, state.tries_left, contents.code_tries_left)


def _check(field: Field, values: Values) -> None:
    value = values.get(field.name, "")
    if not value:
        raise invalid("Fill in this field.", field=field.name)
    if not (value.isascii() and value.isdigit()):
        raise invalid("Use digits only.", field=field.name)
    if field.repeats is not None and value != values.get(field.repeats):
        raise DomainError(Kind.INVALID, _DIFFERENT, field=field.name)
    if field.is_new and (problem := _problem(field, value)):
        raise DomainError(Kind.INVALID, problem, field=field.name)


_DIFFERENT = message("The two entries are not the same. Type the PIN again.")
_SAME = message("The two entries are the same.")
_GOOD = message("This PIN will do.")

WORDS: Mapping[str, Message] = {
    "same": _SAME,
    "different": _DIFFERENT,
    "good": _GOOD,
    "digits": DIGITS_ONLY,
    "easy": TOO_EASY,
}
"""What ``judge`` says, for a page that judges by the same data while a PIN is typed."""


def code_tries_text(tries: int | None) -> Message | None:
    """How many tries of the activation code are left, and what happens at the last one, said before it."""
    if tries is None:
        return None
    if tries == 0:
        return message("The activation code is locked. You need a new card: contact your registration point.")
    if tries == 1:
        return message("1 try left. If it is wrong, the card can no longer be activated or unlocked.")
    return message("%(tries)s tries left.", tries=tries)


def _code(card: InsertedCard) -> Field:
    length = card.contents.code_length
    hint = message("%(length)s digits. The code is in the letter that came after the card.", length=length)
    tries = code_tries_text(card.contents.code_tries_left)
    return Field("code", message("Activation code"), hint, tries, min_length=length, max_length=length)


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
    first = Field(
        name, labels[0], rule, min_length=state.min_length, max_length=state.max_length, is_new=True
    )
    return first, Field(f"{name}_again", labels[1], repeats=name, max_length=state.max_length)


def _present(card: InsertedCard, role: PinRole) -> Field:
    label = message("Present PIN 1") if role is PinRole.AUTHENTICATION else message("Present PIN 2")
    return Field("old", label, tries=pin_text_of(card.contents, role))
