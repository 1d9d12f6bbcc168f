# SPDX-License-Identifier: EUPL-1.2
"""What all drivers have in common: one conversation at a time, the meaning of answers, no PIN left verified.

A family's driver says how its cards are explored and what its commands look like.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import ClassVar, Generic, TypeVar

from varmentaja.card import signature_input
from varmentaja.card.apdu import ApduError, Command, Response, exchange
from varmentaja.card.atr import is_test_card
from varmentaja.card.driver import (
    CardCertificates,
    CardContents,
    CardError,
    CardFault,
    CardNotReady,
    CardRemoved,
    CodeLocked,
    CodeNotAccepted,
    HashAlgorithm,
    KeyRole,
    NotActivated,
    PinCondition,
    PinLocked,
    PinNotAccepted,
    PinRole,
    PinState,
    Transport,
    WrongCode,
    WrongPin,
)
from varmentaja.card.generations import Family, generation_by_atr
from varmentaja.card.layout import LAYOUTS, PIN_SIZE
from varmentaja.card.tlv import TlvError
from varmentaja.domain.pins import PinLength, check_choice

BLOCKED, NOT_ACTIVATED, REFUSED_VALUE = 0x6983, 0x6984, 0x6A80
NO_SUCH_FILE, NO_SUCH_REFERENCE = 0x6A82, 0x6A88
NONSENSE = 0x0000
"""Stands for the status word of an answer that is none."""


@dataclass(frozen=True, slots=True)
class PinLimits:
    """How one PIN is named and how long it may be."""

    reference: int
    min_length: int
    max_length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explored:
    """What a driver learns of a card once, before its first command."""

    label: str
    generation: str
    """As the card's content names it; empty if it does not."""
    pins: Mapping[PinRole, PinLimits]
    code_length: int


Known = TypeVar("Known", bound=Explored)


