# SPDX-License-Identifier: EUPL-1.2
"""Publications of statuses that a gate holds back, and how two officers release them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from varmentaja.apps.people.queries import names_of
from varmentaja.apps.status.actions.release_publication import (
    agree_to_release,
    announce_bulk_revocation,
    ask_for_release,
)
from varmentaja.apps.status.queries import HoldLine, certificates_of, hold, holds, rebuilding
from varmentaja.domain.actors import Actor, Role
from varmentaja.domain.authority import Subject
from varmentaja.domain.errors import DomainError, Message
from varmentaja.domain.publication_gate import HOLD, LABELS, HoldEvent, HoldFacts
from varmentaja.ui.components import Column, Link, SummaryRow, Table
from varmentaja.ui.forms import add_error
from varmentaja.ui.translate import translated
from varmentaja.web.office.forms import BulkForm, ReleaseForm, SeenForm
from varmentaja.web.office.pages import certificate_link, crumbs, next_page
from varmentaja.web.office.texts import certificate_status, moment
from varmentaja.web.session import actor_of, for_role


@for_role(Role.OFFICER)
def hold_list(request: HttpRequest) -> HttpResponse:
    """Everything that was held or announced, newest first, and the form of an announcement."""
    form = BulkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            hold_id = announce_bulk_revocation(
                actor_of(request), form.cleaned_data["count"], form.cleaned_data["reason"], now=timezone.now()
            )
            messages.success(request, _("Another officer must agree before you revoke."))
            return redirect("office:hold", hold_id)
        except DomainError as error:
            add_error(form, error)
    page = holds(request.GET.get("after", ""))
    heading = _("Held publications of statuses")
    columns = [Column(_("Why")), Column(_("Certificates or documents"), numeric=True), Column(_("State"))]
    table = Table(
        heading,
        [*columns, Column(_("Since"))],
        [
            [
                Link(translated(LABELS[line.gate]), str(line.hold_id) + "/"),
                line.count,
                translated(HOLD.states[line.state].label),
                moment(line.found_at),
            ]
            for line in page.lines
        ],
        empty=_("No publication has been held back."),
    )
    context = {"heading": heading, "table": table, "form": form, "breadcrumb": crumbs()}
    context["rebuild"] = rebuilding()
    return render(request, "office/holds.html", {**context, "next": next_page(request.path, page.next_key)})


@for_role(Role.OFFICER)
def hold_page(request: HttpRequest, hold_id: int) -> HttpResponse:
    """What was found, and the next step for this officer."""
    agreeing = request.POST.get("step") == HoldEvent.AGREE
    sent = (SeenForm if agreeing else ReleaseForm)(request.POST if request.method == "POST" else None)
    error: Message | None = None
    if sent.is_bound and sent.is_valid():
        try:
            messages.success(request, _release(actor_of(request), hold_id, sent))
            return redirect("office:hold", hold_id)
        except DomainError as refusal:
            error = refusal.message
            add_error(sent, refusal)
    return _page(request, hold(hold_id), sent, error)


def _release(actor: Actor, hold_id: int, sent: SeenForm) -> str:
    """Take the step; what to say of it."""
    seen = sent.cleaned_data["seen"]
    if isinstance(sent, ReleaseForm):
        ask_for_release(actor, hold_id, sent.cleaned_data["reason"], seen=seen)
        return _("Asked for: another officer must agree.")
    agree_to_release(actor, hold_id, seen=seen, now=timezone.now())
    return _("Released: the publication starts again.")


def _page(request: HttpRequest, line: HoldLine, sent: SeenForm, error: Message | None) -> HttpResponse:
    actor = actor_of(request)
    facts = HoldFacts(line.asked_by, actor.person_id)
    asks, agrees = (
        HOLD.may(line.state, event, actor, Subject(), facts) for event in (HoldEvent.ASK, HoldEvent.AGREE)
    )
    form = sent
    if asks is not isinstance(sent, ReleaseForm):  # somebody else has taken a step meanwhile
        form = ReleaseForm() if asks else SeenForm()
    # The page shows how things stand now, so the next press of the button means this.
    form.initial["seen"] = line.count
    if form.is_bound:
        form.data = {**request.POST.dict(), "seen": str(line.count)}
    context = {
        "heading": translated(LABELS[line.gate]),
        "rows": _rows(line),
        "count": line.count,
        "certificates": _certificates(line.hold_id),
        "sent": sent,
        "form": form,
        "asks": asks,
        "agrees": agrees,
        "why_not": error or HOLD.why_not(line.state, HoldEvent.AGREE, actor, Subject(), facts),
        "breadcrumb": crumbs(Link(_("Held publications of statuses"), "..")),
    }
    return render(request, "office/hold.html", context)


def _certificates(hold_id: int) -> Table:
    columns = [Column(_("Serial number")), Column(_("Authority")), Column(_("In the records"))]
    return Table(
        _("Certificates that it is about"),
        [*columns, Column(_("Revoked"))],
        [
            [
                certificate_link(each),
                each.authority,
                certificate_status(each.state) if each.state else _("Not known"),
                moment(each.revoked_at) if each.revoked_at else "",
            ]
            for each in certificates_of(hold_id)
        ],
    )


def _rows(line: HoldLine) -> list[SummaryRow]:
    names = names_of(person for person in (line.asked_by, line.agreed_by) if person is not None)
    rows = [
        SummaryRow(_("State"), translated(HOLD.states[line.state].label)),
        SummaryRow(
            _("What was found"), translated(line.message) if line.message else _("Announced bulk revocation")
        ),
        SummaryRow(_("Certificates or documents"), str(line.count)),
        SummaryRow(_("Since"), moment(line.found_at)),
    ]
    if line.asked_by is not None:
        rows += [
            SummaryRow(_("Asked for by"), names[line.asked_by]),
            SummaryRow(_("Reasons"), line.reason),
        ]
    if line.agreed_by is not None and line.agreed_at is not None:
        rows += [
            SummaryRow(_("Agreed by"), names[line.agreed_by]),
            SummaryRow(_("When"), moment(line.agreed_at)),
        ]
    return rows
