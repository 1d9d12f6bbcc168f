# SPDX-License-Identifier: EUPL-1.2
"""What the end of a card does to its certificates and letters (domain/joins.py), in one place."""

from __future__ import annotations

from datetime import datetime

from varmentaja.apps.cards.models import Card
from varmentaja.apps.certificates.actions.burn_reserved import burn_reserved
from varmentaja.apps.certificates.actions.revoke_certificates import revoke_certificates
from varmentaja.apps.letters.actions.cancel_letters import cancel_letters
from varmentaja.domain.actors import Actor
from varmentaja.domain.cards import CardEvent
from varmentaja.domain.certificates import CertificateEvent
from varmentaja.domain.joins import following
from varmentaja.domain.letters import LetterEvent
from varmentaja.domain.revocation import RevocationReason


def follow_card(
    actor: Actor, card: Card, event: CardEvent, reason: RevocationReason | None = None, *, now: datetime
) -> None:
    """Do what follows from ``event``, which has happened to the locked card; in the caller's transaction.

    ``reason``: why its certificates are revoked; None for events that revoke none.
    """
    for joined in following(event):
        match joined:
            case CertificateEvent():
                _follow_in_certificates(actor, card, joined, reason, now=now)
            case LetterEvent():
                cancel_letters(actor, card, now=now)


def _follow_in_certificates(
    actor: Actor, card: Card, event: CertificateEvent, reason: RevocationReason | None, *, now: datetime
) -> None:
    match event:
        case CertificateEvent.BURN:
            burn_reserved(card)
        case CertificateEvent.REVOKE:
            assert reason is not None, "who revokes says why"
            revoke_certificates(actor, card, reason, now=now)
