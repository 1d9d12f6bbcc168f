# SPDX-License-Identifier: EUPL-1.2
"""By which documents an applicant may be identified, and whether the one shown will do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from varmentaja.domain.data_files import load
from varmentaja.domain.errors import Message, message


class DocumentKind(StrEnum):
    """The kinds of document people bring."""

    FINNISH_PASSPORT = "finnish_passport"
    FINNISH_IDENTITY_CARD = "finnish_identity_card"
    EUROPEAN_PASSPORT = "european_passport"
    EUROPEAN_IDENTITY_CARD = "european_identity_card"
    OTHER_PASSPORT = "other_passport"
    POLICE_IDENTIFICATION = "police_identification"
    DRIVING_LICENCE = "driving_licence"


LABELS = {
    DocumentKind.FINNISH_PASSPORT: message("Finnish passport"),
    DocumentKind.FINNISH_IDENTITY_CARD: message("Identity card issued by the Finnish police"),
    DocumentKind.EUROPEAN_PASSPORT: message("Passport of an EEA state, Switzerland or San Marino"),
    DocumentKind.EUROPEAN_IDENTITY_CARD: message("Identity card of an EEA state, Switzerland or San Marino"),
    DocumentKind.OTHER_PASSPORT: message("Passport of another state"),
    DocumentKind.POLICE_IDENTIFICATION: message("Identification by the police"),
    DocumentKind.DRIVING_LICENCE: message("Driving licence"),
}
"""Each kind as a choice in a form."""


@dataclass(frozen=True, slots=True)
class IdentityDocument:
    """The document shown at the desk, without its number: the decision does not depend on it."""

    kind: DocumentKind
    country: str
    """State that issued it, ISO 3166-1 alpha-2."""
    valid_until: date | None
    """The last day of validity; None where the kind has none."""


def has_end(kind: DocumentKind) -> bool:
    """Whether documents of this kind bear a last day of validity, so that a form must ask for it."""
    return bool(_rule(kind)["has_end"])


def why_not_accepted(document: IdentityDocument, today: date) -> Message | None:
    """None when the document identifies its bearer on ``today``; otherwise why it does not."""
    if document.kind.value in load("identity_documents")["refused"]:
        return message(
            "A driving licence is not accepted. Bring a passport, or an identity card issued by the police."
        )
    if not _issuer_fits(document):
        return message(
            "A document of this kind is not issued by the state given. Check the kind and the state."
        )
    if not has_end(document.kind):
        return None
    if document.valid_until is None:
        return message("Give the last day of validity of the identity document.")
    if document.valid_until < today:
        return message("The identity document expired on %(day)s.", day=document.valid_until.isoformat())
    return None


def _rule(kind: DocumentKind) -> dict[str, Any]:
    data = load("identity_documents")
    rule: dict[str, Any] = data["accepted"].get(kind.value) or data["refused"][kind.value]
    return rule


def _issuer_fits(document: IdentityDocument) -> bool:
    european = load("identity_documents")["issuers"]["european"]
    match _rule(document.kind)["issuer"]:
        case "finland":
            return document.country == "FI"
        case "european":
            return document.country in european
        case _:
            return document.country != "FI" and document.country not in european
