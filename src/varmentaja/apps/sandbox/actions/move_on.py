# SPDX-License-Identifier: EUPL-1.2
"""Business time is moved on, in the sandbox alone: what falls due on the way is done at once."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import transaction

from varmentaja.apps.applications.tasks import lapse_drafts
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.letters.tasks import post_due_letters
from varmentaja.apps.sandbox.clock import business_today
from varmentaja.apps.sandbox.models import BusinessClock
from varmentaja.domain.actors import Actor
from varmentaja.domain.errors import conflict, invalid, not_allowed

LONGEST = 366
FARTHEST = 20 * 366
"""Days that business time runs ahead at most, whoever moves it how often: further than any card is valid."""


def move_on(actor: Actor, days: int) -> date:
    """Move business time ``days`` (1 to 366) on and return the new business day; it never goes back.

    Raises DomainError: not_allowed (no test service), invalid, conflict (20 years ahead are enough).
    """
    if not settings.TEST_SERVICE:
        raise not_allowed("Business time can be moved in a test service only.")
    if not 1 <= days <= LONGEST:
        raise invalid("Move business time 1 to %(most)s days on.", field="days", most=LONGEST)
    with transaction.atomic():
        clock, _ = BusinessClock.objects.select_for_update().get_or_create(pk=1)
        if clock.days_ahead + days > FARTHEST:
            raise conflict(
                "Business time is %(ahead)s days ahead, and %(most)s are the most. Start a new test service.",
                ahead=clock.days_ahead,
                most=FARTHEST,
            )
        clock.days_ahead += days
        clock.save()
        record(AuditAction.BUSINESS_TIME_MOVED, actor, clock, facts={"days": days})
        post_due_letters.defer()
        lapse_drafts.defer()
    return business_today()
