# SPDX-License-Identifier: EUPL-1.2
"""Certificates of known status, by which publications are judged: naming one, and two officers' end of it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from varmentaja.apps.people.queries import names_of
from varmentaja.apps.status.actions.name_canary import (
    agree_to_dismissal,
    ask_for_dismissal,
    keep_watching,
    name_canary,
)
from varmentaja.apps.status.queries import CanaryLine, canary, watching
from varmentaja.domain.actors import Role
from varmentaja.domain.authority import Subject
from varmentaja.domain.canaries import CANARY, CanaryEvent, CanaryFacts
from varmentaja.domain.errors import DomainError, Message
from varmentaja.ui.components import Column, Link, SummaryRow, Table
from varmentaja.ui.forms import add_error
from varmentaja.ui.translate import translated
from varmentaja.web.office.forms import CanaryForm, ReasonForm
from varmentaja.web.office.pages import certificate_link, crumbs, next_page
from varmentaja.web.office.texts import certificate_status
from varmentaja.web.session import actor_of, for_role


@for_role(Role.OFFICER)
def canary_list(request: HttpRequest) -> HttpResponse:
    """Every certificate that stands watch, and the form that names another."""
    form = CanaryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            canary_id = name_canary(actor_of(request), form.cleaned_data["serial"])
            messages.success(request, _("Every publication is judged by it from now on."))
            return redirect("office:canary", canary_id)
        except DomainError as error:
            add_error(form, error)
    page = watching(request.GET.get("after", ""))
    heading = _("Certificates of known status")
    columns = [Column(_("Serial number")), Column(_("Authority")), Column(_("Must be told as"))]
    table = Table(
        heading,
        [*columns, Column(_("State"))],
        [
            [
                Link(line.certificate.serial, f"{line.canary_id}/"),
                line.certificate.authority,
                _told(line),
                translated(CANARY.states[line.state].label),
            ]
            for line in page.lines
        ],
        empty=_("No certificate stands watch."),
    )
    context = {
        "heading": heading,
        "table": table,
        "form": form,
        "next": next_page(request.path, page.next_key),
        "breadcrumb": crumbs(_to_holds("..")),
    }
    return render(request, "office/canaries.html", context)


@for_role(Role.OFFICER)
def canary_page(request: HttpRequest, canary_id: int) -> HttpResponse:
    """One of them, and the next step for this officer."""
    line, actor = canary(canary_id), actor_of(request)
    facts = CanaryFacts(line.asked_by, actor.person_id)
    may = CANARY.available(line.state, actor, Subject(), facts)
    step = request.POST.get("step", "")
    form = ReasonForm(request.POST if request.method == "POST" and not step else None)
    error: Message | None = None
    if request.method == "POST" and (step or form.is_valid()):
        try:
            if step == CanaryEvent.AGREE:
                agree_to_dismissal(actor, canary_id)
                messages.success(request, _("Publications are judged by it no more."))
                return redirect("office:canaries")
            if step == CanaryEvent.KEEP:
                keep_watching(actor, canary_id)
                messages.success(request, _("It goes on standing watch."))
            else:
                ask_for_dismissal(actor, canary_id, form.cleaned_data["reason"])
                messages.success(request, _("Asked for: another officer must agree."))
            return redirect("office:canary", canary_id)
        except DomainError as refusal:
            error = refusal.message
    context = {
        "heading": _("Certificate of known status"),
        "rows": _rows(line),
        "form": form,
        "asks": CanaryEvent.ASK in may,
        "agrees": CanaryEvent.AGREE in may,
        "keeps": CanaryEvent.KEEP in may,
        "why_not": error or CANARY.why_not(line.state, CanaryEvent.AGREE, actor, Subject(), facts),
        "breadcrumb": crumbs(_to_holds("../.."), Link(_("Certificates of known status"), "..")),
    }
    return render(request, "office/canary.html", context)


def _rows(line: CanaryLine) -> list[SummaryRow]:
    certificate = line.certificate
    known = certificate_status(certificate.state) if certificate.state else _("Not known")
    rows = [
        SummaryRow(_("Serial number"), certificate_link(certificate)),
        SummaryRow(_("Authority"), certificate.authority),
        SummaryRow(_("Must be told as"), _told(line)),
        SummaryRow(_("In the records"), known),
        SummaryRow(_("State"), translated(CANARY.states[line.state].sentence)),
    ]
    if line.asked_by is not None:
        name = names_of([line.asked_by])[line.asked_by]
        rows += [SummaryRow(_("Asked for by"), name), SummaryRow(_("Reasons"), line.reason)]
    return rows


def _told(line: CanaryLine) -> str:
    return _("Revoked") if line.revoked else _("Good")


def _to_holds(href: str) -> Link:
    return Link(_("Held publications of statuses"), href)
