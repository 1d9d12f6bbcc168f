# SPDX-License-Identifier: EUPL-1.2
"""PIN commands: VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER, and the PIN record of personalisation."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from varmentaja.card import layout
from varmentaja.card.apdu import Command
from varmentaja.card.virtual import status
from varmentaja.card.virtual.session import Session
from varmentaja.card.virtual.state import LifeCycle, Pin
from varmentaja.card.virtual.status import Refused
from varmentaja.domain.pins import is_trivial

Store = Callable[[], None]
"""Writes the state to storage, now."""

RECORD_SIZE = 23
"""PIN (8, FF: transport state), code (8), PIN tries, code tries, min, max, code length, single use, 00."""


def verify(session: Session, command: Command, store: Store) -> bytes:
    """Without data: tell the state (9000 verified, 63Cx tries left, 6983 locked, 6984 not activated)."""
    pin = _pin(session, command)
    if not pin.value:
        raise Refused(status.NOT_USABLE)
    if not command.data:
        return _tell(session, command.p2, pin)
    session.verified.discard(command.p2)
    _try_pin(pin, command.data, store)
    session.verified.add(command.p2)
    session.dirty = True
    return b""


def _tell(session: Session, reference: int, pin: Pin) -> bytes:
    if pin.tries_left == 0:
        raise Refused(status.BLOCKED)
    if reference not in session.verified:
        raise Refused(0x63C0 | pin.tries_left)
    return b""


def change(session: Session, command: Command, store: Store) -> bytes:
    """Old and new PIN, 8 bytes each. Afterwards the PIN is not verified."""
    pin = _pin(session, command)
    if not pin.value:
        raise Refused(status.NOT_USABLE)
    old, new = _halves(command.data)
    fresh = _acceptable(pin, new)
    session.verified.discard(command.p2)
    _try_pin(pin, old, store)
    pin.value = fresh
    session.dirty = True
    return b""


def reset(session: Session, command: Command, store: Store) -> bytes:
    """Activation code and new PIN, 8 bytes each: activates, or unlocks. Afterwards the PIN is not verified.

    An unacceptable PIN is refused before the code is looked at, so it spends no try and tells nothing."""
    if session.state.life_cycle is not LifeCycle.OPERATIONAL:
        raise Refused(status.CONDITIONS_NOT_SATISFIED)
    pin = _pin(session, command)
    code, new = _halves(command.data)
    fresh = _acceptable(pin, new)
    session.verified.discard(command.p2)
    if pin.code_tries_left == 0:
        raise Refused(status.BLOCKED)
    # Counted and stored first: pulling the card after a wrong code gives no try back.
    pin.code_tries_left -= 1
    store()
    if not hmac.compare_digest(layout.pad_pin(pin.code), code):
        raise Refused(0x63C0 | pin.code_tries_left)
    pin.code_tries_left, pin.tries_left, pin.value = pin.code_tries, pin.tries, fresh
    session.dirty = True
    return b""


def put_record(session: Session, reference: int, record: bytes) -> None:
    """PUT DATA 01 nn of personalisation: a PIN's limits and the code that will set it."""
    if session.state.life_cycle is not LifeCycle.CREATION:
        raise Refused(status.CONDITIONS_NOT_SATISFIED)
    session.require(0)
    if len(record) != RECORD_SIZE or record[:8] != b"\xff" * 8:
        raise Refused(status.WRONG_DATA)
    tries, code_tries, low, high, code_length, single_use = record[16:22]
    code = _digits(record[8:16])
    try:
        layout.PinPolicy(low, high, tries, code_length, code_tries)
    except ValueError as error:
        raise Refused(status.WRONG_DATA) from error
    if len(code) != code_length:
        raise Refused(status.WRONG_DATA)
    session.state.pins[str(reference)] = Pin(
        min_length=low,
        max_length=high,
        tries=tries,
        tries_left=tries,
        code=code,
        code_tries=code_tries,
        code_tries_left=code_tries,
        single_use=bool(single_use),
    )
    session.touch()


def _try_pin(pin: Pin, given: bytes, store: Store) -> None:
    """Count the try and store that before comparing, so that no pulled plug gives a try back."""
    if pin.tries_left == 0:
        raise Refused(status.BLOCKED)
    if len(given) != layout.PIN_SIZE:
        raise Refused(status.WRONG_LENGTH)
    pin.tries_left -= 1
    store()
    if not hmac.compare_digest(layout.pad_pin(pin.value), given):
        raise Refused(0x63C0 | pin.tries_left)
    pin.tries_left = pin.tries


def _pin(session: Session, command: Command) -> Pin:
    pin = session.state.pins.get(str(command.p2))
    if command.p1 or pin is None:
        raise Refused(status.REFERENCE_NOT_FOUND)
    return pin


def _halves(data: bytes) -> tuple[bytes, bytes]:
    if len(data) != 2 * layout.PIN_SIZE:
        raise Refused(status.WRONG_LENGTH)
    return data[: layout.PIN_SIZE], data[layout.PIN_SIZE :]


def _acceptable(pin: Pin, padded: bytes) -> str:
    digits = _digits(padded)
    if not pin.min_length <= len(digits) <= pin.max_length or is_trivial(digits):
        raise Refused(status.WRONG_DATA)
    return digits


def _digits(padded: bytes) -> str:
    digits = padded.rstrip(b"\xff")
    if not digits or not all(0x30 <= byte <= 0x39 for byte in digits):
        raise Refused(status.WRONG_DATA)
    return digits.decode("ascii")
