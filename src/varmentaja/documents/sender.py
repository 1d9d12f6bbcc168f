# SPDX-License-Identifier: EUPL-1.2
"""Who sends the letters: name, address and where to ask for help."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sender:
    """The service as it presents itself in its documents."""

    name: str
    address: str
    """On one line; mail that can't be delivered comes back here."""
    phone: str
    email: str
    web: str
    """Address of the portal as people type it."""
    test: bool
    """True for a service under a TEST hierarchy: its documents say so."""


def sandbox_sender(web: str) -> Sender:
    """The fictive sender of the sandbox, whose portal is at ``web``."""
    return Sender(
        name="Varmentaja",
        address="Esimerkkikatu 100, 99981 Mallila",
        phone="000 000 000",
        email="neuvonta@varmentaja.example",
        web=web,
        test=True,
    )
