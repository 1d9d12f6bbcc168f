# SPDX-License-Identifier: EUPL-1.2
"""Why a sign-in or a signature was not accepted: one outcome for each check, never a bare "failed"."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from varmentaja.domain.errors import DomainError, Kind, Message, message


class Outcome(StrEnum):
    """The check that said no; stable text, fit for a log, an address or a metric."""

    BAD_ANSWER = "bad_answer"
    NO_CARD = "no_card"
    NOT_GIVEN = "not_given"
    WRONG_ORIGIN = "wrong_origin"
    TOO_OLD = "too_old"
    BAD_SIGNATURE = "bad_signature"
    WRONG_PURPOSE = "wrong_purpose"
    UNKNOWN_ISSUER = "unknown_issuer"
    EXPIRED = "expired"
    REVOKED = "revoked"
    STATUS_UNKNOWN = "status_unknown"


_TEXTS: dict[Outcome, tuple[Kind, Message]] = {
    Outcome.BAD_ANSWER: (
        Kind.INVALID,
        message("The card reader program sent an answer that we could not read. Try again."),
    ),
    Outcome.NO_CARD: (
        Kind.NOT_FOUND,
        message("There is no card in the reader. Put your card in the reader and try again."),
    ),
    Outcome.NOT_GIVEN: (
        Kind.NOT_ALLOWED,
        message("The card did not sign: the PIN was wrong, locked or not given. Try again."),
    ),
    Outcome.WRONG_ORIGIN: (
        Kind.NOT_ALLOWED,
        message(
            "The signature was made for another website. Start again from the sign-in page of this service."
        ),
    ),
    Outcome.TOO_OLD: (
        Kind.CONFLICT,
        message("It took too long, or the answer was already used. Start again."),
    ),
    Outcome.BAD_SIGNATURE: (
        Kind.INVALID,
        message("The signature does not match what was to be signed. Try again."),
    ),
    Outcome.WRONG_PURPOSE: (
        Kind.NOT_ALLOWED,
        message("This certificate is not meant for this use. Choose the other certificate of your card."),
    ),
    Outcome.UNKNOWN_ISSUER: (
        Kind.NOT_ALLOWED,
        message("The certificate on the card comes from an issuer that this service does not know."),
    ),
    Outcome.EXPIRED: (
        Kind.NOT_ALLOWED,
        message("The certificate on the card is not valid today: it has expired or is not valid yet."),
    ),
    Outcome.REVOKED: (
        Kind.NOT_ALLOWED,
        message("The certificate on the card has been revoked. The card can no longer be used."),
    ),
    Outcome.STATUS_UNKNOWN: (
        Kind.UNAVAILABLE,
        message("We could not find out whether the certificate is still valid. Try again in a moment."),
    ),
}


class Refused(DomainError):
    """A check said no; ``outcome`` names it, ``detail`` is English for the log, never for the page.

    ``since`` is the time of revocation where that is the reason.
    """

    def __init__(self, outcome: Outcome, detail: str = "", *, since: datetime | None = None) -> None:
        kind, text = _TEXTS[outcome]
        super().__init__(kind, text)
        self.outcome = outcome
        self.detail = detail
        self.since = since
