# SPDX-License-Identifier: EUPL-1.2
"""Why cards and their certificates are revoked: in people's words, and in those of RFC 5280.

The reason codes (RFC 5280 §5.3.1) that the certificate service uses are fewer than the standard's:
``unspecified`` says nothing, and ``certificateHold`` is left out because revocation is final here. The
service's own list of reasons and who may give them was not found in public: this table is our choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from varmentaja.domain.actors import Actor, Role
from varmentaja.domain.cards import CardEvent
from varmentaja.domain.errors import Message, message
from varmentaja.domain.products import BoundTo, Product


class RevocationReason(StrEnum):
    """Names of RFC 5280 §5.3.1, as they stand in CRLs and OCSP answers."""

    KEY_COMPROMISE = "keyCompromise"
    AFFILIATION_CHANGED = "affiliationChanged"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessationOfOperation"
    PRIVILEGE_WITHDRAWN = "privilegeWithdrawn"


class Ground(StrEnum):
    """What happened, as the one who reports it would say."""

    LOST = "lost"
    STOLEN = "stolen"
    PIN_KNOWN = "pin_known"
    DAMAGED = "damaged"
    DATA_CHANGED = "data_changed"
    NOT_NEEDED = "not_needed"
    EMPLOYMENT_ENDED = "employment_ended"
    RIGHT_ENDED = "right_ended"
    HOLDER_DIED = "holder_died"
    ISSUED_IN_ERROR = "issued_in_error"
    REPLACED = "replaced"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class GroundRule:
    """What a ground means and who may give it."""

    label: Message
    code: RevocationReason
    roles: frozenset[Role]
    card_event: CardEvent = CardEvent.CANCEL
    """What becomes of the card."""
    bound_to: BoundTo | None = None
    """Only for cards bound to this; None for all."""


_HOLDER, _REGISTRAR, _OFFICER, _SYSTEM = Role.HOLDER, Role.REGISTRAR, Role.OFFICER, Role.SYSTEM
_PEOPLE = frozenset({_HOLDER, _REGISTRAR, _OFFICER})

GROUNDS: Mapping[Ground, GroundRule] = {
    Ground.LOST: GroundRule(
        message("The card is lost"), RevocationReason.KEY_COMPROMISE, _PEOPLE, CardEvent.REPORT_LOST
    ),
    Ground.STOLEN: GroundRule(
        message("The card has been stolen"), RevocationReason.KEY_COMPROMISE, _PEOPLE, CardEvent.REPORT_LOST
    ),
    Ground.PIN_KNOWN: GroundRule(
        message("Someone else knows a PIN or has used the card"), RevocationReason.KEY_COMPROMISE, _PEOPLE
    ),
    Ground.DAMAGED: GroundRule(message("The card is broken"), RevocationReason.SUPERSEDED, _PEOPLE),
    Ground.DATA_CHANGED: GroundRule(
        message("The holder's name or title has changed"),
        RevocationReason.SUPERSEDED,
        frozenset({_REGISTRAR, _OFFICER, _SYSTEM}),
    ),
    Ground.NOT_NEEDED: GroundRule(
        message("The card is no longer needed"), RevocationReason.CESSATION_OF_OPERATION, _PEOPLE
    ),
    Ground.EMPLOYMENT_ENDED: GroundRule(
        message("The employment has ended"),
        RevocationReason.AFFILIATION_CHANGED,
        frozenset({_REGISTRAR, _OFFICER}),
        bound_to=BoundTo.EMPLOYMENT,
    ),
    Ground.RIGHT_ENDED: GroundRule(
        message("The right to practise has ended"),
        RevocationReason.PRIVILEGE_WITHDRAWN,
        frozenset({_OFFICER, _SYSTEM}),
        bound_to=BoundTo.RIGHT,
    ),
    Ground.HOLDER_DIED: GroundRule(
        message("The holder has died"),
        RevocationReason.CESSATION_OF_OPERATION,
        frozenset({_OFFICER, _SYSTEM}),
    ),
    Ground.ISSUED_IN_ERROR: GroundRule(
        message("The certificate was issued with wrong contents"),
        RevocationReason.SUPERSEDED,
        frozenset({_OFFICER}),
    ),
    Ground.REPLACED: GroundRule(
        message("A new card has replaced this one"), RevocationReason.SUPERSEDED, frozenset({_SYSTEM})
    ),
    Ground.DISCARDED: GroundRule(
        message("The card was discarded at the factory"),
        RevocationReason.CESSATION_OF_OPERATION,
        frozenset({_SYSTEM}),
        CardEvent.DISCARD,
    ),
}
"""Every ground, in the order in which a form offers them."""


def offered(actor: Actor, product: Product) -> tuple[Ground, ...]:
    """The grounds ``actor`` may give for a card of ``product``: the choices of the form."""
    return tuple(ground for ground in GROUNDS if why_not_ground(ground, actor, product) is None)


def why_not_ground(ground: Ground, actor: Actor, product: Product) -> Message | None:
    """None when ``actor`` may give ``ground`` for a card of ``product``; otherwise why not."""
    rule = GROUNDS[ground]
    if not rule.roles & actor.roles:
        return message("Your role does not allow this reason.")
    if rule.bound_to not in (None, product.bound_to):
        return message("This reason does not concern a card of this kind.")
    return None
