# SPDX-License-Identifier: EUPL-1.2
"""The outside systems that this process is connected to.

``wiring.py`` chooses the adapters and calls :func:`connect` once when a program starts; use cases ask
:func:`outside` and never know which adapter answers.
"""

from __future__ import annotations

from dataclasses import dataclass

from varmentaja.documents.sender import Sender
from varmentaja.ports.card_factory import CardFactory
from varmentaja.ports.code_server import CodeServer
from varmentaja.ports.custody import Custody
from varmentaja.ports.directory import Directory
from varmentaja.ports.mailbox import Mailbox
from varmentaja.ports.population_register import PopulationRegister
from varmentaja.ports.post import Post
from varmentaja.ports.professional_register import ProfessionalRegister


@dataclass(frozen=True, slots=True)
class Outside:
    """One adapter for each system; what a program must not reach is None (the portal has no keys)."""

    sender: Sender
    """Who we are in letters and receipts."""
    population_register: PopulationRegister
    professional_register: ProfessionalRegister
    code_server: CodeServer
    post: Post | None = None
    card_factory: CardFactory | None = None
    custody: Custody | None = None
    directory: Directory | None = None
    """The public directory; None where there is none."""
    mailbox: Mailbox | None = None
    """Letter boxes, in a test service."""


_connected: list[Outside] = []


def connect(systems: Outside) -> None:
    """Connect this process; a later call replaces the earlier one."""
    _connected[:] = [systems]


def outside() -> Outside:
    """The connected systems; a program that forgot to connect is a fault of ours."""
    if not _connected:
        raise RuntimeError("no outside systems are connected: call varmentaja.wiring first")
    return _connected[0]
