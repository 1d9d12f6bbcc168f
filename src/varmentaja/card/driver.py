# SPDX-License-Identifier: EUPL-1.2
"""What a card can do for a program, whatever the card: the driver's Protocol and its value types.

A *transport* carries APDUs to one inserted card; a *driver* knows the commands of one family of cards.
``drivers.open_card(transport)`` picks the driver. PINs and codes are digits as typed, never padded.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from varmentaja.domain.errors import DomainError, Kind, Message, message


class PinRole(StrEnum):
    """The two PINs of a card."""

    AUTHENTICATION = "pin1"
    SIGNATURE = "pin2"


class KeyRole(StrEnum):
    """The two keys of a card."""

    AUTHENTICATION = "authentication"
    SIGNATURE = "signature"

    @property
    def pin(self) -> PinRole:
        """The PIN that opens this key."""
        return PinRole.AUTHENTICATION if self is KeyRole.AUTHENTICATION else PinRole.SIGNATURE


class HashAlgorithm(StrEnum):
    """Hash functions a signature can be made over."""

    SHA256 = "SHA256"
    SHA384 = "SHA384"
    SHA512 = "SHA512"


class KeyAlgorithm(StrEnum):
    """Kinds of key a card can generate."""

    RSA_2048 = "rsa-2048"
    RSA_3072 = "rsa-3072"
    P256 = "p-256"
    P384 = "p-384"


class PinCondition(StrEnum):
    """What can be done with a PIN now."""

    NOT_ACTIVATED = "not-activated"
    """Transport state: the activation code has not set it yet."""
    READY = "ready"
    LOCKED = "locked"
    """No tries left; the activation code can set a new one."""
    BLOCKED = "blocked"
    """Locked, or not set yet because activation was interrupted: the card answers the same to both. The
    activation code sets it."""


@dataclass(frozen=True, slots=True)
class PinState:
    """One PIN as the card tells of it; asking spends no try."""

    condition: PinCondition
    tries_left: int | None
    """None where the card does not say (not activated, or verified just now)."""
    min_length: int
    max_length: int

    @property
    def needs_code(self) -> bool:
        """Whether the activation code alone makes it usable again, on a card that is activated."""
        return self.condition in (PinCondition.LOCKED, PinCondition.BLOCKED)


@dataclass(frozen=True, slots=True)
class CardCertificates:
    """Certificates on the card as DER; None where the file is missing or empty."""

    authentication: bytes | None
    signature: bytes | None
    issuer: bytes | None
    root: bytes | None


@dataclass(frozen=True, slots=True)
class CardContents:
    """All that can be read from a card without a PIN."""

    chip_serial: str
    """20 upper-case hex digits."""
    printed_serial: str
    """The 9 characters printed on the card's back."""
    label: str
    generation: str
    """Id of the card generation (domain/data/chip_generations.toml) as the driver found it named in the
    card's content or by its ATR; empty if it is none that we know."""
    code_length: int
    """Digits of the activation code."""
    is_test_card: bool
    """True for a card whose keys lie in a file: never to be trusted as a chip."""
    certificates: CardCertificates
    pin1: PinState
    pin2: PinState
    code_tries_left: int | None = None
    """Tries left of the activation code; None where the card does not say."""

    def pin(self, role: PinRole) -> PinState:
        """The state of one PIN."""
        return self.pin1 if role is PinRole.AUTHENTICATION else self.pin2

    def certificate(self, role: KeyRole) -> bytes | None:
        """The certificate of one key as DER."""
        names = self.certificates
        return names.authentication if role is KeyRole.AUTHENTICATION else names.signature

    @property
    def is_activated(self) -> bool:
        """True when both PINs have been set by the holder."""
        return PinCondition.NOT_ACTIVATED not in (self.pin1.condition, self.pin2.condition)

    @property
    def is_code_locked(self) -> bool:
        """True when no PIN of this card can be set any more."""
        return self.code_tries_left == 0

    @property
    def can_be_activated(self) -> bool:
        """True for a fresh card whose code still works."""
        return not (self.is_activated or self.is_code_locked)


class Transport(Protocol):
    """A connection to one inserted card. Every method may raise CardRemoved."""

    @property
    def atr(self) -> bytes:
        """The card's answer to reset."""

    def transmit(self, apdu: bytes) -> bytes:
        """Send one command APDU; the answer is data and two status bytes."""

    def transaction(self) -> AbstractContextManager[None]:
        """Keep other programs away from the card for a while (VERIFY and the signature must not be parted).

        May be nested by one thread; other threads wait."""

    def reset(self) -> None:
        """Cut the card's power for a moment: it forgets every verified PIN and selected file."""

    def close(self) -> None:
        """Let go of the card (it stays in the reader)."""


class CardDriver(Protocol):
    """One family of cards. Errors are CardError and its kinds."""

    @property
    def transport(self) -> Transport: ...

    def read(self) -> CardContents:
        """Everything on the card that needs no PIN, PIN states included."""

    def pin_state(self, role: PinRole) -> PinState:
        """Ask the card for one PIN's state; spends no try."""

    def activate(self, code: str, pin1: str, pin2: str) -> None:
        """Set both PINs with the activation code. After an interruption it can simply be done again."""

    def verify(self, role: PinRole, pin: str) -> None:
        """Check a PIN and log out again."""

    def change(self, role: PinRole, old: str, new: str) -> None:
        """Replace a PIN, knowing the old one."""

    def unblock(self, role: PinRole, code: str, new: str) -> None:
        """Set a new PIN with the activation code, whether or not the PIN is locked."""

    def sign(
        self, role: KeyRole, content: bytes, hash_algorithm: HashAlgorithm, pin: str, *, digest: bool = False
    ) -> bytes:
        """Sign ``content`` (or, with ``digest=True``, a digest already made by ``hash_algorithm``).

        The PIN is verified for this signature alone and the card is logged out afterwards.
        RSA: PKCS#1 v1.5 signature; EC: DER ``SEQUENCE { r, s }`` (RFC 3279 2.2.3)."""

    def logout(self) -> None:
        """Forget every verified PIN."""


