# SPDX-License-Identifier: EUPL-1.2
"""Draw the pictures of the card reader program's window in ``docs/guide/``: the program itself, on a screen
of its own, with a physician's new card of a whole service in a PC/SC reader.

``make screenshots`` runs this; alone: python tools/window_pictures.py
"""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
from PIL import Image, ImageChops

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.desktop import SECONDS, Desktop, wait_until  # noqa: E402  (the path is set above)
from tests.support.pcsc import PORT, Pcsc  # noqa: E402

from varmentaja.card.host_client import CardHostClient  # noqa: E402
from varmentaja.domain.errors import Message, message  # noqa: E402
from varmentaja.reader.texts import LANGUAGES, say  # noqa: E402
from varmentaja.tour.engine import play  # noqa: E402
from varmentaja.tour.place import Place, free_ports, of_its_own  # noqa: E402
from varmentaja.tour.reader_story import STEPS, open_story  # noqa: E402
from varmentaja.tour.reader_story.story import ReaderStory  # noqa: E402

FOLDER = ROOT / "docs" / "guide" / "pictures"
COLOURS = 64
_UNTIL_CODE = 5
"""So many steps of the story until the physician has a card and its code."""
_SETTLED = 2.0
"""Seconds that a window has to look the same: issuer and service are asked meanwhile."""
_CARET = 200
"""Pixels: no more than a caret that comes and goes."""
_MARGIN = 16
_WRONG = "909090"


def main() -> None:
    """Go to where a card service of its own runs, and draw there."""
    with tempfile.TemporaryDirectory(prefix="varmentaja-pictures-") as name:
        pcsc = Pcsc(Path(name))
        try:
            command = [sys.executable, str(Path(__file__)), name]
            process = pcsc.start(command, stdout=None, stderr=None, env={**os.environ})
            if process.wait():
                sys.exit(process.returncode)
        finally:
            pcsc.close()


def draw(folder: Path) -> None:
    """Every picture in every language."""
    for old in FOLDER.glob("window-*.png"):
        old.unlink()
    desktop = Desktop(folder)
    try:
        with of_its_own("ecc", keep=False) as place, open_story(place) as story:
            results = play(STEPS[:_UNTIL_CODE], story)
            if results[-1].error:
                sys.exit(f"{results[-1]}")
            _draw_activation(desktop, story, folder)
            _draw_use(desktop, story, folder)
    finally:
        desktop.close()


def _draw_activation(desktop: Desktop, story: ReaderStory, folder: Path) -> None:
    """The form that comes by itself; the last language's is sent."""
    card = story.her_card
    for language in LANGUAGES:
        with _program(story.place, desktop, folder, language) as program, _inserted(story):
            program.wait_for(message("Activate the card"))
            program.enter(story.code, card.pin1, card.pin1, card.pin2)
            desktop.type(card.pin2)
            program.picture("activation")
            if language == list(LANGUAGES)[-1]:
                desktop.press("Return")
                program.wait_for(message("Card and reader"))


def _draw_use(desktop: Desktop, story: ReaderStory, folder: Path) -> None:
    """The card, a website's question, what is wrong, and the last try of a PIN."""
    with _inserted(story):
        for language in LANGUAGES:
            with _program(story.place, desktop, folder, language) as program:
                program.picture("card")
                with program.asked():
                    program.wait_for(message("A PIN is asked"))
                    program.picture("question")
                    desktop.press("Escape")
                program.wait_for(message("Card and reader"))
                desktop.press("F1")
                program.wait_for(message("What is wrong with my card?"))
                program.picture("diagnosis")
                desktop.press("Escape")
                program.wait_for(message("Card and reader"))
                program.use_up_tries(story.her_card.pin1)


class Program:
    """The running program in one language."""

    def __init__(self, place: Place, desktop: Desktop, folder: Path, language: str) -> None:
        self._desktop = desktop
        self._language = language
        self._scs = free_ports()
        environment = {
            **place.settings.variables(),
            "VARMENTAJA_SCS_PORT": str(self._scs),
            "DISPLAY": desktop.display,
            "LC_ALL": "C.UTF-8",
            "LC_MESSAGES": f"{language}_FI.UTF-8",
            "XDG_CONFIG_HOME": str(folder / language),
        }
        self.process = subprocess.Popen([sys.executable, "-m", "varmentaja", "reader"], env=environment)
        self.wait_for(message("Card and reader"))

    def wait_for(self, title: Message) -> None:
        """A page of this title."""
        self._desktop.wait_for(say(title, self._language))

    def enter(self, *values: str) -> None:
        """Type values, each with Enter behind it."""
        for value in values:
            self._desktop.type(value)
            self._desktop.press("Return")

    def use_up_tries(self, pin: str) -> None:
        """Check PIN 1 with a wrong one until one try is left, look, and make all tries good again."""
        self._desktop.press("Tab", "Return")  # behind the button that changes it
        self.wait_for(message("Check PIN 1"))
        for _ in range(4):
            self.enter(_WRONG)
            self._settle()
        self.picture("last-try")
        self.enter(pin)
        self.wait_for(message("Card and reader"))

    @contextmanager
    def asked(self) -> Iterator[None]:
        """A website asks for a sign-in meanwhile."""
        origin = "https://clinic.example"
        body = {
            "version": "1.2",
            "selector": {"keyusages": ["digitalSignature"]},
            "content": base64.b64encode(f"{origin};{'0' * 64}".encode()).decode(),
            "contentType": "data",
            "hashAlgorithm": "SHA256",
            "signatureType": "signature",
        }
        with _meanwhile(
            lambda: httpx.post(
                f"http://127.0.0.1:{self._scs}/sign", json=body, headers={"Origin": origin}, timeout=120
            )
        ):
            yield

    def picture(self, name: str) -> None:
        """Keep a picture of the active window once it has come to rest."""
        self._settle()
        seen = self._desktop.window_picture()
        if drawn := ImageChops.invert(seen.convert("L")).getbbox():  # below it the window is white
            seen = seen.crop((0, 0, seen.width, min(seen.height, drawn[3] + _MARGIN)))
        file = FOLDER / f"window-{name}-{self._language}.png"
        seen.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)

    def _settle(self) -> None:
        def rests() -> bool:
            before = self._desktop.picture("before").convert("L")
            time.sleep(_SETTLED)
            after = self._desktop.picture("after").convert("L")
            return sum(ImageChops.difference(before, after).histogram()[1:]) < _CARET

        wait_until(rests, lambda: "a window at rest")


@contextmanager
def _meanwhile(work: Callable[[], object]) -> Iterator[None]:
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(work)
        yield
        ended.result(SECONDS)


@contextmanager
def _program(place: Place, desktop: Desktop, folder: Path, language: str) -> Iterator[Program]:
    program = Program(place, desktop, folder, language)
    try:
        yield program
    finally:
        program.process.send_signal(signal.SIGTERM)
        program.process.wait(SECONDS)


@contextmanager
def _inserted(story: ReaderStory) -> Iterator[None]:
    """Her card in the PC/SC reader."""
    host = CardHostClient(story.place.settings.card_host_socket)
    host.insert(story.her_card.serial, PORT)
    try:
        yield
    finally:
        host.pull(story.her_card.serial)


if __name__ == "__main__":
    draw(Path(sys.argv[1])) if len(sys.argv) > 1 else main()
