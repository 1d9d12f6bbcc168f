# SPDX-License-Identifier: EUPL-1.2
"""The reader program: virtual reader, its pages and control interface, and SCS, in one process."""

from __future__ import annotations

import json
import os
import secrets
import signal
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from varmentaja.card.drivers import open_card
from varmentaja.card.host_client import CardHostClient
from varmentaja.card.vpcd import CardSlot
from varmentaja.domain.errors import Message
from varmentaja.reader import scs_http
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.code_memory import CODE_TRIES_FILE, CodeMemory
from varmentaja.reader.control import PREFIX, Control
from varmentaja.reader.events import Events
from varmentaja.reader.http import LocalServer, Request, Response
from varmentaja.reader.https import LocalTls
from varmentaja.reader.keep_up import KeepUp
from varmentaja.reader.pad import Pad
from varmentaja.reader.pages import Pages
from varmentaja.reader.right_to_use import why_not
from varmentaja.reader.scs import MAX_BODY, VERSION
from varmentaja.reader.scs_pages import ScsPages
from varmentaja.reader.service_link import ServiceLink
from varmentaja.reader.signing import ScsService
from varmentaja.reader.virtual_reader import VirtualReader

ADDRESS_FILE = "reader.json"
"""In the run folder, for the user alone: where the program is, and the token of its control interface."""

_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """What the program needs to know; ports of 0 mean any."""

    run: Path
    card_host_socket: Path
    pages_port: int
    scs_ports: tuple[int, ...] = scs_http.PORTS
    """Candidates for plain HTTP; HTTPS is one higher."""
    slots: int = 2
    own_folder: Path | None = None
    """Where the local certificate is kept, and what is remembered of cards; ``<run>/reader`` when unset."""
    scs_version: str = VERSION
    """What ``/version`` says: 1.2 or 1.3."""
    service: ServiceLink = field(default_factory=ServiceLink)
    """The certificate service: which versions of this program may be used, and what is wrong with a card."""


class ReaderProgram:
    """Everything together; serving from the moment it is made until ``close``."""

    def __init__(self, settings: ReaderSettings) -> None:
        events = Events()
        pad = Pad(events)
        own_folder = settings.own_folder or settings.run / "reader"

        def refuse(card: InsertedCard) -> Message | None:
            return why_not(card, settings.service, now=datetime.now(UTC))

        self.reader = VirtualReader(
            CardHostClient(settings.card_host_socket),
            [CardSlot() for _ in range(settings.slots)],
            open_card,
            events,
            refuse=refuse,
            memory=CodeMemory(own_folder / CODE_TRIES_FILE),
        )
        self.tls = LocalTls(own_folder)
        scs = scs_http.scs_app(
            ScsService(self.reader, pad, version=settings.scs_version),
            ScsPages(self.tls, lambda: self.scs_https.url),
        )
        self.scs = LocalServer(scs, ports=settings.scs_ports, max_body=MAX_BODY)
        self.scs_https = LocalServer(
            scs,
            ports=scs_http.https_ports(settings.scs_ports),
            max_body=MAX_BODY,
            tls=self.tls.context,
        )
        token = secrets.token_urlsafe(32)
        control = Control(
            self.reader, pad, events, token=token, scs_port=self.scs.port, service=settings.service
        )
        pages = Pages(self.reader, pad, events, settings.service)

        def app(request: Request) -> Response:
            return control.handle(request) if request.path.startswith(PREFIX) else pages.handle(request)

        self.pages = LocalServer(app, ports=(settings.pages_port,))
        self._versions = KeepUp(settings.service, events.happened)
        self._versions.start()
        self._address = settings.run / ADDRESS_FILE
        self.scs.start()
        self.scs_https.start()
        self.pages.start()
        _write_private(
            self._address,
            {"url": self.pages.url, "token": token, "scs_port": self.scs.port, "pid": os.getpid()},
        )

    def close(self) -> None:
        """Stop serving and pull the cards."""
        self._versions.close()
        self._address.unlink(missing_ok=True)
        self.scs.close()
        self.scs_https.close()
        self.pages.close()
        self.reader.close()


def serve(
    settings: ReaderSettings,
    *,
    ready: Callable[[ReaderProgram], None] = lambda _: None,
    stop: threading.Event | None = None,
) -> None:
    """Run until ``stop`` is set, or SIGTERM or Ctrl-C comes; ``ready`` is called once it serves."""
    over = stop or _stop_on_signals()
    program = ReaderProgram(settings)
    try:
        ready(program)
        while not over.wait(_LOOK_SECONDS):
            program.reader.look()
    finally:
        program.close()


def _stop_on_signals() -> threading.Event:
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    return over


def _write_private(path: Path, data: dict[str, str | int]) -> None:
    """A file of mode 0600 that is whole or not there (mkstemp's mode is 0600)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(prefix=".", dir=path.parent)
    with os.fdopen(descriptor, "w") as file:
        json.dump(data, file)
    Path(draft).replace(path)
