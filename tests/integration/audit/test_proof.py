# SPDX-License-Identifier: EUPL-1.2
"""``varmentaja audit verify``: by whose key the heads are proved."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import transaction

from varmentaja.apps.audit.heads import publish_head
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.audit.sealing import seal_all
from varmentaja.config import Settings
from varmentaja.domain.actors import SYSTEM
from varmentaja.ground import keys, proof, worker
from varmentaja.ground.proof import DIFFERS, prove
from varmentaja.pki.algorithms import PublicKey
from varmentaja.signer.keys import make_service_keys

pytestmark = pytest.mark.django_db(transaction=True)
NOT_PROVED = "no signed head was found: the end of the chain is not proved"


@pytest.fixture
def now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A service with a key store whose worker has signed a head."""
    chosen = Settings(state=tmp_path)
    for module in (keys, proof, worker):
        monkeypatch.setattr(module, "settings", lambda: chosen)
    keys.authority_store.cache_clear()
    make_service_keys(keys.authority_store())
    with transaction.atomic():
        record(AuditAction.CARD_ORDERED, SYSTEM)
    seal_all()
    worker.sign_head()
    yield chosen
    keys.authority_store.cache_clear()


def pem(key: PublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def test_the_key_stores_own_key_proves(now: Settings) -> None:
    report = prove(None, None)
    assert (report["findings"], report["key"]) == ([], "key store")


def test_heads_and_key_exchanged_together_show_where_the_key_store_opens(now: Settings) -> None:
    forger = ec.generate_private_key(ec.SECP256R1())
    now.audit_key.write_bytes(pem(forger.public_key()))
    assert prove(None, None)["findings"] == [DIFFERS], "the heads are still ours"
    shutil.rmtree(now.audit_heads / "heads")
    (now.audit_heads / "head.json").unlink()
    publish_head(
        now.audit_heads, lambda data: forger.sign(data, ec.ECDSA(hashes.SHA256())), now=datetime.now(UTC)
    )
    findings = prove(None, None)["findings"]
    assert DIFFERS in findings and NOT_PROVED in findings


def test_a_key_kept_elsewhere_is_taken_when_it_is_named(now: Settings, tmp_path: Path) -> None:
    kept = tmp_path / "kept.pem"
    kept.write_bytes(now.audit_key.read_bytes())
    report = prove(None, kept)
    assert (report["findings"], report["key"]) == ([], str(kept))
    kept.write_bytes(pem(ec.generate_private_key(ec.SECP256R1()).public_key()))
    assert NOT_PROVED in prove(None, kept)["findings"]


def test_without_the_key_store_the_key_beside_the_heads_is_the_last_resort(now: Settings) -> None:
    now.authorities_passphrase.unlink()
    keys.authority_store.cache_clear()
    report = prove(None, None)
    assert (report["findings"], report["key"]) == ([], "beside the heads")
    assert not now.authorities_passphrase.exists(), "nothing is made to find out"
