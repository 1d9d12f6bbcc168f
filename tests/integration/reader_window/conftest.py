# SPDX-License-Identifier: EUPL-1.2
"""The windowed program before a screen and a real PC/SC service, worked by keys alone."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.support.cards import GENERATION
from tests.support.desktop import Desktop
from tests.support.pcsc import Pcsc
from tests.support.reader_window import SCS_PORT, Program

from varmentaja.card.driver import KeyAlgorithm
from varmentaja.domain.errors import DomainError

_serials = itertools.count(0xB0)


@pytest.fixture
def fresh_card(pcsc: Pcsc, request: pytest.FixtureRequest) -> Iterator[str]:
    """A finished card that nobody has activated, beside the reader; its generation by indirect parameter."""
    serial = f"{next(_serials):020X}"
    pcsc.make(KeyAlgorithm.P384, serial, getattr(request, "param", GENERATION))
    yield serial
    with suppress(DomainError):  # a test may have pulled it already
        pcsc.pull(serial)


@pytest.fixture
def start(pcsc: Pcsc, desktop: Desktop, tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Start the program in a language."""
    running: list[Program] = []

    def begin(language: str = "en", **variables: str) -> Program:
        running.append(Program(pcsc, desktop, tmp_path, language, **variables))
        return running[-1]

    yield begin
    for program in running:
        if program.process.poll() is None:
            program.process.kill()
            program.process.wait()


def scs(pcsc: Pcsc, body: dict[str, Any]) -> subprocess.Popen[bytes]:
    """A browser's request to sign, from within the namespace; the answer comes on standard output."""
    headers = ["-H", "Content-Type: application/json", "-H", "Origin: https://clinic.example"]
    url = f"http://127.0.0.1:{SCS_PORT}/sign"
    return pcsc.start(
        ["curl", "-sS", "--max-time", "120", *headers, "--data", json.dumps(body), url],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ},
    )
