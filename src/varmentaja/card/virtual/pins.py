# SPDX-License-Identifier: EUPL-1.2
"""PINs of a virtual card: trying, changing, setting by the code. How they travel is its family's matter.

PINs are named by their number (layout.PIN_NUMBER); ``given`` and ``new`` are bytes as typed, unpadded.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable

from varmentaja.card import layout
from varmentaja.card.virtual import status
from varmentaja.card.virtual.session import Session
from varmentaja.card.virtual.state import LifeCycle, Pin
from varmentaja.card.virtual.status import Refused
from varmentaja.domain.pins import is_trivial

Store = Callable[[], None]
"""Writes the state to storage, now."""

RECORD_SIZE = 23
"""PIN (8, FF: transport state), code (8), PIN tries, code tries, min, max, code length, single use, 00."""


def tell(session: Session, number: int) -> None:
    """Refuses with the state (63Cx tries left, 6983 locked, 6984 not activated) unless it is verified."""
    pin = pin_of(session, number)
    if not pin.value:
        raise Refused(status.NOT_USABLE)
    if pin.tries_left == 0:
        raise Refused(status.BLOCKED)
    if number not in session.verified:
        raise Refused(0x63C0 | pin.tries_left)


def verify(session: Session, number: int, given: bytes, store: Store) -> None:
    """Check a PIN; a wrong one takes an earlier verification away."""
    pin = pin_of(session, number)
    if not pin.value:
        raise Refused(status.NOT_USABLE)
    session.verified.discard(number)
    _try_pin(pin, given, store)
    session.verified.add(number)
    session.dirty = True


def change(session: Session, number: int, old: bytes, new: bytes, store: Store) -> None:
    """Replace a PIN, knowing the old one. Afterwards it is not verified."""
    pin = pin_of(session, number)
    if not pin.value:
        raise Refused(status.NOT_USABLE)
    fresh = _acceptable(pin, new)
    session.verified.discard(number)
    _try_pin(pin, old, store)
    pin.value = fresh
    session.dirty = True


def reset(session: Session, number: int, code: bytes, new: bytes, store: Store) -> None:
    """Set a PIN with the code: activates, or unlocks. Afterwards it is not verified.

    An unacceptable PIN is refused before the code is looked at, so it spends no try and tells nothing."""
    _require_operational(session)
    pin = pin_of(session, number)
    fresh = _acceptable(pin, new)
    session.verified.discard(number)
    _try_code([pin], code, store)
    _set(session, pin, fresh)


def tell_code(session: Session) -> None:
    """Refuses with the state of the code that all PINs share, unless it was entered."""
    left = min((pin.code_tries_left for pin in session.state.pins.values()), default=0)
    if not left:
        raise Refused(status.BLOCKED)
    if not session.code_entered:
        raise Refused(0x63C0 | left)


def enter_code(session: Session, code: bytes, store: Store) -> None:
    """Check the code that all PINs share; ``reset_by_entered_code`` may follow once."""
    _require_operational(session)
    session.code_entered = False
    _try_code(list(session.state.pins.values()), code, store)
    session.code_entered = session.dirty = True


def reset_by_entered_code(session: Session, number: int, new: bytes) -> None:
    """Set a PIN after the code."""
    pin = pin_of(session, number)
    if not session.code_entered:
        raise Refused(status.SECURITY_NOT_SATISFIED)
    fresh = _acceptable(pin, new)
    session.code_entered = False
    session.verified.discard(number)
    _set(session, pin, fresh)


def put_record(session: Session, number: int, record: bytes) -> None:
    """PUT DATA 01 nn of personalisation: a PIN's limits and the code that will set it."""
    if session.state.life_cycle is not LifeCycle.CREATION:
        raise Refused(status.CONDITIONS_NOT_SATISFIED)
    session.require(0)
    if len(record) != RECORD_SIZE or record[:8] != b"\xff" * 8:
        raise Refused(status.WRONG_DATA)
    tries, code_tries, low, high, code_length, single_use = record[16:22]
    code = _digits(unpadded(record[8:16]))
    try:
        layout.PinPolicy(low, high, tries, code_length, code_tries)
    except ValueError as error:
        raise Refused(status.WRONG_DATA) from error
    if len(code) != code_length:
        raise Refused(status.WRONG_DATA)
    session.state.pins[str(number)] = Pin(
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


def pin_of(session: Session, number: int) -> Pin:
    """One PIN; refuses if the card has none of this number."""
    pin = session.state.pins.get(str(number))
    if pin is None:
        raise Refused(status.REFERENCE_NOT_FOUND)
    return pin


def unpadded(field: bytes) -> bytes:
    """The digits of a field that was padded with FF."""
    return field.rstrip(b"\xff")


def _require_operational(session: Session) -> None:
    if session.state.life_cycle is not LifeCycle.OPERATIONAL:
        raise Refused(status.CONDITIONS_NOT_SATISFIED)


def _try_pin(pin: Pin, given: bytes, store: Store) -> None:
    """Count the try and store that before comparing, so that no pulled plug gives a try back."""
    if pin.tries_left == 0:
        raise Refused(status.BLOCKED)
    pin.tries_left -= 1
    store()
    if not hmac.compare_digest(pin.value.encode(), given):
        raise Refused(0x63C0 | pin.tries_left)
    pin.tries_left = pin.tries


def _try_code(opened: list[Pin], code: bytes, store: Store) -> None:
    """As with PINs; the try is counted at every PIN that the code would open."""
    if not opened or any(pin.code_tries_left == 0 for pin in opened):
        raise Refused(status.BLOCKED)
    for pin in opened:
        pin.code_tries_left -= 1
    store()
    if not hmac.compare_digest(opened[0].code.encode(), code):
        raise Refused(0x63C0 | min(pin.code_tries_left for pin in opened))
    for pin in opened:
        pin.code_tries_left = pin.code_tries


def _set(session: Session, pin: Pin, fresh: str) -> None:
    pin.tries_left, pin.value = pin.tries, fresh
    session.dirty = True


def _acceptable(pin: Pin, new: bytes) -> str:
    digits = _digits(new)
    if not pin.min_length <= len(digits) <= pin.max_length or is_trivial(digits):
        raise Refused(status.WRONG_DATA)
    return digits


def _digits(typed: bytes) -> str:
    if not typed or not all(0x30 <= byte <= 0x39 for byte in typed):
        raise Refused(status.WRONG_DATA)
    return typed.decode("ascii")
