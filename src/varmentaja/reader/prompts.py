# SPDX-License-Identifier: EUPL-1.2
"""Asking a person for a PIN: what is asked, and the answer that never shows itself in a log.

The pad (``pad.py``) shows it on the virtual reader's page or in the window of a real one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from varmentaja.card.driver import KeyRole
from varmentaja.domain.errors import Message


@dataclass(frozen=True, slots=True)
class KeyChoice:
    """One key the person may sign with."""

    slot: str
    card_number: str
    """As printed on the card."""
    role: KeyRole
    holder: str
    title: str
    issuer: str
    valid_until: datetime
    tries_left: int | None


@dataclass(frozen=True, slots=True)
class PinRequest:
    """A program asks for a signature; the person is shown all of this."""

    asker: str
    """Origin of the website that asks; empty when it is a program on this machine."""
    choices: tuple[KeyChoice, ...]
    """At least one; the person picks when there are several."""
    error: Message | None = None
    """Why the last try failed."""

    @property
    def has_several_cards(self) -> bool:
        """Whether the choices are on more than one card, so that each has to say on which."""
        return len({choice.slot for choice in self.choices}) > 1


@dataclass(frozen=True, slots=True)
class PinAnswer:
    """What the person typed, and for which of the choices."""

    choice: int
    pin: str = field(repr=False)


class PinPrompt(Protocol):
    """A way to ask a person for a PIN."""

    def ask(self, request: PinRequest, *, given_up: Callable[[], bool]) -> PinAnswer | None:
        """Wait for the answer; None when the person cancels, time runs out or ``given_up()`` turns true."""
