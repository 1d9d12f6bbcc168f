# SPDX-License-Identifier: EUPL-1.2
"""The card host: over its socket, with cards in our reader's slots, and killed without warning."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support import cards

from varmentaja.card.driver import CardRemoved, HashAlgorithm, KeyRole, PinRole, WrongPin
from varmentaja.card.drivers import open_card
from varmentaja.card.host import CardHostServer
from varmentaja.card.host_client import CardHostClient, HostTransport
from varmentaja.card.personalise import personalise, run
from varmentaja.card.virtual.store import CardStore
from varmentaja.card.vpcd import CardSlot
from varmentaja.domain.errors import DomainError, Kind

SERVE = """
import os, sys
from pathlib import Path
from varmentaja.card.host import serve
serve(Path(sys.argv[1]), Path(sys.argv[2]), os.urandom, lambda: print("ready", flush=True))
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[CardHostServer]:
    with CardHostServer(tmp_path / "cards", tmp_path / "host.sock", os.urandom) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def host(server: CardHostServer, tmp_path: Path) -> CardHostClient:
    return CardHostClient(tmp_path / "host.sock")


@pytest.fixture
def slot() -> Iterator[CardSlot]:
    slot = CardSlot()
    yield slot
    slot.close()


def make(host: CardHostClient) -> None:
    host.create(cards.SERIAL, cards.chip_key(), cards.GENERATION)
    transport = host.connect(cards.SERIAL)
    make_with(transport.transmit)
    transport.close()
    assert host.list()[0].where is None


def make_with(transmit: Callable[[bytes], bytes]) -> None:
    run(personalise(cards.order(), cards.chip_key()), transmit, cards.authority().certify)


def wait_until_in_drawer(host: CardHostClient) -> None:
    for _ in range(200):
        if host.list()[0].where is None:
            return
        time.sleep(0.01)
    raise AssertionError("the card did not come back")


def test_a_card_is_made_listed_and_used_in_our_reader(host: CardHostClient, slot: CardSlot) -> None:
    make(host)
    card = host.list()[0]
    assert (card.serial, card.printed_serial, card.holder) == (cards.SERIAL, cards.SERIAL[-9:], cards.HOLDER)
    assert card.is_finished
    assert not card.is_activated
    host.insert(cards.SERIAL, slot.port)
    transport = slot.wait_for_card(5)
    assert host.list()[0].where == f"127.0.0.1:{slot.port}"
    driver = open_card(transport)
    driver.activate(cards.CODE, cards.PIN1, cards.PIN2)
    assert driver.sign(KeyRole.SIGNATURE, b"x", HashAlgorithm.SHA256, cards.PIN2)
    assert host.list()[0].is_activated
    assert transport.is_present
    host.pull(cards.SERIAL)
    assert not transport.is_present
    with pytest.raises(CardRemoved):
        driver.read()
    assert host.list()[0].where is None


def test_a_reader_that_goes_away_leaves_the_card_free(host: CardHostClient, slot: CardSlot) -> None:
    make(host)
    host.insert(cards.SERIAL, slot.port)
    slot.wait_for_card(5).close()
    wait_until_in_drawer(host)
    host.insert(cards.SERIAL, slot.port)
    assert open_card(slot.wait_for_card(5)).read().chip_serial == cards.SERIAL


