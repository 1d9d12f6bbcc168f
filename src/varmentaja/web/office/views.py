# SPDX-License-Identifier: EUPL-1.2
"""The office's front page: one search field, and what waits for somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from varmentaja.apps.applications.queries_office import count_in
from varmentaja.apps.audit.queries import DAY_MOST, count_since
from varmentaja.apps.audit.recording import AuditAction
from varmentaja.apps.cards.queries_office import count_troubled_orders
from varmentaja.apps.certificates.queries import count_burned_serials, count_recovered_certificates
from varmentaja.apps.letters.queries import count_troubled_letters
from varmentaja.apps.observation.queries import Overview, count_open_outages, overview
from varmentaja.apps.paging import MOST
from varmentaja.apps.status.queries import count_open_holds, count_untold_revocations
from varmentaja.domain.actors import Role
from varmentaja.domain.applications import ApplicationState
from varmentaja.web.office.forms import SearchForm
from varmentaja.web.office.status_alarm import alarm
from varmentaja.web.office.texts import moment
from varmentaja.web.session import for_role


@dataclass(frozen=True, slots=True)
class Queue:
    """Something that waits, and how much of it."""

    name: str
    text: str
    count: str
    href: str
    waits: bool


@dataclass(frozen=True, slots=True)
class Number:
    """One number of today."""

    name: str
    count: str


@for_role(Role.OFFICER)
def front(request: HttpRequest) -> HttpResponse:
    """Where an officer starts, the telephone in hand."""
    now = timezone.now()
    seen = overview(now=now)
    context = {
        "form": SearchForm(),
        "alarm": alarm(seen),
        "queues": _queues(len(seen.lasting) if seen else 0, now=now),
        "numbers": _today(seen),
    }
    return render(request, "office/front.html", context)


def _queues(disturbances: int, *, now: datetime) -> list[Queue]:
    return [
        _queue(
            _("Applications to review"),
            _("What the rules could not settle."),
            count_in(ApplicationState.WITH_OFFICER),
            "applications",
        ),
        _queue(
            _("Cards to order again"),
            _("Discarded at the factory; order a new card or cancel the application."),
            count_in(ApplicationState.APPROVED),
            "discarded",
        ),
        _queue(
            _("Orders in trouble"),
            _("The last attempt failed; production tries again by itself."),
            count_troubled_orders(),
            "orders",
        ),
        _queue(
            _("Letters in trouble"),
            _("Code letters that could not be posted."),
            count_troubled_letters(),
            "letters",
        ),
        _queue(
            _("Held publications of statuses"),
            _("Relying parties get older statuses until two officers have examined them."),
            count_open_holds(),
            "holds",
        ),
        _queue(
            _("Revocations that wait to be told"),
            _("Revoked over a minute ago and still told good. If nothing is held back, call the operators."),
            count_untold_revocations(now=now),
            "untold",
        ),
        _queue(
            _("Disturbances of the status services"),
            _("Seen from outside by the observer, which goes on looking."),
            max(count_open_outages(), disturbances),
            "outages",
        ),
        _queue(
            _("Serial numbers out of use"),
            _("Issuing was interrupted; the numbers are never used."),
            count_burned_serials(),
            "serials",
        ),
        _queue(
            _("Certificates without a record"),
            _("Their records were lost when the database was restored; they are told good until revoked."),
            count_recovered_certificates(),
            "recovered",
        ),
    ]


def _queue(name: str, text: str, count: int, page: str) -> Queue:
    return Queue(name, text, _at_most(count, MOST), reverse(f"office:{page}"), count > 0)


def _today(seen: Overview | None) -> list[Number]:
    actions: Sequence[tuple[str, tuple[AuditAction, ...]]] = (
        (_("Applications submitted"), (AuditAction.APPLICATION_SUBMITTED,)),
        (_("Applications refused"), (AuditAction.APPLICATION_REFUSED,)),
        (_("Cards sent"), (AuditAction.CARD_DISPATCHED,)),
        (_("Cards lost or cancelled"), (AuditAction.CARD_REPORTED_LOST, AuditAction.CARD_CANCELLED)),
    )
    midnight = timezone.make_aware(datetime.combine(timezone.localdate(), time()))
    numbers = [Number(name, _at_most(count_since(midnight, names), DAY_MOST)) for name, names in actions]
    dates = (
        (_("Newest signature of the status services"), seen and seen.signed_at),
        (_("Everything that they say holds until"), seen and seen.holds_until),
    )
    return [*numbers, *(Number(name, moment(at)) for name, at in dates if at)]


def _at_most(count: int, most: int) -> str:
    return _("%(count)s or more") % {"count": most} if count >= most else str(count)
