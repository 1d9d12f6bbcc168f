# SPDX-License-Identifier: EUPL-1.2
"""The one error type of the house: a coarse kind and a message that can be translated.

The edge (web page, API, command line) maps an error once: to a page, a problem document (RFC 9457) or an
exit code. Whatever else is raised is a fault of ours and shows no detail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """How the edge should treat an error."""

    INVALID = "invalid"
    NOT_FOUND = "not_found"
    NOT_ALLOWED = "not_allowed"
    CONFLICT = "conflict"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Message:
    """An English message id with named placeholders (``%(name)s``), translated where it is shown."""

    text: str
    values: Mapping[str, str | int] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text % self.values if self.values else self.text


def message(text: str, **values: str | int) -> Message:
    """Make a message; the call marks ``text`` for the translation catalogue (see tools/messages.py)."""
    return Message(text, values)


class DomainError(Exception):
    """A rule said no, or something asked for cannot be had; ``message`` is fit for the person to read."""

    def __init__(self, kind: Kind, message: Message, *, field: str | None = None) -> None:
        super().__init__(str(message))
        self.kind = kind
        self.message = message
        self.field = field


def invalid(text: str, *, field: str | None = None, **values: str | int) -> DomainError:
    """Input that breaks a rule; ``field`` names the form field or document member it stands in."""
    return DomainError(Kind.INVALID, Message(text, values), field=field)


def not_found(text: str, **values: str | int) -> DomainError:
    """What was asked for does not exist (or must look so)."""
    return DomainError(Kind.NOT_FOUND, Message(text, values))


def not_allowed(text: str, **values: str | int) -> DomainError:
    """The actor has no right to this."""
    return DomainError(Kind.NOT_ALLOWED, Message(text, values))


def conflict(text: str, **values: str | int) -> DomainError:
    """The state of the thing does not allow this now."""
    return DomainError(Kind.CONFLICT, Message(text, values))


def unavailable(text: str, **values: str | int) -> DomainError:
    """An outside system did not answer, or answered nonsense; trying again later may help."""
    return DomainError(Kind.UNAVAILABLE, Message(text, values))
