# SPDX-License-Identifier: EUPL-1.2
"""What the program says, in the person's language: gettext without Django."""

from __future__ import annotations

import calendar
import gettext
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from varmentaja.domain.errors import Message
from varmentaja.locale import catalogue

LANGUAGES = {"fi": "Suomi", "sv": "Svenska", "en": "English"}
"""Codes and the names that the languages have for themselves, in the order of the menu."""

_HELSINKI = ZoneInfo("Europe/Helsinki")


@cache
def translations(language: str) -> gettext.NullTranslations:
    """The catalogue of a language; English texts are the message ids themselves."""
    return catalogue(language)


def say(message: Message, language: str) -> str:
    """A message in a language, its placeholders filled."""
    text = translations(language).gettext(message.text)
    return text % message.values if message.values else text


def day(moment: datetime, language: str) -> str:
    """A date as people write it, in Finland's time: certificates end at a local midnight."""
    local = moment.astimezone(_HELSINKI)
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