class BaseDriver(ABC, Generic[Known]):
    """Implements CardDriver but for what the families differ in.

    Whatever a card answers, only CardError comes out."""

    family: ClassVar[Family]

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._known: Known | None = None
        self._entered: set[int] = set()
        """References of PINs that may stand verified."""

    @abstractmethod
    def _explore(self) -> Known:
        """Read what stays the same; KeyError and TlvError for a card that is not finished."""

    @abstractmethod
    def _serials(self, card: Known) -> tuple[str, str]:
        """The chip's serial and the one printed on the card."""

    @abstractmethod
    def _certificates(self, card: Known) -> CardCertificates:
        """The certificates that can be read."""

    @abstractmethod
    def _as_sent(self, pin: str) -> bytes:
        """Digits as they travel."""

    @abstractmethod
    def _set_by_code(self, reference: int, code: str, new: str) -> tuple[bool, Response]:
        """Set a PIN with the code: whether the answer speaks of the code, and the answer."""

    @abstractmethod
    def _signature(
        self, card: Known, role: KeyRole, digest: bytes, hashing: HashAlgorithm, pin: str
    ) -> bytes:
        """Verify and sign; the application is selected."""

    @abstractmethod
    def _forget(self, references: Collection[int]) -> bool:
        """Tell the card that these PINs are verified no longer; False if it does not know how."""

    @abstractmethod
    def _select_application(self) -> None:
        """Before every operation: other programs select what they like."""

    def _code_tries_left(self) -> int | None:
        """Tries of the activation code, where the card tells of them."""
        return None

    def _blocked(self, _card: Known, _role: PinRole) -> PinCondition:
        """What a PIN's answer 6983 means."""
        return PinCondition.LOCKED

    def read(self) -> CardContents:
        with self._alone() as card:
            chip_serial, printed = self._serials(card)
            return CardContents(
                chip_serial=chip_serial,
                printed_serial=printed,
                label=card.label,
                generation=card.generation or generation_by_atr(self.transport.atr),
                code_length=card.code_length,
                is_test_card=is_test_card(self.transport.atr),
                certificates=self._certificates(card),
                pin1=self.pin_state(PinRole.AUTHENTICATION),
                pin2=self.pin_state(PinRole.SIGNATURE),
                code_tries_left=self._code_tries_left(),
            )

    def pin_state(self, role: PinRole) -> PinState:
        with self._alone() as card:
            self._select_application()
            limits = card.pins[role]
            answer = self._probe(limits.reference)
            condition = self._condition(card, role, answer)
        state = PinState(condition, answer.tries_left, limits.min_length, limits.max_length)
        return replace(state, tries_left=0) if state.needs_code else state

    def activate(self, code: str, pin1: str, pin2: str) -> None:
        with self._alone() as card:
            # Both first, so that a PIN 2 that is refused doesn't leave the card half activated.
            _require_choosable(card, PinRole.AUTHENTICATION, pin1)
            _require_choosable(card, PinRole.SIGNATURE, pin2)
            self.unblock(PinRole.AUTHENTICATION, code, pin1)
            self.unblock(PinRole.SIGNATURE, code, pin2)

    def verify(self, role: PinRole, pin: str) -> None:
        with self._application() as card:
            self._verify(card, role, pin)

    def change(self, role: PinRole, old: str, new: str) -> None:
        with self._application() as card:
            _require_choosable(card, role, new)
            data = self._typed(card, role, old) + self._as_sent(new)
            answer = self._send(Command(0x00, 0x24, 0x00, card.pins[role].reference, data))
            self._require_pin_ok(card, role, answer)

    def unblock(self, role: PinRole, code: str, new: str) -> None:
        with self._application() as card:
            _require_choosable(card, role, new)
            if not (code.isascii() and code.isdigit() and len(code) == card.code_length):
                raise CodeNotAccepted(card.code_length)
            of_code, answer = self._set_by_code(card.pins[role].reference, code, new)
            if of_code and answer.tries_left:
                raise WrongCode(answer.tries_left)
            if of_code and (answer.tries_left == 0 or answer.status == BLOCKED):
                raise CodeLocked()
            self._require_pin_ok(card, role, answer)

    def sign(
        self, role: KeyRole, content: bytes, hash_algorithm: HashAlgorithm, pin: str, *, digest: bool = False
    ) -> bytes:
        made = content if digest else signature_input.digest_of(content, hash_algorithm)
        if len(made) != signature_input.digest_size(hash_algorithm):
            raise ValueError(f"not a {hash_algorithm} digest")
        with self._application() as card:
            return self._signature(card, role, made, hash_algorithm, pin)

    def logout(self) -> None:
        with self.transport.transaction():
            self._logout(LAYOUTS[self.family].references)

    def _logout(self, references: Collection[int]) -> None:
        with self._sense():
            if self._forget(references):
                return
        # A card that does not understand forgets all the same when it is reset.
        self.transport.reset()

    @contextmanager
    def _alone(self) -> Iterator[Known]:
        """No other program comes in between; nonsense from the card becomes CardFault."""
        with self.transport.transaction(), self._sense():
            if self._known is None:
                try:
                    self._known = self._explore()
                except (TlvError, KeyError) as error:
                    raise CardNotReady() from error
            yield self._known

    @contextmanager
    def _application(self) -> Iterator[Known]:
        """Alone with the card, our application selected; whatever was verified is forgotten at the end."""
        with self._alone() as card:
            self._select_application()
            try:
                yield card
            finally:
                self._leave_nothing_verified()

    @contextmanager
    def _sense(self) -> Iterator[None]:
        try:
            yield
        except (ApduError, TlvError) as error:
            raise CardFault(NONSENSE) from error

    def _leave_nothing_verified(self) -> None:
        """A pulled card has forgotten already, and the error that told so must not be replaced."""
        entered, self._entered = self._entered, set()
        try:
            self._logout(entered)
        except CardRemoved:
            pass
        except CardError:
            with suppress(CardError):
                self.transport.reset()

    def _condition(self, card: Known, role: PinRole, answer: Response) -> PinCondition:
        """What a probe's answer says."""
        if answer.status == NOT_ACTIVATED:
            return PinCondition.NOT_ACTIVATED
        if answer.status == BLOCKED or answer.tries_left == 0:
            return self._blocked(card, role)
        if not answer.ok and answer.tries_left is None:
            raise CardFault(answer.status)
        return PinCondition.READY

    def _verify(self, card: Known, role: PinRole, pin: str) -> None:
        reference, digits = card.pins[role].reference, self._typed(card, role, pin)
        self._require_pin_ok(card, role, self._enter(reference, digits))

    def _enter(self, reference: int, digits: bytes) -> Response:
        """VERIFY; whatever the answer, the PIN may stand verified from now on."""
        self._entered.add(reference)
        return self._send(Command(0x00, 0x20, 0x00, reference, digits))

    def _probe(self, reference: int) -> Response:
        """VERIFY without a PIN: the answer tells its state."""
        return self._send(Command(0x00, 0x20, 0x00, reference))

    def _require_pin_ok(self, card: Known, role: PinRole, answer: Response) -> None:
        if answer.tries_left:
            raise WrongPin(role, answer.tries_left)
        if answer.tries_left == 0:
            raise PinLocked(role)
        if answer.status == BLOCKED:
            condition = self._blocked(card, role)
            if condition is PinCondition.NOT_ACTIVATED:
                raise NotActivated()
            raise PinLocked(role, may_be_unset=condition is PinCondition.BLOCKED)
        if answer.status == NOT_ACTIVATED:
            raise NotActivated()
        if answer.status == REFUSED_VALUE:
            raise _not_accepted(card, role)
        ok(answer)

    def _typed(self, card: Known, role: PinRole, pin: str) -> bytes:
        """A PIN ready to travel; one that can't be right is not sent, so that it spends no try."""
        if not (pin and pin.isascii() and pin.isdigit() and len(pin) <= PIN_SIZE):
            raise _not_accepted(card, role)
        return self._as_sent(pin)

    def _send(self, command: Command) -> Response:
        return exchange(self.transport.transmit, command)

    def _need(self, command: Command) -> bytes:
        return ok(self._send(command))


def ok(answer: Response) -> bytes:
    """The data of an answer that is not a refusal."""
    if not answer.ok:
        raise CardFault(answer.status)
    return answer.data


def _require_choosable(card: Explored, role: PinRole, pin: str) -> None:
    """The rules for choosing hold on every card: few chips know which PINs are easy to guess."""
    limits = card.pins[role]
    longest = min(limits.max_length, PIN_SIZE)
    if check_choice(pin, PinLength(limits.min_length, longest)) is not None:
        raise _not_accepted(card, role)


def _not_accepted(card: Explored, role: PinRole) -> PinNotAccepted:
    limits = card.pins[role]
    return PinNotAccepted(role, limits.min_length, limits.max_length)
