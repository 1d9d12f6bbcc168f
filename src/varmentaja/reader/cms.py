# SPDX-License-Identifier: EUPL-1.2
"""Detached CMS signatures (RFC 5652) for SCS: what the card signs, and the finished SignedData.

The signed attributes are those of the ETSI baselines: content type, message digest and the ESS
signing-certificate-v2 (RFC 5035) that ties the signature to its certificate. CAdES (EN 319 122) wants the
signing time among them; PAdES (EN 319 142) has it in the PDF file and forbids it here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import algos, cms, tsp, x509

from varmentaja.card.driver import HashAlgorithm


@dataclass(frozen=True, slots=True)
class CmsDraft:
    """A signature without its value: sign ``to_be_signed`` with the leaf's key, then ``finish``."""

    to_be_signed: bytes
    """DER of the signed attributes (RFC 5652 §5.4): data, not a digest."""
    _attributes: cms.CMSAttributes
    _chain: tuple[bytes, ...]
    _hash_name: str
    _is_ec: bool

    def finish(self, signature: bytes) -> bytes:
        """The SignedData in its ContentInfo as DER. ``signature`` is DER for EC, PKCS #1 v1.5 for RSA."""
        certificates = [x509.Certificate.load(der) for der in self._chain]
        leaf = certificates[0]
        signer = cms.SignerInfo(
            {
                "version": "v1",
                "sid": cms.SignerIdentifier(
                    "issuer_and_serial_number",
                    cms.IssuerAndSerialNumber({"issuer": leaf.issuer, "serial_number": leaf.serial_number}),
                ),
                "digest_algorithm": {"algorithm": self._hash_name},
                "signed_attrs": self._attributes,
                "signature_algorithm": {
                    "algorithm": f"{self._hash_name}_{'ecdsa' if self._is_ec else 'rsa'}"
                },
                "signature": signature,
            }
        )
        data = cms.SignedData(
            {
                "version": "v1",
                "digest_algorithms": [{"algorithm": self._hash_name}],
                "encap_content_info": {"content_type": "data"},
                "certificates": certificates,
                "signer_infos": [signer],
            }
        )
        return bytes(cms.ContentInfo({"content_type": "signed_data", "content": data}).dump())


def draft_cms(
    digest: bytes,
    hash_algorithm: HashAlgorithm,
    chain: Sequence[bytes],
    *,
    is_ec: bool,
    signing_time: datetime | None,
) -> CmsDraft:
    """Prepare a signature over content with this digest.

    ``chain`` is DER, the signer's certificate first; ``signing_time`` (aware) is None for PAdES.
    """
    name = hash_algorithm.lower()
    attributes = cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
            *_signing_time(signing_time),
            cms.CMSAttribute({"type": "message_digest", "values": [digest]}),
            cms.CMSAttribute({"type": "signing_certificate_v2", "values": [_identified(chain[0], name)]}),
        ]
    )
    return CmsDraft(attributes.dump(), attributes, tuple(chain), name, is_ec)


def _signing_time(moment: datetime | None) -> list[cms.CMSAttribute]:
    if moment is None:
        return []
    whole = moment.replace(microsecond=0)
    return [cms.CMSAttribute({"type": "signing_time", "values": [cms.Time({"utc_time": whole})]})]


def _identified(certificate: bytes, hash_name: str) -> tsp.SigningCertificateV2:
    """The certificate by its digest; SHA-256 is the default and as such left out in DER."""
    identified = {"cert_hash": hashlib.new(hash_name, certificate).digest()}
    if hash_name != "sha256":
        identified["hash_algorithm"] = algos.DigestAlgorithm({"algorithm": hash_name})
    return tsp.SigningCertificateV2({"certs": [tsp.ESSCertIDv2(identified)]})
