# SPDX-License-Identifier: EUPL-1.2
"""Chromium in a window of its own, whose TLS is its own too: certificates from an NSS database or a card.

Playwright's ``client_certificates`` are for a proxy of Playwright's that does the handshake in the browser's
place; here Chromium does it, asks which certificate to show, and is answered by keys.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext
from tests.support.browser import ARGUMENTS, CHROMIUM
from tests.support.desktop import Desktop, wait_until

_SECRET = "secret"
_SPOT = (20, 700)
"""Of the screen, inside the page: a page is white, and grey while a dialog is in front of it."""
_GREY = 160


class NssHome:
    """A home folder with a database of certificates, as Chromium and its kin on Linux use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / ".pki" / "nssdb"
        self.database.mkdir(parents=True)
        self._do("certutil", "-N", "--empty-password")

    def trust_site(self, certificate: Path) -> None:
        """Trust a site's own certificate (PEM)."""
        self._do("certutil", "-A", "-t", "P,,", "-n", "site", "-i", str(certificate))

    def add(self, certificate: Path, key: Path) -> None:
        """A certificate with its key (PEM), to be shown to sites."""
        bundle = self.folder / "bundle.p12"
        pack = ["openssl", "pkcs12", "-export", "-passout", f"pass:{_SECRET}", "-out", str(bundle)]
        _run([*pack, "-in", str(certificate), "-inkey", str(key), "-name", certificate.parent.name])
        self._do("pk12util", "-i", str(bundle), "-W", _SECRET, "-K", "")

    def add_module(self, library: Path) -> None:
        """A PKCS#11 module: a card's certificates, and a question for its PIN."""
        self._do("modutil", "-force", "-add", "Cards", "-libfile", str(library))

    def _do(self, program: str, *arguments: str) -> None:
        database = ["-dbdir" if program == "modutil" else "-d", f"sql:{self.database}"]
        _run([program, *database, *arguments])


@contextmanager
def browser_window(
    browser: Browser,
    desktop: Desktop,
    home: NssHome,
    *,
    program: str = CHROMIUM,
    arguments: Sequence[str] = (),
) -> Iterator[BrowserContext]:
    """A Chromium that people see. ``browser`` is any that runs: there is one Playwright in a process."""
    context = browser.browser_type.launch_persistent_context(
        str(home.folder / "profile"),
        executable_path=program,
        headless=False,
        args=[*(each for each in ARGUMENTS if not each.startswith("--headless")), *arguments],
        env={**os.environ, "DISPLAY": desktop.display, "HOME": str(home.folder)},
        locale="en-GB",
        no_viewport=True,
    )
    try:
        yield context
    finally:
        context.close()


def wait_for_dialog(desktop: Desktop) -> None:
    """Until the browser asks something in front of the page."""
    wait_until(lambda: _brightness(desktop) < _GREY, lambda: "a dialog of the browser")


def _brightness(desktop: Desktop) -> int:
    colour = desktop.picture("browser-window").convert("L").getpixel(_SPOT)
    assert isinstance(colour, int)
    return colour


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    assert done.returncode == 0, done.stderr
