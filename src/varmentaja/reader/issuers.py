# SPDX-License-Identifier: EUPL-1.2
"""Whose cards this program works for, and how a certificate stands with its issuer now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from varmentaja.domain.errors import Message, message
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.certificates import CardCertificate
from varmentaja.relying_party.refusals import Refused
from varmentaja.relying_party.status import AskOcsp, ask_status

SOON = timedelta(days=31)
"""The end of a certificate is told this long before."""


class Standing(StrEnum):
    """How a certificate stands now."""

    GOOD = "good"
    REVOKED = "revoked"
    EXPIRED = "expired"
    NOT_YET = "not-yet"
    UNKNOWN = "unknown"
    """The issuer's status service did not answer, or nobody could be asked."""


@dataclass(frozen=True, slots=True)
class Issuers:
    """The certificates of the issuers that this program was set up for; with none, any issuer's card is
    served and nobody can be asked about a certificate."""

    certificates: tuple[x509.Certificate, ...] = ()

    @classmethod
    def in_folder(cls, folder: Path) -> Issuers:
        """The ``*.crt`` files (DER) of a folder; files that are no certificates are passed over."""
        found = []
        for path in sorted(folder.glob("*.crt")):
            try:
                found.append(x509.load_der_x509_certificate(path.read_bytes()))
            except (OSError, ValueError):
                continue
        return cls(tuple(found))

    def issuer_of(self, certificate: CardCertificate) -> x509.Certificate | None:
        """The issuer that has signed this certificate."""
        signed = x509.load_der_x509_certificate(certificate.der)
        for issuer in self.certificates:
            if issuer.subject == signed.issuer:
                try:
                    signed.verify_directly_issued_by(issuer)
                except (ValueError, TypeError, InvalidSignature):
                    continue
                return issuer
        return None

    def refusal(self, card: InsertedCard, now: datetime) -> Message | None:
        """Why this program does not work for a card; None when it does.

        It works for a card with a certificate of one of the issuers that is valid, or whose holder has still
        to activate the card."""
        if not card.certificates:
            return message("There is no certificate on this card. Contact your registration point.")
        ours = [each for each in card.certificates if not self.certificates or self.issuer_of(each)]
        if not ours:
            return message(
                "This card is from another issuer: %(issuer)s. This program works for the cards of the "
                "services that it was set up for. Use the program that came with the card.",
                issuer=card.certificates[0].issuer or "-",
            )
        if card.contents.is_activated and all(each.valid_until < now for each in ours):
            return message("The certificates of this card are no longer valid. You need a new card.")
        return None

    def standing(self, certificate: CardCertificate, ask: AskOcsp, *, now: datetime) -> Standing:
        """How a certificate stands: by its dates, then by its issuer's status service."""
        if certificate.valid_until < now:
            return Standing.EXPIRED
        if certificate.valid_from > now:
            return Standing.NOT_YET
        issuer = self.issuer_of(certificate)
        if issuer is None:
            return Standing.UNKNOWN
        try:
            status = ask_status(x509.load_der_x509_certificate(certificate.der), issuer, ask, now=now)
        except Refused:
            return Standing.UNKNOWN
        return Standing.REVOKED if status.revoked_at else Standing.GOOD


def ends_soon(certificate: CardCertificate, now: datetime) -> bool:
    """Whether its holder should be told that the certificate is about to end."""
    return now <= certificate.valid_until < now + SOON
