# SPDX-License-Identifier: EUPL-1.2
"""Every new answer is signed by whom a relying party accepts, as ``cryptography`` verifies it.

It shares no code with what encoded the answer, and needs no program to start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from varmentaja.domain.errors import message
from varmentaja.domain.publication_gate import Finding, Gate
from varmentaja.pki.publication.gates.judging import by_authority, first_of
from varmentaja.pki.publication.gates.reading import FreshAnswer, fresh
from varmentaja.pki.publication.publisher import Candidate

_AT_ONCE = 2
"""Verifying leaves the interpreter to others."""
_EACH = 250


def wrongly_signed(candidate: Candidate) -> Iterator[Finding]:
    """Both forms of every new answer: by the authority, or by a responder that it has certified."""
    answers = fresh(candidate).answers
    parts = [answers[begin : begin + _EACH] for begin in range(0, len(answers), _EACH)]
    look = _looks_at(candidate)
    if len(parts) <= 1:
        wrong = [answer.name for part in parts for answer in look(part)]
    else:
        with ThreadPoolExecutor(_AT_ONCE, "signatures") as threads:
            wrong = [answer.name for found in threads.map(look, parts) for answer in found]
    for authority, names in by_authority(wrong):
        text = message(
            "%(count)d answers of %(name)s are not rightly signed.", count=len(names), name=authority
        )
        yield Finding(Gate.REJECTED, f"{authority}/signature", len(names), text, first_of(names))


def _looks_at(candidate: Candidate) -> Callable[[tuple[FreshAnswer, ...]], list[FreshAnswer]]:
    certificates = candidate.after.certificates

    def look(part: tuple[FreshAnswer, ...]) -> list[FreshAnswer]:
        return [
            answer
            for answer in part
            if not all(_is_right(der, certificates[answer.authority]) for der in (answer.sha1, answer.sha256))
        ]

    return look


def _is_right(der: bytes, authority: bytes) -> bool:
    answer = ocsp.load_der_ocsp_response(der)
    signers = answer.certificates
    key = _key_of(signers[0] if signers else None, authority)
    try:
        if isinstance(key, ec.EllipticCurvePublicKey) and answer.signature_hash_algorithm:
            key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(answer.signature_hash_algorithm))
        elif isinstance(key, rsa.RSAPublicKey) and answer.signature_hash_algorithm:
            key.verify(
                answer.signature,
                answer.tbs_response_bytes,
                padding.PKCS1v15(),
                answer.signature_hash_algorithm,
            )
        else:
            return False
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=256)
def _key_of(signer: x509.Certificate | None, authority: bytes) -> object:
    """The key by which a relying party verifies; None when the signer has no right to sign (RFC 6960
    §4.2.2.2)."""
    issuer = x509.load_der_x509_certificate(authority)
    if signer is None or signer == issuer:
        return issuer.public_key()
    try:
        signer.verify_directly_issued_by(issuer)
        usages = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (InvalidSignature, ValueError, TypeError, x509.ExtensionNotFound):
        return None
    return signer.public_key() if ExtendedKeyUsageOID.OCSP_SIGNING in usages else None
