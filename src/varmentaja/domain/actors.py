# SPDX-License-Identifier: EUPL-1.2
"""Who acts: a person in a role, or the service itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person may be here; roles belong to the person's record, never to certificate text."""

    HOLDER = "holder"
    """Anyone signed in, in matters of his or her own."""
    REGISTRAR = "registrar"
    """Identifies applicants and orders cards at one registration point."""
    OFFICER = "officer"
    """Works in the certificate service's office."""
    SYSTEM = "system"
    """The service itself: decisions by rule, production, deadlines."""


GIVEN = (Role.REGISTRAR, Role.OFFICER)
"""Roles that somebody is given; the others one has by oneself."""


class Authentication(StrEnum):
    """How the actor proved who he or she is; stands in the audit trail."""

    SCS = "scs"
    """A challenge signed with the card through the card reader program."""
    TLS = "tls"
    """The card's certificate in a TLS handshake."""
    COMMAND_LINE = "command_line"
    """Someone with the machine's own rights, as when the first officer's card is made."""
    INTERNAL = "internal"
    """A process of the service."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks for something to be done."""

    person_id: int | None
    """Row of the person; None for the service itself."""
    roles: frozenset[Role]
    authentication: Authentication
    point_id: int | None = None
    """The registration point a registrar works at."""
    acting_for: int | None = None
    """The person on whose request an officer acts, as when a card is reported lost by telephone."""


SYSTEM = Actor(None, frozenset({Role.SYSTEM}), Authentication.INTERNAL)
"""The service itself."""
