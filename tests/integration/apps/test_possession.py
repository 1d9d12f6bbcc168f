# SPDX-License-Identifier: EUPL-1.2
"""Nothing is certified, and no serial reserved, for keys that the ordered chip has not proved to hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from tests.support.service import Service

from varmentaja.apps.cards.actions.produce_card import produce_card
from varmentaja.apps.cards.certify import CardIssuer
from varmentaja.apps.cards.models import Card, Order
from varmentaja.apps.certificates.models import Certificate
from varmentaja.card import proof
from varmentaja.card.driver import KeyRole
from varmentaja.card.personalise import CertificationRequest, PersonalisationFailed, Remedy
from varmentaja.card.proof import KeyProof
from varmentaja.domain.errors import Kind
from varmentaja.pki.algorithms import PrivateKey, spki
from varmentaja.ports.card_factory import CardFactory, FactoryOrder, Issuer, MadeCard

pytestmark = pytest.mark.django_db

CHIP, OTHER_CHIP = "00112233445566778899", "99887766554433221100"
AUTH, SIGN = KeyRole


def signed(key: PrivateKey, challenge: bytes, role: KeyRole, chip: str = CHIP) -> bytes:
    data = proof.message(challenge, chip, role)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(data, ec.ECDSA(hashes.SHA256()))


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP384R1())


def proved(challenge: bytes, **keys: PrivateKey) -> CertificationRequest:
    made: dict[KeyRole, PrivateKey] = {role: keys.get(role.name.lower()) or new_key() for role in KeyRole}
    return CertificationRequest(
        CHIP,
        {role: KeyProof(spki(key.public_key()), signed(key, challenge, role)) for role, key in made.items()},
    )


def with_signature(request: CertificationRequest, signature: bytes) -> CertificationRequest:
    return replace(request, keys=request.keys | {SIGN: replace(request.keys[SIGN], signature=signature)})


@pytest.fixture
def issuer(service: Service) -> CardIssuer:
    draft = service.application()
    service.submit(draft)
    return CardIssuer(service.order_of(draft).card_id, service.now, service.today)


FAULTS: dict[str, Callable[[bytes, dict[str, PrivateKey]], CertificationRequest]] = {
    "signature by another key": lambda challenge, keys: with_signature(
        proved(challenge), signed(new_key(), challenge, SIGN)
    ),
    "signature over another challenge": lambda challenge, keys: proved(bytes(32)),
    "signature for the other role": lambda challenge, keys: with_signature(
        proved(challenge, signature=keys["ecc"]), signed(keys["ecc"], challenge, AUTH)
    ),
    "signature for another chip": lambda challenge, keys: with_signature(
        proved(challenge, signature=keys["ecc"]), signed(keys["ecc"], challenge, SIGN, OTHER_CHIP)
    ),
    "one key for both": lambda challenge, keys: proved(
        challenge, authentication=keys["ecc"], signature=keys["ecc"]
    ),
    "a key of another kind": lambda challenge, keys: proved(challenge, signature=keys["rsa"]),
    "one key alone": lambda challenge, keys: CertificationRequest(CHIP, {SIGN: proved(challenge).keys[SIGN]}),
    "no key": lambda challenge, keys: CertificationRequest(CHIP, {}),
    "noise": lambda challenge, keys: CertificationRequest(
        CHIP, dict.fromkeys(KeyRole, KeyProof(b"noise", b"noise"))
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_not_proved_is_not_certified(
    issuer: CardIssuer, card_keys: dict[str, PrivateKey], fault: str
) -> None:
    request = FAULTS[fault](issuer.challenge(CHIP), card_keys)
    with pytest.raises(PersonalisationFailed) as refused:
        issuer.certify(request)
    assert refused.value.remedy is Remedy.DISCARD
    assert not Certificate.objects.exists()
    assert Card.objects.get(pk=issuer.card_id).chip_serial is None


def test_what_is_proved_is_certified_and_the_challenge_is_of_order_and_chip(
    issuer: CardIssuer, service: Service
) -> None:
    challenge = issuer.challenge(CHIP)
    assert challenge == issuer.challenge(CHIP) != issuer.challenge(OTHER_CHIP)
    issuer.certify(proved(challenge))
    assert set(Certificate.objects.values_list("purpose", "state")) == {
        ("authentication", "issued"),
        ("signature", "issued"),
    }


def test_a_key_that_another_card_has_is_not_certified(
    issuer: CardIssuer, service: Service, card_keys: dict[str, PrivateKey]
) -> None:
    issuer.certify(proved(issuer.challenge(CHIP), signature=card_keys["ecc"]))
    draft = service.application("prescribing_nurse")
    service.submit(draft)
    other = CardIssuer(service.order_of(draft).card_id, service.now, service.today)
    assert other.challenge(CHIP) != issuer.challenge(CHIP), "another order"
    with pytest.raises(PersonalisationFailed, match="something else already"):
        other.certify(proved(other.challenge(CHIP), signature=card_keys["ecc"]))
    assert not Certificate.objects.filter(card_id=other.card_id).exists()


class DishonestFactory:
    """Signs with a key that is not on the chip; checks nothing itself."""

    def make(self, order: FactoryOrder, issuer: Issuer) -> MadeCard:
        challenge = issuer.challenge(CHIP)
        issuer.certify(with_signature(proved(challenge), signed(new_key(), challenge, SIGN)))
        raise AssertionError("certified")

    def give_up(self, key: str, reason: Any) -> None:
        raise AssertionError("the order waits for another blank")


def test_an_order_waits_while_the_factory_cannot_prove(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = service.application()
    service.submit(draft)
    order = service.order_of(draft)
    factory: CardFactory = DishonestFactory()
    monkeypatch.setattr("varmentaja.apps.cards.actions.produce_card._factory", lambda: factory)
    with pytest.raises(PersonalisationFailed) as refused:
        produce_card(order.pk, now=service.now, today=service.today)
    assert refused.value.kind is Kind.CONFLICT
    order = Order.objects.get(pk=order.pk)
    assert order.state == "personalising"
    assert "did not prove" in order.reason["text"]
    assert not Certificate.objects.exists()
