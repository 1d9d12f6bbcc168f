# SPDX-License-Identifier: EUPL-1.2
"""The receipt of an application, printed at the desk and signed by applicant and registrar."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date

from varmentaja.documents.sender import Sender
from varmentaja.documents.typesetting import set_pdf, written
from varmentaja.domain.people import Language


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was applied for and decided. Texts are already in the applicant's language."""

    sender: Sender
    number: str
    """The application's number."""
    submitted_on: date
    applicant: str
    """All given names and the family name."""
    identity_code: str
    product: str
    """Name of the card."""
    title: str
    """Title of the right or of the job."""
    registration_number: str
    """Empty for a card without one."""
    identity_document: str
    """Kind, number and issuing country of the document shown."""
    with_photo: bool
    card_address: tuple[str, ...]
    """The lines on the card's envelope."""
    letter_address: tuple[str, ...]
    terms_version: str
    terms_hash: str
    """SHA-256 of the accepted terms, hexadecimal."""
    decision: str
    """The decision in one sentence."""
    reasons: tuple[str, ...]
    registrar: str
    point: str


def application_receipt(receipt: Receipt, language: Language) -> bytes:
    """The receipt as PDF/UA-1."""
    data = asdict(receipt) | {"submitted_on": written(receipt.submitted_on, language)}
    return set_pdf(f"receipt.{language}.typ", data, receipt.submitted_on)
