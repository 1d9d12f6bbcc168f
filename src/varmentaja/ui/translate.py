# SPDX-License-Identifier: EUPL-1.2
"""Says a message of the domain in the language of the page."""

from __future__ import annotations

from django.utils.translation import gettext

from varmentaja.domain.errors import Message


def translated(message: Message) -> str:
    """The message in the active language, its placeholders filled."""
    text = gettext(message.text)
    return text % message.values if message.values else text
