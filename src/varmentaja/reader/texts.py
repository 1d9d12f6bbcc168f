# SPDX-License-Identifier: EUPL-1.2
"""What the program says, in the person's language: gettext without Django."""

from __future__ import annotations

import calendar
import gettext
import re
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from varmentaja.domain.errors import Message
from varmentaja.locale import catalogue

LANGUAGES = {"fi": "Suomi", "sv": "Svenska", "en": "English"}
"""Codes and the names that the languages have for themselves, in the order of the menu."""

_HELSINKI = ZoneInfo("Europe/Helsinki")
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@cache
def translations(language: str) -> gettext.NullTranslations:
    """The catalogue of a language; English texts are the message ids themselves."""
    return catalogue(language)


def say(message: Message, language: str) -> str:
    """A message in a language, its placeholders filled; days as people write them."""
    text = translations(language).gettext(message.text)
    if not message.values:
        return text
    return text % {name: _written(value, language) for name, value in message.values.items()}


def day(moment: datetime, language: str) -> str:
    """A date as people write it, in Finland's time: certificates end at a local midnight."""
    return _day(moment.astimezone(_HELSINKI).date(), language)


def iso_day(moment: datetime) -> str:
    """The same date for a message: ISO 8601, until ``say`` writes it in somebody's language."""
    return moment.astimezone(_HELSINKI).date().isoformat()


def _written(value: str | int, language: str) -> str | int:
    if isinstance(value, str) and _ISO_DAY.fullmatch(value):
        return _day(date.fromisoformat(value), language)
    return value


def _day(local: date, language: str) -> str:
    if language == "en":
        return f"{local.day} {calendar.month_name[local.month]} {local.year}"
    return f"{local.day}.{local.month}.{local.year}"


def best_language(accept_language: str) -> str:
    """The first language of an Accept-Language header that we have; Finnish otherwise."""
    for part in accept_language.split(","):
        code = part.split(";")[0].strip().lower()[:2]
        if code in LANGUAGES:
            return code
    return "fi"
