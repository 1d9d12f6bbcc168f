# SPDX-License-Identifier: EUPL-1.2
"""Whom a stranger trusts: roots whose fingerprints he has compared, and authorities that they certified."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from varmentaja.domain.errors import invalid, not_allowed
from varmentaja.pki.algorithms import PublicKey
from varmentaja.pki.foreign import load_foreign
from varmentaja.pki.hierarchy import Authority, Hierarchy
from varmentaja.pki.template import Issuer

POLICY_ARC = "1.3.6.1.4.1.32473.246"
"""Arc of the certificate policies of the test service; an agency publishes its own."""


def trust(
    roots: Mapping[str, bytes],
    issuers: Iterable[bytes],
    *,
    policy_arc: str = POLICY_ARC,
    policies: Mapping[str, str] | None = None,
) -> Hierarchy:
    """What a `RelyingParty` trusts, from certificates alone (PEM or DER, from files or from ``/ca/``).

    ``roots`` are by their SHA-256 fingerprints, which came by a trustworthy way; ``policies`` names a
    profile's policy where it does not stand under the arc. `not_allowed` for a root with another fingerprint
    and for an issuer that none of the roots signed, `invalid` for what is no certificate.
    """
    anchors = [_root(fingerprint, content) for fingerprint, content in roots.items()]
    others = [_load(content) for content in issuers]
    found = {_name(each): (each, each) for each in anchors}
    found |= {_name(each): (each, _signer(each, anchors)) for each in others}
    return Hierarchy(
        id="certificates",
        version="",
        test=all("TEST" in name for name in found),
        base_url="",
        plan_hash="",
        made_at=min(each.not_valid_before_utc for each in anchors),
        authorities={
            name: _authority(name, each, _name(above), policy_arc, policies or {})
            for name, (each, above) in found.items()
        },
    )


def fingerprint_of(certificate: x509.Certificate) -> str:
    """SHA-256 over the certificate, as hexadecimal digits."""
    return certificate.fingerprint(hashes.SHA256()).hex().upper()


def _root(fingerprint: str, content: bytes) -> x509.Certificate:
    root = _load(content)
    if fingerprint.replace(":", "").replace(" ", "").upper() != fingerprint_of(root):
        raise not_allowed(
            "The root certificate has another fingerprint: %(found)s", found=fingerprint_of(root)
        )
    if root.issuer != root.subject or not _signed(root, root):
        raise not_allowed("%(name)s is not the certificate of a root.", name=_name(root))
    return root


def _signer(issuer: x509.Certificate, roots: list[x509.Certificate]) -> x509.Certificate:
    for root in roots:
        if _signed(issuer, root):
            return root
    raise not_allowed("None of the roots has certified %(name)s.", name=_name(issuer))


def _signed(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _load(content: bytes) -> x509.Certificate:
    load = x509.load_pem_x509_certificate if b"-----BEGIN" in content else x509.load_der_x509_certificate
    try:
        return load_foreign(content, load)
    except ValueError as error:
        raise invalid("The file does not hold a certificate that can be read.") from error


def _name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def _authority(
    name: str, certificate: x509.Certificate, issued_by: str, arc: str, policies: Mapping[str, str]
) -> Authority:
    issuer = Issuer(
        id=name,
        role=name,
        test="TEST" in name,
        name=certificate.subject.public_bytes(),
        key_label="",
        public_key=cast(PublicKey, certificate.public_key()),
        base_url="",
        policy_arc=arc,
        policy_by_profile=tuple(sorted(policies.items())),
        shards=0,
        certificate=certificate,
    )
    return Authority(name, name, "", issued_by, certificate, issuer, None)
