# SPDX-License-Identifier: EUPL-1.2
"""What the clinic says, in the person's language, by the catalogues that the whole product shares."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import date, datetime

from varmentaja.clinic.clock import in_finland
from varmentaja.domain.errors import Message
from varmentaja.locale import catalogue

LANGUAGES = {"fi": "Suomi", "sv": "Svenska", "en": "English"}
"""Codes and the names that the languages have for themselves, in the order of the menu."""


def gettext(language: str) -> Callable[[str], str]:
    """The translator into a language."""
    return catalogue(language).gettext


def say(message: Message, language: str) -> str:
    """A message in a language, its placeholders filled."""
    text = gettext(language)(message.text)
    return text % message.values if message.values else text


def written(day: date, language: str) -> str:
    """A day as people write it; of a moment, the day in Finland."""
    if isinstance(day, datetime):
        day = in_finland(day)
    if language == "en":
        return f"{day.day} {calendar.month_name[day.month]} {day.year}"
    return f"{day.day}.{day.month}.{day.year}"


def moment_text(moment: datetime, language: str) -> str:
    """Day and time by Finland's clocks, with the zone: a signed document may be read anywhere."""
    local = in_finland(moment)
    separator = ":" if language == "en" else "."
    offset = f"{local:%z}"
    return f"{written(local, language)} {local:%H}{separator}{local:%M} (UTC{offset[:3]}:{offset[3:]})"


def best_language(accept_language: str) -> str:
    """The first language of an Accept-Language header that we have; Finnish otherwise."""
    for part in accept_language.split(","):
        code = part.split(";")[0].strip().lower()[:2]
        if code in LANGUAGES:
            return code
    return "fi"