def test_a_reader_that_does_not_answer_keeps_nobody_waiting(
    host: CardHostClient, server: CardHostServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = cards.SERIAL[::-1]
    host.create(cards.SERIAL, cards.chip_key(), cards.GENERATION)
    host.create(other, cards.chip_key(other), cards.GENERATION)
    reached, go_on = threading.Event(), threading.Event()
    ends = socket.socketpair()

    def slow(name: str, port: int) -> socket.socket:
        reached.set()
        assert go_on.wait(30)
        return ends[0]

    monkeypatch.setattr("varmentaja.card.vpcd.plug", slow)
    trouble: list[DomainError] = []

    def insert() -> None:
        try:
            server.cards.insert(cards.SERIAL, "127.0.0.1", 1)
        except DomainError as error:
            trouble.append(error)

    waiting = threading.Thread(target=insert)
    waiting.start()
    assert reached.wait(30)
    assert len(host.list()) == 2
    host.connect(other).close()
    with pytest.raises(DomainError) as refusal:
        host.connect(cards.SERIAL)
    assert refusal.value.kind is Kind.CONFLICT, "it is on its way"
    host.pull(cards.SERIAL)
    host.connect(cards.SERIAL).close()
    go_on.set()
    waiting.join()
    assert isinstance(trouble[0], CardRemoved), "what was pulled does not come into the reader"
    assert ends[0].fileno() == -1
    ends[1].close()


def test_a_card_is_in_one_place_at_a_time(host: CardHostClient, slot: CardSlot) -> None:
    make(host)
    transport = host.connect(cards.SERIAL)
    for take in (lambda: host.insert(cards.SERIAL, slot.port), lambda: host.connect(cards.SERIAL)):
        with pytest.raises(DomainError) as refusal:
            take()
        assert refusal.value.kind is Kind.CONFLICT
    host.pull(cards.SERIAL)
    with pytest.raises(CardRemoved):
        transport.transmit(b"\0\xa4\4\0")


def test_an_empty_slot_does_not_wait_for_ever(slot: CardSlot) -> None:
    with pytest.raises(CardRemoved):
        slot.wait_for_card(0.05)


def test_without_a_listening_reader_the_card_stays_in_the_drawer(host: CardHostClient) -> None:
    host.create(cards.SERIAL, cards.chip_key(), cards.GENERATION)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(DomainError) as refusal:
        host.insert(cards.SERIAL, port)
    assert refusal.value.kind is Kind.UNAVAILABLE
    assert host.list()[0].where is None


def test_pictures_and_discarding(host: CardHostClient, tmp_path: Path) -> None:
    make(host)
    path = host.put_picture(cards.SERIAL, ".svg", b"<svg/>")
    assert host.list()[0].picture == str(path)
    assert path.read_bytes() == b"<svg/>"
    host.discard(cards.SERIAL, "pulled while being made")
    assert host.list() == []
    note = json.loads((tmp_path / "cards" / "discarded" / f"{cards.SERIAL}.json").read_text())
    assert note == {"chip_serial": cards.SERIAL, "reason": "pulled while being made"}


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b"[]",
        b"{}",
        b'{"command": "fly"}',
        b'{"command": "transmit", "serial": "x"}',
    ],
)
def test_a_request_that_makes_no_sense_is_refused_and_the_host_goes_on(
    host: CardHostClient, tmp_path: Path, line: bytes
) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(tmp_path / "host.sock"))
        connection.sendall(line + b"\n")
        assert json.loads(connection.makefile("rb").readline())["error"] == "invalid"
    assert host.list() == []


@pytest.mark.parametrize("serial", ["../../etc/passwd", "", "00" * 10 + "x", "aa" * 10])
def test_a_serial_is_a_serial(host: CardHostClient, serial: str) -> None:
    for ask in (
        lambda: host.create(serial, bytes(32), cards.GENERATION),
        lambda: host.connect(serial),
        lambda: host.discard(serial, ""),
    ):
        with pytest.raises(DomainError) as refusal:
            ask()
        assert refusal.value.kind is Kind.INVALID


def test_the_socket_is_its_owners_alone(server: CardHostServer, tmp_path: Path) -> None:
    assert (tmp_path / "host.sock").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "cards").stat().st_mode & 0o777 == 0o700


def test_one_process_owns_the_folder(server: CardHostServer, tmp_path: Path) -> None:
    with pytest.raises(DomainError) as refusal:
        CardStore(tmp_path / "cards")
    assert refusal.value.kind is Kind.CONFLICT


def start(tmp_path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SERVE, str(tmp_path / "cards"), str(tmp_path / "host.sock")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


class KilledBefore:
    """A connection whose host is killed before it gets its ``count``-th command."""

    def __init__(self, process: subprocess.Popen[str], transport: HostTransport, count: int) -> None:
        self._process = process
        self._transport = transport
        self._left = count

    def transmit(self, apdu: bytes) -> bytes:
        self._left -= 1
        if self._left == 0:
            kill(self._process)
        return self._transport.transmit(apdu)


def test_tries_and_cards_survive_kill_9(tmp_path: Path) -> None:
    host, slot = CardHostClient(tmp_path / "host.sock"), CardSlot()
    process = start(tmp_path)
    try:
        make(host)
        for left in (4, 3, 2):
            host.insert(cards.SERIAL, slot.port)
            transport = slot.wait_for_card(5)
            driver = open_card(transport)
            if left == 4:
                driver.activate(cards.CODE, cards.PIN1, cards.PIN2)
            with pytest.raises(WrongPin) as wrong:
                driver.verify(PinRole.AUTHENTICATION, "9999")
            assert wrong.value.tries_left == left
            kill(process)
            with pytest.raises(CardRemoved):
                driver.read()
            with pytest.raises(DomainError):
                host.list()
            process = start(tmp_path)
    finally:
        kill(process)
        slot.close()


def test_a_host_killed_while_making_a_card_leaves_one_that_can_be_made_again(tmp_path: Path) -> None:
    host = CardHostClient(tmp_path / "host.sock")
    process = start(tmp_path)
    host.create(cards.SERIAL, cards.chip_key(), cards.GENERATION)
    try:
        for count in (3, 8, 20, 45):
            connection = KilledBefore(process, host.connect(cards.SERIAL), count)
            with pytest.raises(CardRemoved):
                run(
                    personalise(cards.order(), cards.chip_key()),
                    connection.transmit,
                    cards.authority().certify,
                )
            process = start(tmp_path)
            assert not host.list()[0].is_finished
        transport = host.connect(cards.SERIAL)
        make_with(transport.transmit)
        assert host.list()[0].is_finished
    finally:
        kill(process)
