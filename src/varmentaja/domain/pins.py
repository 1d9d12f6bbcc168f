# SPDX-License-Identifier: EUPL-1.2
"""What PINs and activation codes look like, by product and card generation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import pairwise

from varmentaja.domain.data_files import load
from varmentaja.domain.errors import Message, message, not_found

EASY_STEPS = (0, 1, -1)
"""A PIN is too easy to guess where each digit differs from the one before it by the same one of these."""
DIGITS_ONLY = message("A PIN has digits only.")
TOO_EASY = message("This PIN is too easy to guess: do not repeat one digit or use a run such as 1234.")


class PinName(StrEnum):
    """The two PINs of a card."""

    PIN1 = "pin1"
    """The basic PIN, for signing in."""
    PIN2 = "pin2"
    """The signature PIN."""


@dataclass(frozen=True, slots=True)
class PinLength:
    """How many digits a PIN has."""

    min: int
    max: int


@dataclass(frozen=True, slots=True)
class PinRules:
    """The rules for one product on one generation of cards."""

    pin1: PinLength
    pin2: PinLength
    pin_tries: int
    """Wrong entries after which a PIN locks."""
    code_length: int
    """Digits of the activation code, which also unlocks a PIN."""
    code_tries: int

    def length(self, name: PinName) -> PinLength:
        """The length of one of the two PINs."""
        return self.pin1 if name is PinName.PIN1 else self.pin2


def current_generation() -> str:
    """The generation of the cards that are made now."""
    return str(load("chip_generations")["current_generation"])


@cache
def pin_rules(product: str, generation: str) -> PinRules:
    """The rules for ``product`` on cards of ``generation``; ``DomainError`` (NOT_FOUND) if unknown."""
    products, generations = load("pin_rules")["products"], load("chip_generations")["generations"]
    if product not in products or generation not in generations:
        raise not_found("There are no PIN rules for this kind of card.")
    lengths, limits = products[product], generations[generation]
    return PinRules(
        pin1=PinLength(**lengths["pin1"]),
        pin2=PinLength(**lengths["pin2"]),
        pin_tries=limits["pin_tries"],
        code_length=limits["code_length"],
        code_tries=limits["code_tries"],
    )


def check_pin(pin: str, name: PinName, rules: PinRules) -> Message | None:
    """None when ``pin`` may be chosen; otherwise what is wrong with it, never repeating it."""
    return check_choice(pin, rules.length(name))


def check_choice(pin: str, length: PinLength) -> Message | None:
    """The same where the length is known, as a card tells it of its PINs."""
    if not (pin.isascii() and pin.isdigit()):
        return DIGITS_ONLY
    if not length.min <= len(pin) <= length.max:
        return length_words(length)
    if is_trivial(pin):
        return TOO_EASY
    return None


def length_words(length: PinLength) -> Message:
    """What is said of a PIN of another length."""
    return message("This PIN must have %(min)s to %(max)s digits.", min=length.min, max=length.max)


def check_activation_code(code: str, rules: PinRules) -> Message | None:
    """None when ``code`` has the shape of an activation code of this generation."""
    if code.isascii() and code.isdigit() and len(code) == rules.code_length:
        return None
    return message(
        "The activation code has %(length)s digits. It is in the code letter.", length=rules.code_length
    )


def is_trivial(pin: str) -> bool:
    """One digit repeated, or a run up or down."""
    steps = {int(after) - int(before) for before, after in pairwise(pin)}
    return not steps or (len(steps) == 1 and steps <= set(EASY_STEPS))
