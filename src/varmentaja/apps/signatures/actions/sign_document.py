# SPDX-License-Identifier: EUPL-1.2
"""A holder signs a document with PIN 2; what is stored has been verified first."""

from __future__ import annotations

import hashlib
from datetime import datetime

from varmentaja.apps.access.party import Origin, record_of, relying_party
from varmentaja.apps.action import use_case
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.signatures.models import SignedDocument
from varmentaja.domain import authority
from varmentaja.domain.actors import Actor
from varmentaja.domain.authority import Subject
from varmentaja.domain.errors import not_allowed
from varmentaja.relying_party import read_answer


@use_case(AuditAction.DOCUMENT_SIGNED)
def sign_document(
    actor: Actor, origin: Origin, title: str, content: bytes, answer: str, *, now: datetime
) -> SignedDocument:
    """Store ``content`` with the signature that SCS answered.

    Raises relying_party.Refused when a check of the signature fails, DomainError not_allowed when the
    certificate is another person's.
    """
    authority.require(actor, authority.Action.DOCUMENT_SIGN, Subject(person_id=actor.person_id))
    assert actor.person_id is not None, "authority asks for it"
    signature = read_answer(answer)
    verified = relying_party(origin).check_document(content, signature, now=now)
    certificate = record_of(verified.certificate)
    if certificate.person_id != actor.person_id:
        raise not_allowed("The signature was made with another person's card.")
    document = SignedDocument.objects.create(
        person_id=actor.person_id,
        certificate=certificate,
        title=title,
        content=content,
        content_hash=hashlib.sha256(content).hexdigest(),
        signature=signature.value,
        algorithm=signature.algorithm,
        signed_at=now,
    )
    record(AuditAction.DOCUMENT_SIGNED, actor, document, facts={"sha256": document.content_hash})
    return document
