# SPDX-License-Identifier: EUPL-1.2
"""How an officer made sure who is on the telephone before a card is ended for good.

Which checks the national service demands was not found in public: this list is our choice.
"""

from __future__ import annotations

from enum import StrEnum

from varmentaja.domain.errors import message


class CallerCheck(StrEnum):
    """The ways, as a form offers them."""

    QUESTIONS = "questions"
    CALLED_BACK = "called_back"
    EMPLOYER = "employer"
    UNSURE = "unsure"


LABELS = {
    CallerCheck.QUESTIONS: message("The caller knew facts that stand in the registers"),
    CallerCheck.CALLED_BACK: message("We called the holder back on a number known from elsewhere"),
    CallerCheck.EMPLOYER: message("The employer called, and we called the employer's exchange back"),
    CallerCheck.UNSURE: message("It stayed unsure who called; the card is ended to be safe"),
}
"""Each way as a choice in a form."""
