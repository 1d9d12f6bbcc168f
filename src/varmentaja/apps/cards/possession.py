# SPDX-License-Identifier: EUPL-1.2
"""Proof of possession comes before certification (decision 14): the chip signs our challenge with each key.

The challenge is derived for the order and the chip, so nothing is stored, and asking again after an
interruption gives the same one; what is signed names the key's role as well.
"""

from __future__ import annotations

from varmentaja.apps.cards.models import Card
from varmentaja.apps.certificates.actions.issue_batch import key_hash_of
from varmentaja.apps.certificates.queries import certified_elsewhere
from varmentaja.apps.vault.keys import possession_challenge
from varmentaja.card import proof
from varmentaja.card.driver import KeyRole
from varmentaja.card.generations import generation
from varmentaja.card.personalise import CertificationRequest, PersonalisationFailed, Remedy
from varmentaja.domain.errors import DomainError, Message, message
from varmentaja.pki.algorithms import Hash, algorithm_of
from varmentaja.pki.possession import verify_possession


def challenge_for(card: Card, chip_serial: str) -> bytes:
    """What the keys of this chip sign for this card's order."""
    return possession_challenge(str(card.order.key), chip_serial)


def proved_keys(card: Card, request: CertificationRequest) -> dict[KeyRole, bytes]:
    """The public keys (SubjectPublicKeyInfo, DER) that may be certified for ``card``.

    Raises PersonalisationFailed (DISCARD) unless there is a key of the ordered kind for each role, no two
    the same, none certified for another card, each with its proof.
    """
    if set(request.keys) != set(KeyRole):
        raise _refused(message("The card has not one key for each purpose."))
    keys = {role: _proved(card, request, role) for role in KeyRole}
    if len(set(keys.values())) != len(keys) or certified_elsewhere(map(key_hash_of, keys.values()), card.pk):
        raise _refused(message("The card's key is used for something else already."))
    return keys


def _proved(card: Card, request: CertificationRequest, role: KeyRole) -> bytes:
    given, challenge = request.keys[role], challenge_for(card, request.chip_serial)
    signed = proof.message(challenge, request.chip_serial, role)
    try:
        key = verify_possession(
            given.public_key, signed, given.signature, name=Hash(proof.PROOF_HASH.lower())
        )
    except DomainError as error:
        raise _refused(error.message) from error
    if algorithm_of(key) != generation(card.generation).keys[card.algorithm].value:
        raise _refused(message("The card's key is of another kind than was ordered."))
    return given.public_key


def _refused(why: Message) -> PersonalisationFailed:
    return PersonalisationFailed(Remedy.DISCARD, why)
