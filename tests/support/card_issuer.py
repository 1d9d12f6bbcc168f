# SPDX-License-Identifier: EUPL-1.2
"""An order for a card factory, and the one who ordered."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date

from tests.support import cards

from varmentaja.card import proof
from varmentaja.card.driver import CardCertificates, KeyAlgorithm, KeyRole
from varmentaja.card.personalise import CertificationRequest, Certified
from varmentaja.domain.errors import Message
from varmentaja.pki.possession import verify_possession
from varmentaja.ports.card_factory import Face, FactoryOrder

ORDER = FactoryOrder(
    key="5c1c0a52-8a7c-4a5e-9a54-000000000001",
    product="professional",
    generation="2020",
    algorithm=KeyAlgorithm.P384,
    face=Face(
        "professional", "Mäntykangas", "Elina", "Laillistettu lääkäri", "00999000101", date(2031, 11, 24)
    ),
)


class Records:
    """An issuer that remembers, as a database would."""

    def __init__(self) -> None:
        self.known: dict[str, Certified] = {}
        self.challenges: dict[str, bytes] = {}
        self.withdrawn: list[str] = []
        self.requests = 0
        self.before_answer: Callable[[str], None] = lambda chip: None

    def activation_code(self, chip_serial: str) -> str:
        return cards.CODE

    def challenge(self, chip_serial: str) -> bytes:
        return self.challenges.setdefault(chip_serial, os.urandom(32))

    def certified(self, chip_serial: str) -> Certified | None:
        return self.known.get(chip_serial)

    def certify(self, request: CertificationRequest) -> CardCertificates:
        self.requests += 1
        self.check(request)
        made = cards.authority().certify(request)
        keys: dict[KeyRole, bytes] = {role: each.public_key for role, each in request.keys.items()}
        self.known[request.chip_serial] = Certified(keys, made)
        self.before_answer(request.chip_serial)
        return made

    def withdraw(self, chip_serial: str, reason: Message) -> None:
        self.withdrawn.append(chip_serial)
        self.known.pop(chip_serial, None)

    def check(self, request: CertificationRequest) -> None:
        """Both keys have signed the challenge that was given for the chip."""
        assert set(request.keys) == set(KeyRole)
        for role, each in request.keys.items():
            signed = proof.message(self.challenges[request.chip_serial], request.chip_serial, role)
            verify_possession(each.public_key, signed, each.signature)
