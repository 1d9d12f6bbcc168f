# SPDX-License-Identifier: EUPL-1.2
"""The factory: one order, one card, wherever it was interrupted; a spoiled card never leaves."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support import cards
from tests.support.card_issuer import ORDER, Records

from varmentaja.adapters.card_factory.simulator import SimulatedCardFactory
from varmentaja.adapters.sandbox.faults import Faults
from varmentaja.card.drivers import open_card
from varmentaja.card.host import CardHostServer
from varmentaja.card.host_client import CardHostClient, HostTransport
from varmentaja.documents.sender import sandbox_sender
from varmentaja.domain.errors import DomainError, Kind, message


class Killed(BaseException):
    """The worker is gone."""


@pytest.fixture
def host(tmp_path: Path) -> Iterator[CardHostClient]:
    socket = tmp_path / "host.sock"
    with CardHostServer(tmp_path / "cards", socket, os.urandom) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield CardHostClient(socket)
        server.shutdown()
        thread.join()


@pytest.fixture
def factory(host: CardHostClient, tmp_path: Path) -> SimulatedCardFactory:
    return SimulatedCardFactory(
        host,
        tmp_path / "factory",
        cards.MASTER,
        sandbox_sender("http://localhost:8000"),
        os.urandom,
        Faults(tmp_path / "faults.json"),
    )


def test_an_order_becomes_a_card_that_says_what_was_certified(
    factory: SimulatedCardFactory, host: CardHostClient
) -> None:
    records = Records()
    made = factory.make(ORDER, records)
    (listed,) = host.list()
    assert listed.is_finished
    assert not listed.is_activated
    assert listed.serial == made.chip_serial
    assert listed.picture is not None
    assert Path(listed.picture).read_bytes() == made.face_png
    transport = host.connect(made.chip_serial)
    contents = open_card(transport).read()
    transport.close()
    assert (
        contents.certificates == made.certified.certificates == records.known[made.chip_serial].certificates
    )
    assert made.printed_serial == contents.printed_serial


def test_the_same_order_is_made_once(factory: SimulatedCardFactory, host: CardHostClient) -> None:
    records = Records()
    assert factory.make(ORDER, records) == factory.make(ORDER, records)
    assert (records.requests, len(host.list())) == (1, 1)


def test_a_worker_killed_between_certificates_and_card_goes_on_with_the_same_card(
    factory: SimulatedCardFactory, host: CardHostClient
) -> None:
    records = Records()

    def kill(chip: str) -> None:
        raise Killed

    records.before_answer = kill
    with pytest.raises(Killed):
        factory.make(ORDER, records)
    records.before_answer = lambda chip: None
    (half,) = host.list()
    assert not half.is_finished
    made = factory.make(ORDER, records)
    assert made.chip_serial == half.serial
    assert (records.requests, records.withdrawn) == (1, [])


class PulledHost(CardHostClient):
    """A host whose card is pulled after some commands."""

    left: int

    def connect(self, serial: str) -> HostTransport:
        transport = super().connect(serial)
        honest = transport.transmit

        def transmit(apdu: bytes) -> bytes:
            self.left -= 1
            if self.left == 0:
                self.pull(serial)
            return honest(apdu)

        transport.transmit = transmit  # type: ignore[method-assign]  # one transport, spoiled on purpose
        return transport


@pytest.mark.parametrize("commands", [1, 3, 8, 14, 20, 40, 60])
def test_a_card_pulled_anywhere_is_finished_next_time(
    commands: int, factory: SimulatedCardFactory, host: CardHostClient, tmp_path: Path
) -> None:
    records = Records()
    clumsy = PulledHost(tmp_path / "host.sock")
    clumsy.left = commands
    machine = SimulatedCardFactory(
        clumsy, tmp_path / "factory", cards.MASTER, sandbox_sender(""), os.urandom, Faults()
    )
    with pytest.raises(DomainError) as error:
        machine.make(ORDER, records)
    assert error.value.kind is Kind.UNAVAILABLE
    made = factory.make(ORDER, records)
    assert [card.serial for card in host.list()] == [made.chip_serial]
    assert records.withdrawn == []
    assert records.requests == 1


def test_certificates_of_keys_that_are_gone_are_withdrawn_and_made_anew(
    factory: SimulatedCardFactory, host: CardHostClient
) -> None:
    records = Records()
    records.before_answer = lambda chip: host.pull(chip)
    with pytest.raises(DomainError):
        factory.make(ORDER, records)
    (chip,) = records.known
    other = cards.make(cards.blank_card())
    records.known[chip] = other.certified
    records.before_answer = lambda chip: None
    made = factory.make(ORDER, records)
    assert (made.chip_serial, records.withdrawn) == (chip, [chip])
    assert made.certified == records.known[chip]


def test_a_spoiled_card_is_destroyed_and_the_next_one_is_another(
    factory: SimulatedCardFactory, host: CardHostClient
) -> None:
    records = Records()
    first = factory.make(ORDER, records)
    del records.known[first.chip_serial]
    with pytest.raises(DomainError) as error:
        factory.make(ORDER, records)
    assert error.value.kind is Kind.CONFLICT
    assert records.withdrawn == [first.chip_serial]
    assert host.list() == []
    second = factory.make(ORDER, records)
    assert [card.serial for card in host.list()] == [second.chip_serial] != [first.chip_serial]


def test_a_chip_that_vanished_is_withdrawn_and_replaced(
    factory: SimulatedCardFactory, host: CardHostClient
) -> None:
    records = Records()
    first = factory.make(ORDER, records)
    host.discard(first.chip_serial, "burnt")
    second = factory.make(ORDER, records)
    assert records.withdrawn == [first.chip_serial]
    assert second.chip_serial != first.chip_serial


def test_an_order_given_up_leaves_no_card_and_makes_none(
    factory: SimulatedCardFactory, host: CardHostClient
) -> None:
    records = Records()
    factory.make(ORDER, records)
    for _ in range(2):
        factory.give_up(ORDER.key, message("The registers no longer agree with what is on the card."))
    assert host.list() == []
    with pytest.raises(DomainError) as error:
        factory.make(ORDER, records)
    assert error.value.kind is Kind.CONFLICT


@pytest.mark.parametrize("mode", ["down", "nonsense"])
def test_a_factory_in_trouble_is_unavailable(
    mode: str, factory: SimulatedCardFactory, host: CardHostClient, tmp_path: Path
) -> None:
    (tmp_path / "faults.json").write_text(f'{{"card_factory": {{"mode": "{mode}"}}}}')
    with pytest.raises(DomainError) as error:
        factory.make(ORDER, Records())
    assert error.value.kind is Kind.UNAVAILABLE
    assert host.list() == []
