# SPDX-License-Identifier: EUPL-1.2
"""A TEST hierarchy made once a run, and certificates under it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from varmentaja.pki.algorithms import PrivateKey
from varmentaja.pki.ceremony import demo_plan, perform_ceremony
from varmentaja.pki.crl import Reason, encode_entry, sign_crl
from varmentaja.pki.hierarchy import Hierarchy
from varmentaja.pki.issuance import CertificateRequest, issue, prepare
from varmentaja.pki.keystore import SoftwareKeyStore, open_software_store
from varmentaja.pki.names import Subject
from varmentaja.pki.profile import load_profile
from varmentaja.pki.serials import serial_text
from varmentaja.relying_party import AuthorityLists

BASE_URL = "http://127.0.0.1:8001"
LINES = ("ecc", "rsa")
PERSON_PROFILES = ("professional-auth", "professional-sign", "personnel-auth", "personnel-sign")
PHYSICIAN = Subject(
    serial_number="00198705840",
    given_names="Aino Maria",
    first_name="Aino",
    surname="Äijälä",
    title="laillistettu lääkäri",
    physician_code="032680",
)


@dataclass(frozen=True)
class Demo:
    """A demo hierarchy with its key store."""

    hierarchy: Hierarchy
    store: SoftwareKeyStore
    now: datetime
    folder: Path | None = None
    """Of the hierarchy's files."""

    def lists(self, revoked: str = "", at: datetime | None = None) -> AuthorityLists:
        """What relying parties know of the authorities: roots revoked none, or the one of this id."""

        def fetch(url: str) -> bytes:
            return self.list_of(url.split("/")[-2], revoked, at)

        return AuthorityLists(fetch)

    def list_of(self, root: str, revoked: str = "", at: datetime | None = None) -> bytes:
        """A root's list of two days that names the authority of this id, or nobody."""
        entries = []
        if revoked:
            serial = serial_text(self.hierarchy.authority(revoked).certificate.serial_number)
            entries.append(encode_entry(serial, at or self.now, Reason.CA_COMPROMISE))
        until = self.now + timedelta(days=2)
        above = self.hierarchy.authority(root)
        return sign_crl(above, 0, entries, self.store, number=1, this_update=self.now, next_update=until)

    def issue(
        self, profile: str, line: str, key: PrivateKey, subject: Subject = PHYSICIAN
    ) -> x509.Certificate:
        """One certificate by the authority for professionals."""
        request = CertificateRequest(
            load_profile(profile), subject, key.public_key(), self.now, self.now + timedelta(days=1826)
        )
        issuer = self.hierarchy.authority_for("professionals", line).issuer
        token = prepare(request, issuer, random=os.urandom)
        return x509.load_der_x509_certificate(issue(token, self.store))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo hierarchy of this run."""
    folder = tmp_path_factory.mktemp("pki")
    store = open_software_store(folder / "keys", b"passphrase", random=os.urandom)
    now = datetime.now(UTC).replace(microsecond=0)
    plan = demo_plan(BASE_URL)
    files = folder / "hierarchy"
    return Demo(perform_ceremony(plan, store, files, now=now, random=os.urandom), store, now, files)


@pytest.fixture(scope="session")
def card_keys() -> dict[str, PrivateKey]:
    """A card key for each line: P-384 and RSA-3072."""
    return {"ecc": ec.generate_private_key(ec.SECP384R1()), "rsa": rsa.generate_private_key(65537, 3072)}
