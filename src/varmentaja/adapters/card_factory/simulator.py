# SPDX-License-Identifier: EUPL-1.2
"""A card factory with virtual cards: takes a blank from the card host, personalises it, draws its face.

It may be killed at any point. The chip is in the ledger before it exists, so the next call finds it and goes
on; what was certified is asked from the issuer, whose records are the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from varmentaja.adapters.card_factory.ledger import Entry, Ledger
from varmentaja.adapters.sandbox.faults import Faults
from varmentaja.card.contents import CardOrder
from varmentaja.card.driver import Transport, printed_serial
from varmentaja.card.issuer_key import diversify
from varmentaja.card.layout import PinPolicy
from varmentaja.card.personalise import Certified, PersonalisationFailed, Remedy, personalise, run
from varmentaja.documents.card_face import draw
from varmentaja.documents.sender import Sender
from varmentaja.domain.errors import DomainError, Kind, Message, conflict, message, unavailable
from varmentaja.domain.pins import PinName, pin_rules
from varmentaja.ports.card_factory import FactoryOrder, Issuer, MadeCard

SYSTEM = "card_factory"
"""Name of this system in the file of faults."""
_SERIAL_BYTES = 10
_LOST = message("The card is no longer at the factory.")


class CardHost(Protocol):
    """The part of ``card.host_client.CardHostClient`` that the factory uses."""

    def create(self, serial: str, issuer_key: bytes, generation: str) -> None: ...
    def connect(self, serial: str) -> Transport: ...
    def put_picture(self, serial: str, suffix: str, content: bytes) -> object: ...
    def discard(self, serial: str, reason: str) -> None: ...


class SimulatedCardFactory:
    """Implements ports.card_factory.CardFactory."""

    def __init__(
        self,
        host: CardHost,
        folder: Path,
        issuer_key: bytes,
        sender: Sender,
        random: Callable[[int], bytes],
        faults: Faults,
    ) -> None:
        """``folder`` is the factory's own; ``issuer_key`` (32 bytes) is the master key of the chips' keys."""
        self._host = host
        self._ledger = Ledger(folder)
        self._issuer_key = issuer_key
        self._sender = sender
        self._random = random
        self._faults = faults

    def make(self, order: FactoryOrder, issuer: Issuer) -> MadeCard:
        """See the port."""
        if self._faults.strike(SYSTEM, _no_answer):
            raise unavailable("The card factory gave an answer that can't be understood. Try again later.")
        transport = self._take_chip(order, issuer)
        chip = self._chip(order.key)
        try:
            certified = self._finish(order, chip, transport, issuer)
        except PersonalisationFailed as failure:
            if failure.remedy is Remedy.AGAIN:
                raise unavailable(
                    "The card is not finished. The factory goes on with it when asked again."
                ) from failure
            self._spoil(order.key, chip, issuer, failure.message)
            raise conflict(
                "The card was spoiled and destroyed. The factory takes another blank."
            ) from failure
        finally:
            transport.close()
        return self._print(order, chip, certified)

    def give_up(self, key: str, reason: Message) -> None:
        """See the port."""
        chip = self._ledger.read(key).chip_serial
        self._ledger.write(key, Entry(chip, given_up=True))
        if chip is not None:
            self._destroy(chip, reason)

    def _take_chip(self, order: FactoryOrder, issuer: Issuer) -> Transport:
        """The order's chip in the machine: the one taken before, or a new blank of the generation."""
        entry = self._ledger.read(order.key)
        if entry.given_up:
            raise conflict("This order was given up. Order a new card.")
        if entry.chip_serial is not None:
            try:
                return self._host.connect(entry.chip_serial)
            except DomainError as error:
                if error.kind is not Kind.NOT_FOUND:
                    raise
                issuer.withdraw(entry.chip_serial, _LOST)
        chip = self._random(_SERIAL_BYTES).hex().upper()
        self._ledger.write(order.key, Entry(chip))
        self._host.create(chip, diversify(self._issuer_key, chip), order.generation)
        return self._host.connect(chip)

    def _chip(self, key: str) -> str:
        chip = self._ledger.read(key).chip_serial
        assert chip is not None  # _take_chip has written it
        return chip

    def _finish(self, order: FactoryOrder, chip: str, transport: Transport, issuer: Issuer) -> Certified:
        """Personalise from wherever the card stands; keys that were lost are replaced once."""
        content = _content(order, chip, issuer)
        key = diversify(self._issuer_key, chip)
        certified = issuer.certified(chip)
        try:
            steps = personalise(content, key, certified)
            return run(steps, transport.transmit, issuer.certify).certified
        except PersonalisationFailed as failure:
            if failure.remedy is not Remedy.ANEW:
                raise
            issuer.withdraw(chip, failure.message)
            return run(personalise(content, key), transport.transmit, issuer.certify).certified

    def _print(self, order: FactoryOrder, chip: str, certified: Certified) -> MadeCard:
        pictures = draw(order.face, printed_serial(chip), self._sender)
        self._host.put_picture(chip, ".png", pictures.front)
        return MadeCard(chip, printed_serial(chip), certified, pictures.front, pictures.back)

    def _spoil(self, key: str, chip: str, issuer: Issuer, reason: Message) -> None:
        issuer.withdraw(chip, reason)
        self._destroy(chip, reason)
        self._ledger.write(key, Entry())

    def _destroy(self, chip: str, reason: Message) -> None:
        try:
            self._host.discard(chip, str(reason))
        except DomainError as error:
            if error.kind is not Kind.NOT_FOUND:
                raise


def _content(order: FactoryOrder, chip: str, issuer: Issuer) -> CardOrder:
    rules = pin_rules(order.product, order.generation)
    return CardOrder(
        chip_serial=chip,
        label=f"Varmentaja {printed_serial(chip)}",
        generation=order.generation,
        algorithm=order.algorithm,
        challenge=issuer.challenge(chip),
        code=issuer.activation_code(chip),
        pin1=PinPolicy.of(rules, PinName.PIN1),
        pin2=PinPolicy.of(rules, PinName.PIN2),
    )


def _no_answer() -> DomainError:
    return unavailable("The card factory does not answer. Try again later.")
