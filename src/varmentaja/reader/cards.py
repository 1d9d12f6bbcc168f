# SPDX-License-Identifier: EUPL-1.2
"""Cards in readers: what the rest of the program sees of them, whether the reader is virtual or real."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Protocol

from varmentaja.card.driver import (
    CardContents,
    CardDriver,
    CardError,
    CardRemoved,
    CodeLocked,
    HashAlgorithm,
    KeyRole,
    PinRole,
    PinState,
    WrongCode,
)
from varmentaja.domain.errors import DomainError, Kind, Message
from varmentaja.reader.certificates import CardCertificate, read_certificate, read_chain
from varmentaja.reader.code_memory import CodeMemory


class InsertedCard:
    """One card while it stays in its reader. Methods raise CardError; CardRemoved once it was pulled."""

    def __init__(
        self,
        slot: str,
        driver: CardDriver,
        is_there: Callable[[], bool] = lambda: True,
        refuse: Callable[[InsertedCard], Message | None] = lambda _: None,
        changed: Callable[[], None] = lambda: None,
        memory: CodeMemory | None = None,
    ) -> None:
        """``is_there`` is how the reader tells, without asking the card, that it is still in; ``refuse`` says
        why the program may not work for a card; ``changed`` is called when its PINs are seen to have."""
        self.slot = slot
        self.driver = driver
        self._changed = changed
        self._memory = memory
        self._noting = threading.Lock()
        self.contents: CardContents = driver.read()
        if memory and self.contents.code_tries_left is None:
            self._note(code_tries_left=memory.tries_left(self.contents.chip_serial))
        self.chain = read_chain(self.contents.certificates)
        found = (read_certificate(role, self.contents.certificate(role)) for role in KeyRole)
        self.certificates: tuple[CardCertificate, ...] = tuple(item for item in found if item)
        self._is_there = is_there
        self._refuse = refuse
        self._pulled = False

    @property
    def is_present(self) -> bool:
        """False from the moment the card was pulled."""
        return not self._pulled and self._is_there()

    @property
    def refusal(self) -> Message | None:
        """Why this program may not work for the card now; None when it may."""
        return self._refuse(self)

    def require_use(self) -> None:
        """Raises `not_allowed` with the reason where this program may not work for the card."""
        if (reason := self.refusal) is not None:
            raise DomainError(Kind.NOT_ALLOWED, reason)

    def pulled(self) -> None:
        """The reader says that the card is gone."""
        self._pulled = True

    def tries_left(self, role: PinRole) -> int | None:
        """Tries left of a PIN, or None where the card does not say."""
        with self._noticing_removal():
            self._ask_state(role)
        return self.contents.pin(role).tries_left

    def sign(
        self, role: KeyRole, content: bytes, hash_algorithm: HashAlgorithm, pin: str, *, digest: bool
    ) -> bytes:
        """Sign with one key; see CardDriver.sign."""
        try:
            with self._noticing_removal():
                signature = self.driver.sign(role, content, hash_algorithm, pin, digest=digest)
        except CardError:
            self._ask_states(role.pin)
            raise
        # The PIN was right, so its tries are full: asking how many that is would cost two more commands.
        self._note_pin(role.pin, replace(self.contents.pin(role.pin), tries_left=None))
        return signature

    def activate(self, code: str, pin1: str, pin2: str) -> None:
        """Set both PINs with the activation code."""
        with self._pins_changing(*PinRole):
            self.driver.activate(code, pin1, pin2)
            self._code_was_right()

    def verify(self, role: PinRole, pin: str) -> None:
        """Check a PIN; nothing stays verified."""
        with self._pins_changing(role):
            self.driver.verify(role, pin)

    def change(self, role: PinRole, old: str, new: str) -> None:
        """Replace a PIN, knowing the old one."""
        with self._pins_changing(role):
            self.driver.change(role, old, new)

    def unblock(self, role: PinRole, code: str, new: str) -> None:
        """Set a new PIN with the activation code."""
        with self._pins_changing(role):
            self.driver.unblock(role, code, new)
            self._code_was_right()

    def _code_was_right(self) -> None:
        """The card counts wrong codes from the start again."""
        self._note_code(None)

    @contextmanager
    def _noticing_removal(self) -> Iterator[None]:
        try:
            yield
        except CardRemoved:
            self.pulled()
            raise

    @contextmanager
    def _pins_changing(self, *roles: PinRole) -> Iterator[None]:
        """Only where the program may work for the card. Tries and states are read again afterwards; a second
        error does not hide the first."""
        self.require_use()
        try:
            with self._noticing_removal():
                yield
        except WrongCode as error:  # few cards tell of the code when asked
            self._note_code(error.tries_left)
            raise
        except CodeLocked:
            self._note_code(0)
            raise
        finally:
            self._ask_states(*roles)

    def _ask_states(self, *roles: PinRole) -> None:
        with suppress(CardError), self._noticing_removal():
            for role in roles:
                self._ask_state(role)

    def _ask_state(self, role: PinRole) -> None:
        self._note_pin(role, self.driver.pin_state(role))

    def _note_pin(self, role: PinRole, state: PinState) -> None:
        self._note(**{role.value: state})

    def _note_code(self, tries_left: int | None) -> None:
        if self._memory:
            self._memory.note(self.contents.chip_serial, tries_left)
        self._note(code_tries_left=tries_left)

    def _note(self, **news: PinState | int | None) -> None:
        """What the card has said of its PINs; websites and the window may hear of it at the same time."""
        with self._noting:
            before = self.contents
            self.contents = replace(before, **news)  # type: ignore[arg-type]  # fields of CardContents
        if self.contents != before:
            self._changed()


class CardReaders(Protocol):
    """All readers of the machine that this program serves."""

    def cards(self) -> tuple[InsertedCard, ...]:
        """The cards that are in readers now, in the order of the readers."""
