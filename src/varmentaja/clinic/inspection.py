# SPDX-License-Identifier: EUPL-1.2
"""Who signed a document, as what, and whether that is still so: for our own records and for uploads."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from varmentaja.clinic.xml_signature import NAMESPACES, parse, read_signature, select
from varmentaja.domain.errors import DomainError, invalid
from varmentaja.pki.foreign import load_foreign
from varmentaja.pki.reader import CertificateFacts, describe
from varmentaja.relying_party import Purpose, Refused, RelyingParty, Signature, Verified

LARGEST = 5 * 1024 * 1024
"""Octets of a document that is looked at."""
_STRONG_HASHES = frozenset({"sha256", "sha384", "sha512"})


class Form(StrEnum):
    """The forms of signed documents that are understood."""

    PDF = "pdf"
    CDA = "cda"


@dataclass(frozen=True, slots=True)
class Inspection:
    """A document whose bytes agree with its signature, and what is known of the signer's certificate."""

    form: Form
    signed_at: datetime | None
    """As the document says: the signer's claim, not a time stamp."""
    certificate: x509.Certificate
    facts: CertificateFacts
    verified: Verified | None
    """What the checks of the certificate gave, or None when they refused it."""
    refusal: Refused | None
    rows: tuple[tuple[str, str], ...] = ()
    """What was signed, where the document tells it in rows (CDA)."""


@dataclass(frozen=True, slots=True)
class _Found:
    form: Form
    certificate: x509.Certificate
    signed_at: datetime | None
    rows: tuple[tuple[str, str], ...] = ()


def inspect(document: bytes, party: RelyingParty, *, now: datetime, vouched: bool = False) -> Inspection:
    """Check a signed prescription. Raises invalid when it is none, or when it was changed.

    ``vouched``: we know ourselves that it was signed when it says so; then the certificate must have been
    good at that time, otherwise it must be good now.
    """
    found = _read_pdf(document) if document.startswith(b"%PDF-") else _read_cda(document)
    used_at = found.signed_at if vouched else None
    try:
        verified = party.check_certificate(found.certificate, Purpose.SIGNATURE, now=now, used_at=used_at)
        refusal = None
    except Refused as refused:
        verified, refusal = None, refused
    facts = describe(found.certificate)
    return Inspection(found.form, found.signed_at, found.certificate, facts, verified, refusal, found.rows)


def _read_cda(document: bytes) -> _Found:
    read = read_signature(document)
    try:
        Signature(read.algorithm, read.value, (read.certificate,)).check(read.signed_info)
        signed_at = datetime.fromisoformat(read.timestamp)
    except (Refused, ValueError):
        raise _changed() from None
    if signed_at.tzinfo is None:
        raise _changed()
    return _Found(Form.CDA, read.certificate, signed_at, _rows(document))


def _rows(document: bytes) -> tuple[tuple[str, str], ...]:
    """Captions and contents of the signed body."""
    paragraphs = select(parse(document), "//hl7:structuredBody//hl7:paragraph")
    return tuple(
        (paragraph.findtext("hl7:caption", "", NAMESPACES), paragraph.findtext("hl7:content", "", NAMESPACES))
        for paragraph in paragraphs
    )


def _read_pdf(document: bytes) -> _Found:
    try:
        return _checked_pdf(document)
    except DomainError:
        raise
    except Exception:
        # A PDF of strangers can be broken in more ways than the library has names for.
        raise invalid("This PDF cannot be read.") from None


def _checked_pdf(document: bytes) -> _Found:
    # Here, since pages without a PDF do without the library.
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation.generic_cms import validate_sig_integrity
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    signatures = PdfFileReader(io.BytesIO(document)).embedded_regular_signatures
    if len(signatures) != 1:
        raise invalid("This PDF does not have exactly one signature.")
    signature = signatures[0]
    # Whom to trust is our library's question; here it is whether bytes, attributes and signature agree.
    signature.compute_integrity_info()
    intact, valid = validate_sig_integrity(
        signature.signer_info, signature.signer_cert, "data", signature.compute_digest()
    )
    covers_all = signature.coverage is SignatureCoverageLevel.ENTIRE_FILE
    certificate = load_foreign(signature.signer_cert.dump())
    is_strong = signature.md_algorithm in _STRONG_HASHES
    if not (
        intact and valid and is_strong and covers_all and _names_signer(signature.signer_info, certificate)
    ):
        raise _changed()
    return _Found(Form.PDF, certificate, signature.self_reported_timestamp)


def _names_signer(signer: cms.SignerInfo, certificate: x509.Certificate) -> bool:
    """PAdES wants the certificate's hash among what is signed (ETSI EN 319 142-1)."""
    for attribute in signer["signed_attrs"]:
        if attribute["type"].native == "signing_certificate_v2":
            named = attribute["values"][0]["certs"][0]
            digest = hashlib.new(named["hash_algorithm"]["algorithm"].native, _der(certificate)).digest()
            return bool(named["cert_hash"].native == digest)
    return False


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _changed() -> DomainError:
    return invalid("The document was changed after it was signed, or it is signed in another way.")
