# SPDX-License-Identifier: EUPL-1.2
"""What a person reads when a signature was not accepted: which check said no, and what to do now."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from varmentaja.domain.errors import DomainError
from varmentaja.relying_party import Outcome, Refused
from varmentaja.ui.translate import translated
from varmentaja.web.errors import STATUS


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error as the page shows it."""

    text: str
    advice: str
    status: int
    """Of HTTP."""
    outcome: str


def trouble_of(error: DomainError) -> Trouble:
    """The page's words for a refusal."""
    outcome = error.outcome if isinstance(error, Refused) else None
    advice = _advice().get(outcome, "") if outcome else ""
    return Trouble(translated(error.message), advice, STATUS[error.kind].value, outcome or "")


def _advice() -> dict[Outcome, str]:
    again = _("This page is fresh: you can try again at once.")
    office = _("If this happens again, ask the helpdesk and tell them the time.")
    new_card = _("If you need a new card, visit a registration point.")
    return {
        Outcome.BAD_ANSWER: office,
        Outcome.NO_CARD: again,
        Outcome.NOT_GIVEN: _("If the PIN is locked, open it with the activation code of your code letter."),
        Outcome.WRONG_ORIGIN: _("Check that the address bar shows the address of this service."),
        Outcome.TOO_OLD: again,
        Outcome.BAD_SIGNATURE: office,
        Outcome.WRONG_PURPOSE: _("Sign in with PIN 1; documents are signed with PIN 2."),
        Outcome.UNKNOWN_ISSUER: _("Use a card that this service has issued."),
        Outcome.EXPIRED: new_card,
        Outcome.REVOKED: new_card,
        Outcome.STATUS_UNKNOWN: office,
    }
