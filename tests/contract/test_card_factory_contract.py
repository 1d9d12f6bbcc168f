# SPDX-License-Identifier: EUPL-1.2
"""What every card factory must do; a new adapter joins by a line in ``ADAPTERS``."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support import cards
from tests.support.card_issuer import ORDER, Records

from varmentaja.adapters.card_factory.simulator import SimulatedCardFactory
from varmentaja.adapters.sandbox.faults import Faults
from varmentaja.card.driver import KeyAlgorithm
from varmentaja.card.host import CardHostServer
from varmentaja.card.host_client import CardHostClient
from varmentaja.card.personalise import CertificationRequest, PersonalisationFailed, Remedy
from varmentaja.documents.sender import sandbox_sender
from varmentaja.domain.errors import DomainError, Kind, message
from varmentaja.ports.card_factory import CardFactory

ADAPTERS: dict[str, Callable[[Path], CardFactory]] = {
    "simulator": lambda folder: SimulatedCardFactory(
        CardHostClient(folder / "host.sock"),
        folder / "factory",
        cards.MASTER,
        sandbox_sender("http://localhost:8000"),
        os.urandom,
        Faults(),
    ),
}


@pytest.fixture(params=ADAPTERS)
def factory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CardFactory]:
    with CardHostServer(tmp_path / "cards", tmp_path / "host.sock", os.urandom) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield ADAPTERS[request.param](tmp_path)
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("algorithm", [KeyAlgorithm.P384, KeyAlgorithm.RSA_3072])
def test_both_keys_are_proved_over_the_issuers_challenge(
    factory: CardFactory, algorithm: KeyAlgorithm
) -> None:
    issuer = Records()
    made = factory.make(replace(ORDER, algorithm=algorithm), issuer)
    assert set(issuer.challenges) == {made.chip_serial}
    assert issuer.requests == 1, "which checked the proofs"
    assert made.certified == issuer.known[made.chip_serial]


def test_a_chip_whose_proof_is_refused_is_destroyed_and_another_taken(factory: CardFactory) -> None:
    issuer, refused = Records(), []

    class Doubting(Records):
        def check(self, request: CertificationRequest) -> None:
            refused.append(request.chip_serial)
            raise PersonalisationFailed(Remedy.DISCARD, message("not proved"))

    doubting = Doubting()
    with pytest.raises(DomainError) as spoiled:
        factory.make(ORDER, doubting)
    assert spoiled.value.kind is Kind.CONFLICT
    assert doubting.withdrawn == refused
    assert factory.make(ORDER, issuer).chip_serial not in refused


def test_the_same_key_makes_one_card(factory: CardFactory) -> None:
    issuer = Records()
    assert factory.make(ORDER, issuer) == factory.make(ORDER, issuer)
    assert issuer.requests == 1


def test_what_the_issuer_raises_comes_through_and_the_order_goes_on_later(factory: CardFactory) -> None:
    issuer = Records()

    def fails(chip: str) -> None:
        raise ConnectionError

    issuer.before_answer = fails
    with pytest.raises(ConnectionError):
        factory.make(ORDER, issuer)
    issuer.before_answer = lambda chip: None
    assert factory.make(ORDER, issuer).certified in issuer.known.values()


def test_an_order_given_up_is_never_made(factory: CardFactory) -> None:
    factory.give_up(ORDER.key, message("no longer wanted"))
    with pytest.raises(DomainError) as refused:
        factory.make(ORDER, Records())
    assert refused.value.kind is Kind.CONFLICT
