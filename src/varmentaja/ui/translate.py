# SPDX-License-Identifier: EUPL-1.2
"""Says a message of the domain in the language of the page."""

from __future__ import annotations

import re
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext

from varmentaja.domain.errors import Message

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def translated(message: Message) -> str:
    """The message in the active language, its placeholders filled; days as people write them."""
    text = gettext(message.text)
    if not message.values:
        return text
    return text % {name: _written(value) for name, value in message.values.items()}


def _written(value: str | int) -> str | int:
    """The domain names a day in ISO 8601."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        return date_format(date.fromisoformat(value), "DATE_FORMAT")
    return value
