# SPDX-License-Identifier: EUPL-1.2
"""The steps of an application: each shows its form, stores its answer and leads to what is missing next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise

from varmentaja.apps.applications.actions.read_application import read_application
from varmentaja.apps.applications.queries import ApplicationFile, application_file
from varmentaja.apps.sandbox.clock import business_today
from varmentaja.domain.applications import APPLICATION, ApplicationState
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.ui.components import Stepper
from varmentaja.ui.forms import add_error
from varmentaja.ui.translate import translated
from varmentaja.web.registration.desk import at_desk, desk_crumbs
from varmentaja.web.registration.forms import StepForm
from varmentaja.web.registration.steps import STEPS, AnswerToChange, Step
from varmentaja.web.session import actor_of

__all__ = ["STEPS", "next_address", "view_of"]


def view_of(step: Step) -> Callable[..., HttpResponse]:
    """The view of one step."""

    @at_desk
    def view(request: HttpRequest, application_id: int) -> HttpResponse:
        file = read_application(actor_of(request), application_id, today=business_today())
        if file.state is not ApplicationState.DRAFT:
            return _decided(request, file, tell=request.method == "POST" and step.name != "check")
        if request.method != "POST":
            return _page(request, step, file, step.form(file))
        form = step.form(file, request.POST, request.FILES)
        if form.is_valid():
            answer = _save(request, step, file, form)
            if answer is not None:
                return answer
        return _page(request, step, file, form)

    return view


def next_address(application_id: int) -> str:
    """Address of the first step without an answer, or where answers are checked."""
    file = application_file(application_id, today=business_today())
    if file.state is not ApplicationState.DRAFT:
        return reverse("registration:application", args=[application_id])
    return reverse(f"registration:{next(iter(file.missing), 'check')}", args=[application_id])


def _save(request: HttpRequest, step: Step, file: ApplicationFile, form: StepForm) -> HttpResponse | None:
    """Store the answer and lead on; None when the form is to be shown again."""
    try:
        if step.save(actor_of(request), file, form):
            return redirect(f"registration:{step.name}", file.application_id)
    except AnswerToChange as change:
        messages.warning(request, translated(change.message))
    except DomainError as error:
        if error.kind is Kind.CONFLICT:
            return _conflict(request, step, file, error)
        if error.kind in (Kind.NOT_ALLOWED, Kind.NOT_FOUND):
            raise
        add_error(form, error)
        return None
    return redirect(next_address(file.application_id))


def _conflict(request: HttpRequest, step: Step, file: ApplicationFile, error: DomainError) -> HttpResponse:
    """The present state, and why the answer was not stored; a decision when there is one by now."""
    now = application_file(file.application_id, today=business_today())
    if now.state is not ApplicationState.DRAFT:
        return _decided(request, now, tell=step.name != "check")
    messages.warning(request, translated(error.message))
    return redirect(f"registration:{step.name}", file.application_id)


def _decided(request: HttpRequest, file: ApplicationFile, *, tell: bool) -> HttpResponse:
    """No draft any more. A second click on submit gets the decision; a lost answer is told of."""
    if tell:
        messages.warning(request, translated(APPLICATION.states[file.state].sentence))
    return redirect("registration:application", file.application_id)


def _page(request: HttpRequest, step: Step, file: ApplicationFile, form: StepForm) -> HttpResponse:
    values: dict[str, Any] = {
        "form": form,
        "file": file,
        "heading": step.heading,
        "submit": step.submit,
        "stepper": _stepper(step, file),
        "back": _back(step, file),
        "breadcrumb": desk_crumbs(),
        "birth_date": file.person.identity_code.birth_date,
        **step.context(request, file),
    }
    return render(request, step.template, values)


def _shown(file: ApplicationFile) -> list[Step]:
    """The steps of this application: there is no choice of right where there is one or none."""
    return [step for step in STEPS if step.name != "right" or len(file.valid_rights) > 1]


def _stepper(step: Step, file: ApplicationFile) -> Stepper | None:
    names: list[str | Promise] = [each.title for each in _shown(file)]
    return Stepper(names, names.index(step.title) + 1) if step.title in names else None


def _back(step: Step, file: ApplicationFile) -> str:
    shown = [each.name for each in _shown(file)]
    place = shown.index(step.name) if step.name in shown else 0
    if place == 0:
        return reverse("registration:desk")
    return reverse(f"registration:{shown[place - 1]}", args=[file.application_id])
