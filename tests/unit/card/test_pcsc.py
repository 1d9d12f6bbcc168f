# SPDX-License-Identifier: EUPL-1.2
"""PC/SC transport against a stand-in for pyscard: the calls it makes, and what it makes of failures."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
from tests.support import cards

from varmentaja.card.driver import CardRemoved, HashAlgorithm, KeyRole
from varmentaja.card.drivers import open_card
from varmentaja.card.pcsc import PcscReaders
from varmentaja.card.virtual.card import VirtualCard
from varmentaja.domain.errors import DomainError, Kind


class Scard(ModuleType):
    """``smartcard.scard`` with one reader."""

    SCARD_S_SUCCESS = 0
    SCARD_SCOPE_USER = 0
    SCARD_SHARE_SHARED = 2
    SCARD_LEAVE_CARD, SCARD_RESET_CARD = 0, 1
    SCARD_E_SHARING_VIOLATION, SCARD_W_RESET_CARD = 0x8010000B, 0x80100068
    SCARD_PROTOCOL_T0, SCARD_PROTOCOL_T1 = 1, 2
    SCARD_PCI_T0, SCARD_PCI_T1 = "T0", "T1"
    _REMOVED = 0x80100069

    def __init__(self, card: VirtualCard | None) -> None:
        super().__init__("scard")
        self.card = card
        self.calls: list[str] = []
        self.knows_status = True

    def SCardEstablishContext(self, _scope: int) -> tuple[int, str]:
        return 0, "context"

    def SCardListReaders(self, _context: str, _groups: list[str]) -> tuple[int, list[str]]:
        return 0, ["Reader 0"]

    def SCardConnect(self, *_arguments: Any) -> tuple[int, str, int]:
        return (0 if self.card else self._REMOVED), "card", self.SCARD_PROTOCOL_T1

    def SCardStatus(self, _card: str) -> tuple[int, str, int, int, list[int]]:
        if not self.knows_status:
            return self._REMOVED, "", 0, 0, []
        return 0, "Reader 0", 0, 0, list(cards.blank_card().atr)

    def SCardTransmit(self, _card: str, protocol: str, apdu: list[int]) -> tuple[int, list[int]]:
        assert protocol == "T1"
        self.calls.append("transmit")
        return (0, list(self.card.transmit(bytes(apdu)))) if self.card else (self._REMOVED, [])

    def SCardBeginTransaction(self, _card: str) -> int:
        self.calls.append("begin")
        return 0

    def SCardEndTransaction(self, _card: str, _disposition: int) -> int:
        self.calls.append("end")
        return 0

    def SCardDisconnect(self, _card: str, _disposition: int) -> int:
        self.calls.append("disconnect")
        return 0


@pytest.fixture
def scard(monkeypatch: pytest.MonkeyPatch) -> Scard:
    package, scard = ModuleType("smartcard"), Scard(cards.finished_card())
    package.scard = scard  # type: ignore[attr-defined]  # a stand-in package
    monkeypatch.setitem(sys.modules, "smartcard", package)
    monkeypatch.setitem(sys.modules, "smartcard.scard", scard)
    return scard


def test_a_signature_is_one_exclusive_transaction(scard: Scard) -> None:
    readers = PcscReaders()
    transport = readers.open(readers.names()[0])
    driver = open_card(transport)
    driver.activate(cards.CODE, cards.PIN1, cards.PIN2)
    scard.calls.clear()
    driver.sign(KeyRole.AUTHENTICATION, b"x", HashAlgorithm.SHA256, cards.PIN1)
    assert scard.calls == ["begin", *["transmit"] * 5, "end"]
    transport.close()
    assert scard.calls[-1] == "disconnect"


def test_an_empty_reader_and_a_pulled_card_are_removed_cards(scard: Scard) -> None:
    driver = open_card(PcscReaders().open("Reader 0"))
    scard.card = None
    with pytest.raises(CardRemoved):
        driver.read()
    with pytest.raises(CardRemoved):
        PcscReaders().open("Reader 0")


def test_a_card_that_is_pulled_while_it_is_connected_is_let_go(scard: Scard) -> None:
    scard.knows_status = False
    with pytest.raises(CardRemoved):
        PcscReaders().open("Reader 0")
    assert scard.calls == ["disconnect"]


def test_without_pyscard_a_person_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "smartcard", None)
    with pytest.raises(DomainError) as refusal:
        PcscReaders()
    assert refusal.value.kind is Kind.UNAVAILABLE
