# SPDX-License-Identifier: EUPL-1.2
"""A draft that nobody has touched for a month lapses; what the desk had written on it is not kept."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction

from varmentaja.apps.applications.drafts import locked_application, move, refusal, save_step
from varmentaja.apps.applications.models import Application
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.applications import ApplicationEvent, ApplicationState, draft_days


def lapse_drafts(*, today: date) -> int:
    """Let every draft lapse whose time is over on the business day ``today``; how many did."""
    untouched = Application.objects.filter(
        state=ApplicationState.DRAFT, changed_on__lt=today - timedelta(days=draft_days())
    )
    return sum(_lapse(pk, today=today) for pk in untouched.order_by("id").values_list("id", flat=True))


@transaction.atomic
def _lapse(application_id: int, *, today: date) -> bool:
    application = locked_application(application_id)
    if refusal(SYSTEM, application, ApplicationEvent.LAPSE, today=today) is not None:
        return False  # somebody went on with it, or ended it, meanwhile
    move(SYSTEM, application, ApplicationEvent.LAPSE, today=today)
    application.identity_document = application.photo = application.delivery = None
    save_step(application, "state", "identity_document", "photo", "delivery", today=today)
    record(AuditAction.APPLICATION_LAPSED, SYSTEM, application)
    return True
