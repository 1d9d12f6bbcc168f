# SPDX-License-Identifier: EUPL-1.2
"""Virtual cards whose certificates come from the demo hierarchy."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta

from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from tests.support.cards import CODE, PIN1, PIN2, SERIAL, blank_card, chip_key, order
from tests.support.pki import PHYSICIAN, Demo

from varmentaja.card.driver import CardCertificates, KeyAlgorithm, KeyRole
from varmentaja.card.drivers import open_card
from varmentaja.card.personalise import CertificationRequest, personalise, run
from varmentaja.card.transport import InProcessTransport
from varmentaja.card.virtual.card import VirtualCard
from varmentaja.pki.issuance import CertificateRequest, issue, prepare
from varmentaja.pki.names import Subject
from varmentaja.pki.profile import load_profile

PROFILES = {KeyRole.AUTHENTICATION: "professional-auth", KeyRole.SIGNATURE: "professional-sign"}


def certify(
    demo: Demo,
    request: CertificationRequest,
    *,
    subject: Subject = PHYSICIAN,
    profiles: Mapping[KeyRole, str] = PROFILES,
) -> CardCertificates:
    """Certificates of the demo hierarchy for a card's own keys."""
    authority = demo.hierarchy.authority_for("professionals", "ecc")
    made = {
        role: issue(
            prepare(
                CertificateRequest(
                    load_profile(profiles[role]),
                    subject,
                    load_der_public_key(proof.public_key),  # type: ignore[arg-type]  # a card's kinds only
                    demo.now,
                    demo.now + timedelta(days=1826),
                ),
                authority.issuer,
                random=os.urandom,
            ),
            demo.store,
        )
        for role, proof in request.keys.items()
    }
    issuer, root = (
        certificate.public_bytes(Encoding.DER) for certificate in demo.hierarchy.chain(authority.id)
    )
    return CardCertificates(made[KeyRole.AUTHENTICATION], made[KeyRole.SIGNATURE], issuer, root)


def demo_card(demo: Demo, *, activated: bool = True) -> VirtualCard:
    """A finished card, as its holder has it."""
    card = blank_card()
    steps = personalise(order(KeyAlgorithm.P384, SERIAL, card.state.generation), chip_key())
    run(steps, card.transmit, lambda request: certify(demo, request))
    if activated:
        open_card(InProcessTransport(card)).activate(CODE, PIN1, PIN2)
    return card
