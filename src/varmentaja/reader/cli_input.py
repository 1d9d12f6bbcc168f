# SPDX-License-Identifier: EUPL-1.2
"""How the command line hears codes and PINs: typed unseen, or as one JSON object from a file descriptor."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import typer

from varmentaja.domain.errors import Message, invalid, message
from varmentaja.reader.cli_output import tell
from varmentaja.reader.texts import say


class Typed:
    """Codes and PINs from the keyboard, unseen, or from a file descriptor."""

    def __init__(self, language: str, descriptor: int | None) -> None:
        self._language = language
        self._given = None if descriptor is None else _read_descriptor(descriptor)

    def old(self, name: str, label: Message) -> str:
        """A code or PIN that the card already has."""
        return self._one(name, label, confirm=False)

    def new(self, name: str, label: Message, rule: Mapping[str, Any]) -> str:
        """A new PIN, typed twice, with its rule shown first."""
        if self._given is None:
            rules = message(
                "%(min)s–%(max)s digits. Not one digit repeated, not digits in a row.",
                min=rule["min_length"],
                max=rule["max_length"],
            )
            tell(rules, self._language)
        return self._one(name, label, confirm=True)

    def _one(self, name: str, label: Message, *, confirm: bool) -> str:
        text = say(label, self._language)
        if self._given is None:
            value = str(typer.prompt(text, hide_input=True, confirmation_prompt=confirm))
        else:
            value = self._given.get(name, "")
        if not (value.isascii() and value.isdigit()):
            raise invalid("%(name)s: use digits only.", name=name)
        return value


def _read_descriptor(descriptor: int) -> Mapping[str, str]:
    try:
        with os.fdopen(descriptor, "r", encoding="utf-8") as file:
            data = json.loads(file.readline())
    except (OSError, ValueError):
        data = None
    if not isinstance(data, dict) or not all(isinstance(value, str) for value in data.values()):
        raise invalid("The file descriptor did not give a JSON object of texts.")
    return data
