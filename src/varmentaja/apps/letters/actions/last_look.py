# SPDX-License-Identifier: EUPL-1.2
"""The last look before something is posted to a home: may it still be? (decision 10)"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from varmentaja.apps.cards.models import Card
from varmentaja.apps.letters.recipients import recipient_of
from varmentaja.apps.people.actions.refresh_person import refresh_person
from varmentaja.domain.delivery import Destination
from varmentaja.domain.errors import Message, message
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.ports.connected import outside


def why_not_there(
    card: Card, item: Literal["card", "letter"], *, request_id: str, now: datetime
) -> Message | None:
    """Why the card or its code letter may not go to the settled address any more; None when it may.

    A home is asked of the population register, since a non-disclosure order may be new; it is then kept here,
    too. Raises DomainError unavailable when the register does not answer.
    """
    if recipient_of(card, item).destination is not Destination.HOME:
        return None
    code = IdentityCode.parse(card.person.identity_code)
    person = outside().population_register.person(code, request_id=request_id)
    if person is None or not person.non_disclosure:
        return None
    refresh_person(person, now=now)
    return message(
        "The person has got a non-disclosure order, and this was to go home. Choose another address."
    )
