# SPDX-License-Identifier: EUPL-1.2
"""How much a signature asks of the card: a chip is slow, and each command is a wait for the person."""

from __future__ import annotations

import base64
import json

import pytest
from tests.support import cards
from tests.support.reader_fakes import OneReader, Typist

from varmentaja.card.driver import KeyAlgorithm
from varmentaja.card.drivers import open_card
from varmentaja.card.transport import InProcessTransport
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.signing import ScsService

ORIGIN = "https://portal.example"
MOST = 8


class Counting(InProcessTransport):
    """Counts APDUs."""

    count = 0

    def transmit(self, apdu: bytes) -> bytes:
        self.count += 1
        return super().transmit(apdu)


@pytest.mark.parametrize("generation", [cards.OLD_GENERATION, cards.GENERATION, cards.S4_2])
@pytest.mark.parametrize("algorithm", [KeyAlgorithm.RSA_3072, KeyAlgorithm.P384])
@pytest.mark.parametrize(("usage", "pin"), [("digitalSignature", cards.PIN1), ("nonRepudiation", cards.PIN2)])
def test_a_signature_through_scs_takes_at_most_eight_commands(
    generation: str, algorithm: KeyAlgorithm, usage: str, pin: str
) -> None:
    if generation == cards.OLD_GENERATION:
        algorithm = KeyAlgorithm.RSA_3072
    transport = Counting(cards.finished_card(algorithm, generation=generation))
    driver = open_card(transport)
    driver.activate(cards.CODE, cards.PIN1, cards.PIN2)
    service = ScsService(OneReader([InsertedCard("1", driver)]), Typist([pin, pin]))
    content = base64.b64encode(f"{ORIGIN};{'n' * 96}".encode()).decode()
    request = {"version": "1.2", "content": content, "selector": {"keyusages": [usage]}}
    for _ in range(2):
        transport.count = 0
        answer = service.sign(json.dumps(request).encode(), origin=ORIGIN)
        assert answer["status"] == "ok"
        assert 0 < transport.count <= MOST
