# SPDX-License-Identifier: EUPL-1.2
"""A holder signs a document with PIN 2; what is stored has been verified first."""

from __future__ import annotations

import hashlib
from datetime import datetime

from varmentaja.apps.access.party import Origin, record_of, relying_party
from varmentaja.apps.action import traced, use_case
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.people.models import Person
from varmentaja.apps.signatures.models import SignedDocument
from varmentaja.domain import authority
from varmentaja.domain.actors import Actor
from varmentaja.domain.authority import Subject
from varmentaja.domain.errors import not_allowed
from varmentaja.relying_party import Signature, read_answer


def sign_document(
    actor: Actor, origin: Origin, title: str, content: bytes, answer: str, *, now: datetime
) -> SignedDocument:
    """Store ``content`` with the signature that SCS answered; the same signature again is the same document.

    The responder is asked before the transaction begins. Raises relying_party.Refused when a check of the
    signature fails, DomainError not_allowed when the certificate is another person's.
    """
    with traced(AuditAction.DOCUMENT_SIGNED, actor, Person(pk=actor.person_id)):
        authority.require(actor, authority.Action.DOCUMENT_SIGN, Subject(person_id=actor.person_id))
        signature = read_answer(answer)
        verified = relying_party(origin).check_document(content, signature, now=now)
        certificate = record_of(verified.certificate)
        if certificate.person_id != actor.person_id:
            raise not_allowed("The signature was made with another person's card.")
    return _store(actor, certificate, title, content, signature, now=now)


@use_case(AuditAction.DOCUMENT_SIGNED)
def _store(
    actor: Actor, certificate: Certificate, title: str, content: bytes, signature: Signature, *, now: datetime
) -> SignedDocument:
    document, created = SignedDocument.objects.get_or_create(
        person=certificate.person,
        signature=signature.value,
        defaults={
            "certificate": certificate,
            "title": title,
            "content": content,
            "content_hash": hashlib.sha256(content).hexdigest(),
            "algorithm": signature.algorithm,
            "signed_at": now,
        },
    )
    if created:
        record(AuditAction.DOCUMENT_SIGNED, actor, document, facts={"sha256": document.content_hash})
    return document
