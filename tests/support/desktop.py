# SPDX-License-Identifier: EUPL-1.2
"""A screen with a window manager and hands: Xvfb, openbox and xdotool, for tests of real windows.

``VARMENTAJA_PICTURES=folder`` keeps the pictures that tests take.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageGrab

SECONDS = 40.0
"""Longest wait for something to appear: other tests keep the machine busy."""


class Desktop:
    """One screen of its own."""

    def __init__(self, folder: Path, size: tuple[int, int] = (1100, 1000)) -> None:
        self._log = (folder / "desktop.log").open("wb")
        numbers, told = os.pipe()
        screen = ["-screen", "0", f"{size[0]}x{size[1]}x24"]
        # Without -noreset the screen begins anew when a hand lets go before the window manager has come,
        # and the window manager, cut off, ends.
        self._screen = self._start(
            ["Xvfb", "-displayfd", str(told), *screen, "-nolisten", "tcp", "-noreset"], pass_fds=[told]
        )
        os.close(told)
        with os.fdopen(numbers) as said:
            self.display = f":{said.readline().strip()}"
        self._manager = self._start(["openbox"], env=self.environment)
        wait_until(self._is_managed, lambda: "the window manager")

    @property
    def environment(self) -> dict[str, str]:
        """For programs that show themselves here."""
        return {**os.environ, "DISPLAY": self.display}

    def title(self) -> str:
        """Title of the window that has the keyboard; empty when none has."""
        return self._hand("getactivewindow", "getwindowname").stdout.strip()

    def wait_for(self, part_of_title: str) -> str:
        """The title of the active window, once this stands in it."""
        wait_until(lambda: part_of_title in self.title(), lambda: f"{part_of_title!r}, not {self.title()!r}")
        return self.title()

    def press(self, *keys: str) -> None:
        """Press keys by their X names, one after the other: ``Tab``, ``Return``, ``ctrl+plus`` …"""
        self._hand("key", "--delay", "40", *keys)

    def type(self, text: str) -> None:
        """Type as on a keyboard."""
        self._hand("type", "--delay", "40", text)

    def minimise(self) -> None:
        """Make the active window an icon."""
        self._hand("getactivewindow", "windowminimize")

    def picture(self, name: str) -> Image.Image:
        """The whole screen; kept where VARMENTAJA_PICTURES says."""
        seen = ImageGrab.grab(xdisplay=self.display)
        if folder := os.environ.get("VARMENTAJA_PICTURES"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            seen.save(Path(folder) / f"{name}.png")
        return seen

    def window_picture(self) -> Image.Image:
        """The active window alone."""
        size = self._told("getactivewindow", "getwindowgeometry", "--shell")
        # Where the window is xdotool tells wrongly by its frame; the pointer is led to its very corner.
        corner = self._told(
            "getactivewindow", "mousemove", "--window", "%1", "0", "0", "getmouselocation", "--shell"
        )
        self._hand("mousemove", "0", "0")
        left, top = corner["X"], corner["Y"]
        box = (left, top, left + size["WIDTH"], top + size["HEIGHT"])
        return ImageGrab.grab(xdisplay=self.display).crop(box)

    def close(self) -> None:
        """Switch it off."""
        for process in (self._manager, self._screen):
            process.kill()
            process.wait()
        self._log.close()

    def _is_managed(self) -> bool:
        return self._hand("get_num_desktops").returncode == 0

    def _told(self, *arguments: str) -> dict[str, int]:
        """What xdotool says as lines for a shell."""
        lines = self._hand(*arguments).stdout.split()
        return {name: int(value) for name, value in (line.split("=") for line in lines)}

    def _hand(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["xdotool", *arguments], env=self.environment, capture_output=True, text=True, timeout=SECONDS
        )

    def _start(self, command: list[str], **options: object) -> subprocess.Popen[bytes]:
        # However the tests end, nothing of theirs is left running.
        whole = ["setpriv", "--pdeathsig", "KILL", *command]
        return subprocess.Popen(whole, stdout=self._log, stderr=self._log, **options)  # type: ignore[call-overload,no-any-return]  # Popen's own options


def wait_until(true: Callable[[], bool], what: Callable[[], str]) -> None:
    """Look again until it is so; TimeoutError says ``what`` was waited for."""
    end = time.monotonic() + SECONDS
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"waited in vain for {what()}")
        time.sleep(0.1)


@pytest.fixture(scope="module")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    """One screen a test module."""
    screen = Desktop(tmp_path_factory.mktemp("desktop"))
    try:
        yield screen
    finally:
        screen.close()
