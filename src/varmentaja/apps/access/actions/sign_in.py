# SPDX-License-Identifier: EUPL-1.2
"""Sign-in with the authentication key of a card."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction

from varmentaja.apps.access.models import UsedChallenge
from varmentaja.apps.access.party import Origin, if_ours, record_of, relying_party
from varmentaja.apps.access.refused import note_refused_sign_in
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.actions.note_activation import note_activation
from varmentaja.apps.cards.records import locked_card
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.certificates.queries import in_force
from varmentaja.apps.people.roles import actor_for
from varmentaja.domain.actors import Actor, Authentication
from varmentaja.domain.cards import CardState
from varmentaja.domain.errors import DomainError
from varmentaja.relying_party import LIFETIME, Outcome, Refused, read_answer


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who has signed in, and with which certificate: the session lasts as long as it is in force."""

    actor: Actor
    certificate_id: int


def sign_in_with_scs(
    origin: Origin, content: bytes, answer: str, *, session: str, now: datetime, today: date
) -> SignedIn:
    """Check the signed challenge and sign the holder in.

    Raises relying_party.Refused, whose ``outcome`` says which check failed; each challenge works once.
    """
    shown: Certificate | None = None
    try:
        signature = read_answer(answer)
        shown = if_ours(signature.certificate)
        verified = relying_party(origin).sign_in(content, signature, now=now, session=session)
        _use_up(verified.nonce, now=now)
        return admit(record_of(verified.certificate), Authentication.SCS, now=now, today=today)
    except DomainError as refusal:
        note_refused_sign_in(refusal, shown, Authentication.SCS)
        raise


def _use_up(nonce: str, *, now: datetime) -> None:
    UsedChallenge.objects.filter(expires_at__lt=now).delete()
    try:
        with transaction.atomic():
            UsedChallenge.objects.create(nonce=nonce, expires_at=now + 2 * LIFETIME)
    except IntegrityError:
        raise Refused(Outcome.TOO_OLD, "the challenge was answered before") from None


def admit(row: Certificate, authentication: Authentication, *, now: datetime, today: date) -> SignedIn:
    """Open the door for the holder of a checked certificate; a first sign-in shows the card is active."""
    with transaction.atomic():
        if row.person_id is None or row.card_id is None:
            raise Refused(Outcome.WRONG_PURPOSE, "not a person's certificate")
        actor = actor_for(row.person_id, authentication)
        card = locked_card(row.card_id)
        if not in_force(row.pk, now=now):
            raise Refused(Outcome.REVOKED, "revoked in our records")
        if card.state == CardState.DISPATCHED:
            note_activation(card, now=now, today=today)
        record(AuditAction.SIGNED_IN, actor, row, facts={"how": authentication})
        return SignedIn(actor, row.pk)
