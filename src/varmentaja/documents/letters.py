# SPDX-License-Identifier: EUPL-1.2
"""The two letters to a holder: one comes with the card, one brings the activation code on another day."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date

from varmentaja.documents.sender import Sender
from varmentaja.documents.typesetting import set_pdf, written
from varmentaja.domain.people import Language
from varmentaja.domain.pins import PinRules

SERIAL_SHOWN = 4
"""How many of the printed serial's last characters tell the holder which card a code belongs to."""


@dataclass(frozen=True, slots=True)
class CodeLetter:
    """What the letter with the activation code says. Nothing of the card but the end of its serial."""

    sender: Sender
    address_lines: tuple[str, ...]
    """Name first, as in ``domain.delivery.Recipient.lines()``."""
    day: date
    code: str = field(repr=False)
    printed_serial: str
    """The card's whole printed serial; the letter shows the end of it."""
    pins: PinRules


@dataclass(frozen=True, slots=True)
class CardLetter:
    """What the letter says that the card is fixed to."""

    sender: Sender
    address_lines: tuple[str, ...]
    day: date
    title: str
    """Title of the right or of the job."""
    printed_serial: str
    valid_until: date
    code_letter_day: date
    """The day on which the code letter is to be posted."""
    old_ends_after: int | None = None
    """Days from the code letter to the end of the card that this one replaces; None if it replaces none."""


def activation_letter(letter: CodeLetter, language: Language) -> bytes:
    """The letter with the activation code, as PDF/UA-1."""
    data = {
        "sender": asdict(letter.sender),
        "address": letter.address_lines,
        "day": written(letter.day, language),
        "code": grouped(letter.code),
        "serial_end": letter.printed_serial[-SERIAL_SHOWN:],
        "pin1": f"{letter.pins.pin1.min}–{letter.pins.pin1.max}",
        "pin2": f"{letter.pins.pin2.min}–{letter.pins.pin2.max}",
        "code_tries": letter.pins.code_tries,
        "pin_tries": letter.pins.pin_tries,
    }
    return set_pdf(f"code_letter.{language}.typ", data, letter.day)


def card_letter(letter: CardLetter, language: Language) -> bytes:
    """The letter that comes with the card, as PDF/UA-1."""
    data = {
        "sender": asdict(letter.sender),
        "address": letter.address_lines,
        "day": written(letter.day, language),
        "title": letter.title,
        "serial": letter.printed_serial,
        "valid_until": written(letter.valid_until, language),
        "code_letter_day": written(letter.code_letter_day, language),
        "old_ends_after": letter.old_ends_after,
    }
    return set_pdf(f"card_letter.{language}.typ", data, letter.day)


def grouped(code: str) -> str:
    """The digits in groups that can be read and typed without losing the place: 1234 5678, 123 4567."""
    first = len(code) % 4
    groups = [code[:first]] if first else []
    groups += [code[start : start + 4] for start in range(first, len(code), 4)]
    return " ".join(groups)