class CardError(DomainError):
    """Something the card refused or could not do; the message is fit for the holder to read."""


class CardRemoved(CardError):
    """The card was pulled, or the reader went away."""

    def __init__(self) -> None:
        super().__init__(
            Kind.UNAVAILABLE, message("The card was removed from the reader. Insert it and try again.")
        )


class CardInUse(CardError):
    """Another program keeps the card to itself."""

    def __init__(self) -> None:
        super().__init__(
            Kind.UNAVAILABLE,
            message("Another program is using the card. Close that program, or wait until it is done."),
        )


class CardNotSupported(CardError):
    """No driver knows this card; the message names it by its ATR and says what to do."""

    def __init__(self, text: Message) -> None:
        super().__init__(Kind.INVALID, text)


class CardNotReady(CardError):
    """The card has no usable content: a blank, half made or damaged card."""

    def __init__(self) -> None:
        super().__init__(
            Kind.CONFLICT, message("The card is empty or was not finished. Contact your registration point.")
        )


class NotActivated(CardError):
    """The PIN is in transport state."""

    def __init__(self) -> None:
        super().__init__(
            Kind.CONFLICT,
            message("The card has not been activated yet. Activate it with the code in your letter."),
        )


class WrongPin(CardError):
    """The PIN was wrong; ``tries_left`` is at least 1."""

    def __init__(self, role: PinRole, tries_left: int) -> None:
        super().__init__(Kind.INVALID, _wrong(role, tries_left), field=role.value)
        self.role = role
        self.tries_left = tries_left


class WrongCode(CardError):
    """The activation code was wrong; ``tries_left`` is at least 1."""

    def __init__(self, tries_left: int) -> None:
        if tries_left == 1:
            text = message("The activation code was wrong. 1 try left.")
        else:
            text = message("The activation code was wrong. %(tries)s tries left.", tries=tries_left)
        super().__init__(Kind.INVALID, text, field="code")
        self.tries_left = tries_left


class PinLocked(CardError):
    """Too many wrong PINs; the activation code sets a new one. ``may_be_unset``: or none has been set yet."""

    def __init__(self, role: PinRole, *, may_be_unset: bool = False) -> None:
        if may_be_unset and role is PinRole.AUTHENTICATION:
            text = message("PIN 1 is locked or has not been set yet. Set it with your activation code.")
        elif may_be_unset:
            text = message("PIN 2 is locked or has not been set yet. Set it with your activation code.")
        elif role is PinRole.AUTHENTICATION:
            text = message("PIN 1 is locked. Set a new one with your activation code.")
        else:
            text = message("PIN 2 is locked. Set a new one with your activation code.")
        super().__init__(Kind.CONFLICT, text, field=role.value)
        self.role = role


class CodeLocked(CardError):
    """Too many wrong activation codes: nothing can set this card's PINs any more."""

    def __init__(self) -> None:
        super().__init__(
            Kind.CONFLICT,
            message("The activation code is locked. You need a new card: contact your registration point."),
            field="code",
        )


class PinNotAccepted(CardError):
    """The new PIN breaks the rules of length or is too easy to guess."""

    def __init__(self, role: PinRole, min_length: int, max_length: int) -> None:
        super().__init__(
            Kind.INVALID,
            message(
                "Choose a PIN of %(min)s–%(max)s digits: not one digit repeated, not digits in a row.",
                min=min_length,
                max=max_length,
            ),
            field=role.value,
        )
        self.role = role


class CodeNotAccepted(CardError):
    """Not a code of this card's length; the card was not asked, no try is spent."""

    def __init__(self, length: int) -> None:
        super().__init__(
            Kind.INVALID,
            message(
                "The activation code has %(length)s digits. It is in the letter sent to you.", length=length
            ),
            field="code",
        )


class CardFault(CardError):
    """The card answered with something that makes no sense here; ``status`` is the status word."""

    def __init__(self, status: int) -> None:
        super().__init__(
            Kind.UNAVAILABLE,
            message("The card did not do as asked (status %(status)s). Try again.", status=f"{status:04X}"),
        )
        self.status = status


def _wrong(role: PinRole, tries_left: int) -> Message:
    """One sentence for each PIN and number, so that each can be translated whole."""
    if role is PinRole.AUTHENTICATION:
        if tries_left == 1:
            return message("PIN 1 was wrong. 1 try left.")
        return message("PIN 1 was wrong. %(tries)s tries left.", tries=tries_left)
    if tries_left == 1:
        return message("PIN 2 was wrong. 1 try left.")
    return message("PIN 2 was wrong. %(tries)s tries left.", tries=tries_left)


def printed_serial(chip_serial: str) -> str:
    """The serial printed on the card: the last nine characters of the chip's serial."""
    return chip_serial[-9:]
