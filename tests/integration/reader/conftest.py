# SPDX-License-Identifier: EUPL-1.2
"""A whole reader program with a card host, and a finished card certified by the demo hierarchy."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.cards import GENERATION, SERIAL, chip_key, order
from tests.support.demo_cards import certify
from tests.support.pki import Demo

from varmentaja.card.host import CardHostServer
from varmentaja.card.host_client import CardHostClient
from varmentaja.card.personalise import personalise, run
from varmentaja.reader.control_client import ReaderControl
from varmentaja.reader.program import ReaderProgram, ReaderSettings


@pytest.fixture
def card_host(tmp_path: Path, demo: Demo, request: pytest.FixtureRequest) -> Iterator[CardHostClient]:
    """A running card host with a fresh card (its generation by indirect parameter) and a blank."""
    generation = getattr(request, "param", GENERATION)
    server = CardHostServer(tmp_path / "cards", tmp_path / "run" / "cardhost.sock", os.urandom)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    client = CardHostClient(tmp_path / "run" / "cardhost.sock")
    client.create(SERIAL, chip_key(), generation)
    transport = client.connect(SERIAL)
    steps = personalise(order(generation=generation), chip_key())
    run(steps, transport.transmit, lambda request: certify(demo, request))
    transport.close()
    client.pull(SERIAL)
    client.create("AA112233445566778899", chip_key("AA112233445566778899"), GENERATION)
    yield client
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def program(tmp_path: Path, card_host: CardHostClient) -> Iterator[ReaderProgram]:
    settings = ReaderSettings(tmp_path / "run", tmp_path / "run" / "cardhost.sock", 0, (0,), slots=2)
    running = ReaderProgram(settings)
    yield running
    running.close()


@pytest.fixture
def control(program: ReaderProgram, tmp_path: Path) -> ReaderControl:
    return ReaderControl.running(tmp_path / "run")
