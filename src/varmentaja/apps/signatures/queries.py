# SPDX-License-Identifier: EUPL-1.2
"""Reads of signed documents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from varmentaja.apps.signatures.models import SignedDocument
from varmentaja.domain.errors import not_found


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A signed document in a list."""

    document_id: int
    title: str
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """A signed document with all that proves it."""

    document_id: int
    person_id: int
    title: str
    content: bytes
    sha256: str
    signature: bytes
    """DER ``SEQUENCE { r, s }`` for EC, PKCS #1 v1.5 for RSA."""
    algorithm: str
    """As SCS names it: ``SHA256withECDSA``."""
    certificate: bytes
    """The signer's, DER."""
    signed_at: datetime


def documents_of(person_id: int) -> tuple[DocumentLine, ...]:
    """The person's documents, newest first."""
    rows = SignedDocument.objects.filter(person_id=person_id).order_by("-id").only("title", "signed_at")
    return tuple(DocumentLine(row.pk, row.title, row.signed_at) for row in rows)


def document_file(document_id: int) -> DocumentFile:
    """One document; raises DomainError not_found."""
    row = SignedDocument.objects.select_related("certificate").filter(pk=document_id).first()
    if row is None or row.certificate.der is None:
        raise not_found("There is no such document.")
    return DocumentFile(
        document_id=row.pk,
        person_id=row.person_id,
        title=row.title,
        content=row.content,
        sha256=row.content_hash,
        signature=bytes(row.signature),
        algorithm=row.algorithm,
        certificate=bytes(row.certificate.der),
        signed_at=row.signed_at,
    )
