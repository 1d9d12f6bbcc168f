# SPDX-License-Identifier: EUPL-1.2
"""Who a checked certificate is about, in the words of health care instead of those of X.509."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from varmentaja.pki.reader import CertificateFacts


class CardKind(StrEnum):
    """What the certificate vouches for."""

    PROFESSIONAL = "professional"
    """A right that stands in the central register of professionals."""
    PERSONNEL = "personnel"
    """A job in one organisation, without such a right."""


@dataclass(frozen=True, slots=True)
class CardIdentity:
    """A person as the card tells it. Texts are None where the certificate does not carry them."""

    kind: CardKind
    given_names: str
    surname: str
    profession: str
    """Title of the right to practise, in the language of the register; a job's title on a personnel card."""
    registration_number: str | None
    """Eleven digits; professionals only."""
    physician_code: str | None
    """Six digits that prescriptions carry; physicians and dentists only."""
    organisation: str | None
    """The organisation that a personnel card belongs to."""
    electronic_id: str | None
    """Electronic client identifier (SATU) of a person without a registration number."""

    @property
    def name(self) -> str:
        """Given names and surname."""
        return f"{self.given_names} {self.surname}"

    @property
    def subject(self) -> str:
        """What stays the same when the person gets a new card: fit as the key of a user record."""
        return f"{self.kind}:{self.registration_number or self.electronic_id}"


def identity_of(facts: CertificateFacts, profile: str) -> CardIdentity:
    """Read a certificate that passed the checks; ``profile`` is the id of its profile (``Verified.profile``).

    The profiles of both kinds require names, title and serial number, so an issued certificate has them.
    """
    kind = CardKind(profile.partition("-")[0])
    is_professional = kind is CardKind.PROFESSIONAL
    return CardIdentity(
        kind=kind,
        given_names=facts.given_names or "",
        surname=facts.surname or "",
        profession=facts.title or "",
        registration_number=facts.serial_number if is_professional else None,
        physician_code=facts.physician_code,
        organisation=facts.organization,
        electronic_id=None if is_professional else facts.serial_number,
    )
