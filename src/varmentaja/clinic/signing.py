# SPDX-License-Identifier: EUPL-1.2
"""The two signatures of a prescription: what the card is asked to sign, and what is done with its answer.

First the CDA document, whose signature brings the signer's certificate along; then the paper, whose signature
covers that certificate.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509

from varmentaja.clinic import cda, paper
from varmentaja.clinic.inspection import Form, Inspection
from varmentaja.clinic.prescription import Prescription
from varmentaja.clinic.records import Records
from varmentaja.clinic.xml_signature import Method, method_for
from varmentaja.domain.errors import conflict, not_allowed
from varmentaja.relying_party import Outcome, Refused, RelyingParty, Signature, Verified

if TYPE_CHECKING:
    from varmentaja.clinic.pdf_signature import PreparedPdf

PATIENCE = timedelta(minutes=30)
"""How long the page may wait for the signature: the time that is signed was fixed when it was shown."""


@dataclass(frozen=True, slots=True)
class AskedDocument:
    """What the card is asked to sign for the CDA document."""

    content: bytes
    signed_at: datetime
    scs_hash: str


class Signing:
    """Asks for signatures and accepts them; stores only what it has checked."""

    def __init__(self, party: RelyingParty, records: Records) -> None:
        self._party = party
        self._records = records

    def document(
        self, prescription: Prescription, signed_in_with: x509.Certificate, now: datetime
    ) -> AskedDocument:
        """The CDA document at this moment. Both keys of a card are of one kind, so sign-in tells which."""
        method = method_for(signed_in_with)
        signed_at = now.replace(microsecond=now.microsecond // 1000 * 1000)
        to_sign = cda.prepare(prescription, signed_at, method)
        return AskedDocument(to_sign.signed_info, signed_at, method.scs_hash)

    def accept_document(
        self, prescription: Prescription, answer: Signature, signed_at: str, now: datetime
    ) -> None:
        """Check and keep the signed CDA document; raises Refused, conflict or not_allowed."""
        at = _moment(signed_at, now)
        to_sign = cda.prepare(prescription, at, _method(answer))
        verified = self._party.check_document(to_sign.signed_info, answer, now=now)
        _same_person(verified, prescription)
        document = to_sign.finish(answer.value, answer.certificate)
        self._records.keep(prescription.id, Form.CDA, document, verified.status.response)

    def paper(
        self, prescription: Prescription, document: Inspection, language: str, now: datetime
    ) -> PreparedPdf:
        """The paper, prepared for the signer of the CDA document."""
        # A large library, which pages without a paper do without.
        from varmentaja.clinic.pdf_signature import prepare

        authority = self._party.hierarchy.issuer_of(document.certificate)
        if authority is None:
            raise Refused(Outcome.UNKNOWN_ISSUER)
        return prepare(
            paper.prescription_pdf(prescription, language),
            paper.signature_picture(prescription.prescriber, now, language),
            certificate=document.certificate,
            authorities=self._party.hierarchy.chain(authority.id),
            name=prescription.prescriber.name,
        )

    def accept_paper(
        self, prescription: Prescription, answer: Signature, prepared: PreparedPdf | None, now: datetime
    ) -> None:
        """Check and keep the signed paper; raises Refused, conflict or not_allowed."""
        if prepared is None:
            raise conflict("The page was out of date. Sign again.")
        if answer.certificate != prepared.certificate:
            raise not_allowed(
                "This is another card than the one that signed the document. Use the same card."
            )
        _method(answer)
        verified = self._party.check_document(prepared.signed_attributes, answer, now=now)
        document = prepared.finish(answer.value)
        self._records.keep(prescription.id, Form.PDF, document, verified.status.response)


def _method(answer: Signature) -> Method:
    """The method of the answer's key; the document names it, so another hash must not have been used."""
    method = method_for(answer.certificate)
    if answer.algorithm.upper() != method.scs_algorithm.upper():
        raise Refused(Outcome.BAD_SIGNATURE, f"{answer.algorithm[:40]!r} was not asked for")
    return method


def _moment(text: str, now: datetime) -> datetime:
    """The time that was shown and signed; only a recent one."""
    try:
        at = datetime.fromisoformat(text)
        is_recent = now - PATIENCE <= at <= now
    except (ValueError, TypeError):
        is_recent = False
    if not is_recent:
        raise Refused(Outcome.TOO_OLD)
    return at


def _same_person(verified: Verified, prescription: Prescription) -> None:
    if verified.identity.subject != prescription.prescriber.subject:
        raise not_allowed("This is somebody else's card. Use the card that you signed in with.")
