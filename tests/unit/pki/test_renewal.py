# SPDX-License-Identifier: EUPL-1.2
"""An OCSP responder's certificate that nears its end is replaced, and answers go on without a gap."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509 import ocsp as x509_ocsp

from varmentaja.pki import renewal
from varmentaja.pki.ceremony import demo_plan, perform_ceremony
from varmentaja.pki.hierarchy import Hierarchy, load_hierarchy
from varmentaja.pki.keystore import SoftwareKeyStore, open_software_store
from varmentaja.pki.ocsp import CertificateStatus
from varmentaja.pki.presigning import Presigner
from varmentaja.pki.profile import load_profile
from varmentaja.pki.renewal import RENEW_BEFORE, renew_responders

BASE_URL = "http://127.0.0.1:8001"
MADE = datetime(2026, 1, 7, 12, tzinfo=UTC)
RESPONDER_DAYS = load_profile("ocsp-responder").longest_days
ENDS = MADE + timedelta(days=RESPONDER_DAYS)
LATE = ENDS - RENEW_BEFORE + timedelta(seconds=1)
AUTHORITIES = [
    f"{role}-{line}" for line in ("ecc", "rsa") for role in ("professionals", "services", "temporary")
]


@dataclass(frozen=True)
class Old:
    """A hierarchy whose responders' certificates are about to end."""

    folder: Path
    store: SoftwareKeyStore

    def hierarchy(self) -> Hierarchy:
        return load_hierarchy(self.folder, production=False)

    def renew(self, now: datetime) -> tuple[str, ...]:
        return renew_responders(self.folder, self.store, production=False, now=now, random=os.urandom)

    def answer(self, authority: str, now: datetime) -> x509_ocsp.OCSPResponse:
        signed = Presigner(
            self.hierarchy().authority(authority),
            self.store,
            this_update=now,
            next_update=now + timedelta(days=2),
        ).sign(CertificateStatus("4" * 32))
        return x509_ocsp.load_der_ocsp_response(signed.sha256)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys and hierarchy; each test has a copy."""
    folder = tmp_path_factory.mktemp("made")
    store = open_software_store(folder / "keys", b"passphrase", random=os.urandom)
    perform_ceremony(demo_plan(BASE_URL), store, folder / "hierarchy", now=MADE, random=os.urandom)
    return folder


@pytest.fixture
def old(made: Path, tmp_path: Path) -> Old:
    for name in ("keys", "hierarchy"):
        shutil.copytree(made / name, tmp_path / name)
    store = open_software_store(tmp_path / "keys", b"passphrase", random=os.urandom)
    return Old(tmp_path / "hierarchy", store)


def test_all_responders_are_renewed_in_time_and_sign_from_then_on(old: Old) -> None:
    assert old.renew(ENDS - RENEW_BEFORE) == ()
    before = {name: old.hierarchy().authority(name) for name in AUTHORITIES}
    renewed = old.renew(LATE)
    assert sorted(renewed) == sorted(AUTHORITIES)
    for name in AUTHORITIES:
        authority, was = old.hierarchy().authority(name), before[name]
        assert authority.responder and was.responder
        certificate, previous = authority.responder.certificate, was.responder.certificate
        assert authority.certificate == was.certificate
        assert certificate.public_key() != previous.public_key()
        assert certificate.subject == previous.subject
        assert certificate.not_valid_after_utc == LATE.replace(microsecond=0) + timedelta(days=RESPONDER_DAYS)
        certificate.verify_directly_issued_by(authority.certificate)
        (sent,) = old.answer(name, LATE).certificates
        assert sent == certificate
        assert _extensions(certificate) == _extensions(previous)


def _extensions(certificate: x509.Certificate) -> dict[str, bool]:
    return {each.oid.dotted_string: each.critical for each in certificate.extensions}


def test_an_answer_by_the_new_responder_verifies_with_its_key(old: Old) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec

    old.renew(LATE)
    answer = old.answer("professionals-ecc", LATE)
    key = answer.certificates[0].public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey) and answer.signature_hash_algorithm is not None
    key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(answer.signature_hash_algorithm))


def test_what_was_renewed_is_not_renewed_again_until_its_own_end_is_near(old: Old) -> None:
    old.renew(LATE)
    assert old.renew(LATE + timedelta(days=1)) == ()
    assert len(old.renew(LATE + timedelta(days=RESPONDER_DAYS - 30))) == len(AUTHORITIES)


def test_the_ceremony_still_knows_its_hierarchy_after_a_renewal(old: Old) -> None:
    old.renew(LATE)
    again = perform_ceremony(demo_plan(BASE_URL), old.store, old.folder, now=LATE, random=os.urandom)
    responder = again.authority("services-rsa").responder
    assert responder is not None
    assert responder.id == f"services-rsa-ocsp-{LATE:%Y%m%d}"


@pytest.mark.parametrize("step", ["certify_responder", "_take_over"])
def test_a_renewal_that_was_cut_off_leaves_the_old_responder_and_is_done_again(
    old: Old, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    class Killed(BaseException):
        pass

    def kill(*args: object, **named: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(renewal, step, kill)
        with pytest.raises(Killed):
            old.renew(LATE)
    responder = old.hierarchy().authority("professionals-ecc").responder
    assert responder is not None and responder.id == "professionals-ecc-ocsp"
    assert len(old.renew(LATE)) == len(AUTHORITIES)


def test_a_responder_does_not_outlive_its_authority(old: Old) -> None:
    authority = old.hierarchy().authority("professionals-ecc").certificate
    now = authority.not_valid_after_utc - timedelta(days=30)
    assert "professionals-ecc" in old.renew(now)
    responder = old.hierarchy().authority("professionals-ecc").responder
    assert responder is not None
    assert responder.certificate.not_valid_after_utc == authority.not_valid_after_utc
    files = set(old.folder.iterdir())
    for days in (0, 1, 29):
        assert old.renew(now + timedelta(days=days)) == (), "no new one would last longer"
    assert set(old.folder.iterdir()) == files


def test_the_profile_stands_with_the_renewed_responder(old: Old) -> None:
    old.renew(LATE)
    manifest = json.loads((old.folder / "manifest.json").read_bytes())
    (entry,) = [each for each in manifest["authorities"] if each["id"] == "services-ecc"]
    assert entry["responder"]["profile"] == load_profile("ocsp-responder").mark
