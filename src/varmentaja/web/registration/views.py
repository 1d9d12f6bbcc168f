# SPDX-License-Identifier: EUPL-1.2
"""The desk's front, an application that is looked up or decided, its photograph and its receipt."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from varmentaja.apps.applications.actions.cancel_application import cancel_application
from varmentaja.apps.applications.actions.open_application import open_application
from varmentaja.apps.applications.actions.read_application import read_application, read_photo
from varmentaja.apps.applications.actions.read_desk import read_desk
from varmentaja.apps.applications.queries import ApplicationFile, ApplicationLine
from varmentaja.apps.cards.queries import card_file
from varmentaja.apps.paging import Page
from varmentaja.apps.sandbox.clock import business_today
from varmentaja.domain.applications import APPLICATION, ApplicationState
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.domain.timeline import next_step
from varmentaja.ui.components import Column, Link, Progress, Table, TimelineEntry
from varmentaja.ui.forms import add_error
from varmentaja.ui.translate import translated
from varmentaja.web.registration.desk import at_desk, desk_crumbs, page_address
from varmentaja.web.registration.forms import OpenForm, StepForm
from varmentaja.web.registration.receipt import receipt_of
from varmentaja.web.registration.summary import answer_rows
from varmentaja.web.registration.texts import person_rows, state_status
from varmentaja.web.registration.wizard import next_address
from varmentaja.web.session import actor_of


@at_desk
def desk(request: HttpRequest) -> HttpResponse:
    """Begin an application, or go on with one."""
    form = OpenForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            opened = open_application(
                actor_of(request),
                form.cleaned_data["identity_code"],
                now=timezone.now(),
                today=business_today(),
            )
        except DomainError as error:
            _show(form, error)
        else:
            return redirect("registration:person", opened.pk)
    drafts_only = request.GET.get("show") == "drafts"
    page = read_desk(actor_of(request), drafts_only=drafts_only, after=request.GET.get("after", ""))
    values = {
        "form": form,
        "table": _table(page),
        "filters": [
            Link(_("All"), reverse("registration:desk"), current=not drafts_only),
            Link(_("Unfinished"), f"{reverse('registration:desk')}?show=drafts", current=drafts_only),
        ],
        "next": page_address(request, after=page.next_key) if page.next_key else "",
        "first": reverse("registration:desk") if request.GET.get("after") else "",
    }
    return render(request, "registration/desk.html", values)


def _show(form: OpenForm, error: DomainError) -> None:
    """Everything that keeps an application from being opened is told at the identity code, which stays."""
    text = translated(error.message)
    if error.kind is Kind.UNAVAILABLE:
        text = f"{text} {_('Nothing has been lost: the identity code is still in the field.')}"
    form.add_error("identity_code", text)


def _table(page: Page[ApplicationLine]) -> Table:
    columns = [_("Applicant"), _("Identity code"), _("Opened"), _("State")]
    return Table(
        _("Applications of this registration point"),
        [Column(label) for label in columns],
        [
            [
                Link(line.name, reverse("registration:application", args=[line.application_id])),
                line.identity_code,
                timezone.localdate(line.opened_at),
                state_status(line.state),
            ]
            for line in page.lines
        ],
        empty=_("There are no applications here yet."),
    )


@at_desk
def application(request: HttpRequest, application_id: int) -> HttpResponse:
    """A draft goes on where it stopped; any other shows its decision and its answers."""
    file = read_application(actor_of(request), application_id, today=business_today())
    if file.state is ApplicationState.DRAFT:
        return redirect(next_address(application_id) if file.version else _person_page(application_id))
    return render(request, "registration/application.html", _decision(file))


def _person_page(application_id: int) -> str:
    return reverse("registration:person", args=[application_id])


def _decision(file: ApplicationFile) -> dict[str, Any]:
    values: dict[str, Any] = {
        "file": file,
        "status": state_status(file.state),
        "sentence": APPLICATION.states[file.state].sentence,
        "reasons": file.decision.reasons() if file.decision else (),
        "good": file.state
        in (ApplicationState.ORDERED, ApplicationState.FULFILLED, ApplicationState.APPROVED),
        "rows": [*person_rows(file), *answer_rows(file)],
        "breadcrumb": desk_crumbs(),
    }
    if file.with_photo:
        values["photo"] = reverse("registration:photograph", args=[file.application_id])
    if file.card_id is not None:
        steps = card_file(file.card_id, today=business_today()).steps
        coming = next_step(steps)
        values["ask"] = coming.ask if coming else None
        values["entries"] = [
            TimelineEntry(
                translated(step.label),
                Progress.DONE if step.done else Progress.CURRENT if step is coming else Progress.COMING,
                step.done or step.expected,
                estimated=step.done is None,
            )
            for step in steps
        ]
    return values


@at_desk
def cancel(request: HttpRequest, application_id: int) -> HttpResponse:
    """Ask once more, then end the application."""
    file = read_application(actor_of(request), application_id, today=business_today())
    form = StepForm(file, request.POST) if request.method == "POST" else StepForm(file)
    if request.method == "POST" and form.is_valid():
        try:
            cancel_application(
                actor_of(request), application_id, form.cleaned_data["version"], today=business_today()
            )
        except DomainError as error:
            if error.kind is not Kind.CONFLICT:
                raise
            add_error(form, error)
        else:
            messages.success(request, _("The application has been cancelled."))
            return redirect("registration:desk")
    values = {
        "form": form,
        "file": file,
        "heading": _("Cancel the application?"),
        "back": reverse("registration:application", args=[application_id]),
        "breadcrumb": desk_crumbs(),
        "birth_date": file.person.identity_code.birth_date,
    }
    return render(request, "registration/cancel.html", values)


@at_desk
def photograph(request: HttpRequest, application_id: int) -> HttpResponse:
    """The photograph of an application."""
    return HttpResponse(read_photo(actor_of(request), application_id), content_type="image/jpeg")


@at_desk
def receipt(request: HttpRequest, application_id: int) -> HttpResponse:
    """The receipt to print and sign."""
    file = read_application(actor_of(request), application_id, today=business_today())
    answer = HttpResponse(receipt_of(file), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{_("receipt")}-{application_id}.pdf"'
    return answer
