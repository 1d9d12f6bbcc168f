# SPDX-License-Identifier: EUPL-1.2
"""The windowed program from start to end: readers, PIN pad, signing interface, window, icon."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import typer
from PySide6.QtCore import QSocketNotifier, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication

from varmentaja.card.drivers import open_card
from varmentaja.card.pcsc import PcscReaders
from varmentaja.config import Settings
from varmentaja.domain.errors import Message, message
from varmentaja.reader import scs_http
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.code_memory import CODE_TRIES_FILE, CodeMemory
from varmentaja.reader.events import Events
from varmentaja.reader.examination import Seen, examine, observe, see_readers
from varmentaja.reader.http import LocalServer
from varmentaja.reader.https import LocalTls
from varmentaja.reader.keep_up import KeepUp
from varmentaja.reader.observed import Contact, Observed
from varmentaja.reader.pad import Pad
from varmentaja.reader.protection import keep_memory_private
from varmentaja.reader.real_readers import RealReaders
from varmentaja.reader.report import Diagnosis
from varmentaja.reader.right_to_use import why_not
from varmentaja.reader.scs import MAX_BODY
from varmentaja.reader.scs_pages import ScsPages
from varmentaja.reader.service_link import ServiceLink
from varmentaja.reader.signing import ScsService
from varmentaja.reader.window.main_window import MainWindow, Outside
from varmentaja.reader.window.single import Single
from varmentaja.reader.window.tray import Tray
from varmentaja.reader.window.words import Words
from varmentaja.reader.window.work import Bridge


def run(settings: Settings, *, hidden: bool = False) -> int:
    """Show the program until the person ends it, or the window of the one that runs; the exit code.

    ``hidden``: its window waits for a card that has to be activated, or for the person to open it."""
    keep_memory_private()
    qt = QApplication(sys.argv[:1])
    qt.setApplicationName("Varmentaja")
    qt.setDesktopFileName("varmentaja-reader")
    qt.setQuitOnLastWindowClosed(False)
    single, words = Single(settings.run), Words()
    if not single.take():
        told = message("The card reader program is open already. Its window was brought to the front.")
        typer.echo(words(told))
        return 0
    try:
        return _run(qt, settings, single, words, hidden=hidden)
    finally:
        single.close()


def _run(qt: QApplication, settings: Settings, single: Single, words: Words, *, hidden: bool) -> int:
    events = Events()
    pad = Pad(events)
    service = ServiceLink.of(settings)

    def refuse(card: InsertedCard) -> Message | None:
        return why_not(card, service, now=datetime.now(UTC))

    def ask_service(card: InsertedCard) -> Observed:
        return observe(Seen((card.slot,), Contact.READ, card), service, now=datetime.now(UTC))

    def diagnose(reader: str) -> Diagnosis:
        return examine(see_readers(PcscReaders, reader), service, now=datetime.now(UTC))

    memory = CodeMemory(settings.reader / CODE_TRIES_FILE)
    readers = RealReaders(PcscReaders, open_card, events, refuse=refuse, memory=memory)
    scs = ScsServers(ScsService(readers, pad, version=settings.scs_version), settings)
    window = MainWindow(readers, pad, words, Outside(ask_service, diagnose, scs.show_trust_page))
    tray = Tray(window, words)
    window.warned.connect(tray.tell)
    bridge = Bridge(events)
    bridge.happened.connect(window.refresh)
    versions = KeepUp(service, events.happened)
    single.called.connect(window.come_to_front)
    readers.start()
    scs.start()
    versions.start()
    if hidden:
        tray.wait()
    else:
        window.show()
    try:
        with _quitting_on_signals():
            return qt.exec()
    finally:
        tray.hide()
        versions.close()
        window.close_all()
        scs.close()
        readers.close()
        bridge.close()


class ScsServers:
    """The signing interface at its two addresses, plain and secure."""

    def __init__(self, service: ScsService, settings: Settings) -> None:
        tls = LocalTls(settings.reader)
        app = scs_http.scs_app(service, ScsPages(tls, lambda: self._https.url))
        ports = scs_http.candidate_ports(settings.scs_port)
        self._http = LocalServer(app, ports=ports, max_body=MAX_BODY)
        self._https = LocalServer(app, ports=scs_http.https_ports(ports), max_body=MAX_BODY, tls=tls.context)

    def show_trust_page(self, language: str) -> None:
        """How the browser comes to trust the secure address, in the browser itself."""
        QDesktopServices.openUrl(QUrl(f"{self._http.url}/{language}/"))

    def start(self) -> None:
        """Serve."""
        self._http.start()
        self._https.start()

    def close(self) -> None:
        """Stop serving."""
        self._http.close()
        self._https.close()


@contextmanager
def _quitting_on_signals() -> Iterator[None]:
    """SIGTERM and Ctrl-C end the program in order. Qt does not let Python look for signals while nothing
    happens, so a signal writes to a socket that Qt watches."""
    heard, told = socket.socketpair()
    told.setblocking(False)
    notifier = QSocketNotifier(heard.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(lambda *_: QApplication.quit())
    before = signal.set_wakeup_fd(told.fileno())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        notifier.setEnabled(False)
        heard.close()
        told.close()
