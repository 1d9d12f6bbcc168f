# SPDX-License-Identifier: EUPL-1.2
"""A holder looks at the own signed documents, and has their signatures checked anew."""

from __future__ import annotations

from datetime import datetime

from cryptography import x509

from varmentaja.apps.access.party import Origin, relying_party
from varmentaja.apps.action import use_case
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.signatures.models import SignedDocument
from varmentaja.apps.signatures.queries import DocumentFile, DocumentLine, document_file, documents_of
from varmentaja.domain.actors import Actor
from varmentaja.domain.authority import Action, Subject, require
from varmentaja.relying_party import Signature, Verified


@use_case(AuditAction.DOCUMENT_READ)
def read_documents(actor: Actor) -> tuple[DocumentLine, ...]:
    """The actor's documents, newest first."""
    require(actor, Action.DOCUMENT_READ, Subject(person_id=actor.person_id))
    assert actor.person_id is not None, "authority asks for it"
    lines = documents_of(actor.person_id)
    record(AuditAction.DOCUMENT_READ, actor, facts={"listed": len(lines)})
    return lines


@use_case(AuditAction.DOCUMENT_READ, SignedDocument)
def read_document(actor: Actor, document_id: int) -> DocumentFile:
    """One document; raises DomainError not_found, or not_allowed when it is another person's."""
    document = document_file(document_id)
    require(actor, Action.DOCUMENT_READ, Subject(person_id=document.person_id))
    record(AuditAction.DOCUMENT_READ, actor, SignedDocument(pk=document_id))
    return document


def check_again(origin: Origin, document: DocumentFile, *, now: datetime) -> Verified:
    """Check a stored signature as it stands now; raises relying_party.Refused.

    The time of signing is the service's own record, so that a certificate revoked later leaves the
    signature good.
    """
    certificate = x509.load_der_x509_certificate(document.certificate)
    signature = Signature(document.algorithm, document.signature, (certificate,))
    party = relying_party(origin)
    return party.check_document(document.content, signature, now=now, signed_at=document.signed_at)
