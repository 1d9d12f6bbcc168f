# SPDX-License-Identifier: EUPL-1.2
"""The checks of one sign-in: origin, age, signature, path, purpose and status, its status answer at hand."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from varmentaja.config import settings
from varmentaja.ground.keys import authority_store
from varmentaja.pki import crl, issuance, ocsp
from varmentaja.pki.hierarchy import load_hierarchy
from varmentaja.pki.names import Subject
from varmentaja.pki.presigning import Presigner
from varmentaja.pki.profile import load_profile
from varmentaja.relying_party import AuthorityLists, RelyingParty
from varmentaja.relying_party.answer import Signature


def times(count: int) -> list[float]:
    """Milliseconds of each, for a certificate that the demo's authority issues for it."""
    hierarchy, store = load_hierarchy(settings().hierarchy_folder, production=False), authority_store()
    authority, now = hierarchy.authority_for("professionals", "ecc"), datetime.now(UTC).replace(microsecond=0)
    key, end = ec.generate_private_key(ec.SECP384R1()), now + timedelta(days=2)
    holder = Subject("00999000101", "Elina Sofia", "Elina", "Mäntykangas", "laillistettu lääkäri")
    request = issuance.CertificateRequest(
        load_profile("professional-auth"), holder, key.public_key(), now, end
    )
    token = issuance.prepare(request, authority.issuer, random=os.urandom)
    certificate = x509.load_der_x509_certificate(issuance.issue(token, store))
    status = ocsp.CertificateStatus(token.serial)
    good = Presigner(authority, store, this_update=now, next_update=end).sign(status).sha256
    root = hierarchy.authority(authority.issued_by)
    above = crl.sign_crl(root, 0, [], store, number=1, this_update=now, next_update=end)
    lists = AuthorityLists(lambda url: above)
    party = RelyingParty(hierarchy, lambda url, asked: good, "http://localhost:8000", bytes(32), lists)
    challenge = party.challenge(now=now, random=os.urandom)
    value = key.sign(challenge.content, ec.ECDSA(hashes.SHA256()))
    answer = Signature("SHA256withECDSA", value, (certificate,))
    return [_timed(party, challenge.content, answer, now) for _ in range(count)]


def _timed(party: RelyingParty, content: bytes, answer: Signature, now: datetime) -> float:
    begun = time.perf_counter()
    party.sign_in(content, answer, now=now)
    return (time.perf_counter() - begun) * 1000
