# SPDX-License-Identifier: EUPL-1.2
"""A whole reader program with a card host, and a finished card certified by the demo hierarchy."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from tests.support.cards import GENERATION, SERIAL, chip_key, order
from tests.support.pki import PHYSICIAN, Demo

from varmentaja.card.driver import CardCertificates, KeyRole
from varmentaja.card.host import CardHostServer
from varmentaja.card.host_client import CardHostClient
from varmentaja.card.personalise import CertificationRequest, personalise, run
from varmentaja.pki.issuance import CertificateRequest, issue, prepare
from varmentaja.pki.profile import load_profile
from varmentaja.reader.control_client import ReaderControl
from varmentaja.reader.program import ReaderProgram, ReaderSettings

PROFILES = {KeyRole.AUTHENTICATION: "professional-auth", KeyRole.SIGNATURE: "professional-sign"}


def certify(demo: Demo, request: CertificationRequest) -> CardCertificates:
    """Certificates of the demo hierarchy for a card's own keys."""
    authority = demo.hierarchy.authority_for("professionals", "ecc")
    made = {
        role: issue(
            prepare(
                CertificateRequest(
                    load_profile(PROFILES[role]),
                    PHYSICIAN,
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


@pytest.fixture
def card_host(tmp_path: Path, demo: Demo) -> Iterator[CardHostClient]:
    """A running card host with one finished, fresh card and one blank."""
    server = CardHostServer(tmp_path / "cards", tmp_path / "run" / "cardhost.sock", os.urandom)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    client = CardHostClient(tmp_path / "run" / "cardhost.sock")
    client.create(SERIAL, chip_key(), GENERATION)
    transport = client.connect(SERIAL)
    run(personalise(order(), chip_key()), transport.transmit, lambda request: certify(demo, request))
    transport.close()
    client.pull(SERIAL)
    client.create("AA112233445566778899", chip_key("AA112233445566778899"), GENERATION)
    yield client
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def program(tmp_path: Path, card_host: CardHostClient) -> Iterator[ReaderProgram]:
    settings = ReaderSettings(tmp_path / "run", tmp_path / "run" / "cardhost.sock", 0, (0,), slots=2)
    running = ReaderProgram(settings)
    yield running
    running.close()


@pytest.fixture
def control(program: ReaderProgram, tmp_path: Path) -> ReaderControl:
    return ReaderControl.running(tmp_path / "run")
