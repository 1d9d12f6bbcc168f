# SPDX-License-Identifier: EUPL-1.2
"""An application with its decision, and what an officer may do to it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from varmentaja.apps.applications.actions.cancel_application import cancel_application
from varmentaja.apps.applications.actions.read_application import read_application
from varmentaja.apps.applications.actions.review_application import (
    approve_after_review,
    refuse_after_review,
    return_to_registrar,
)
from varmentaja.apps.applications.actions.send_elsewhere import NOT_LEFT, send_elsewhere
from varmentaja.apps.applications.queries import ApplicationFile
from varmentaja.apps.cards.actions.order_again import order_again
from varmentaja.apps.sandbox.clock import business_today
from varmentaja.domain.actors import Actor, Role
from varmentaja.domain.applications import ApplicationState
from varmentaja.domain.authority import Action, Subject, allowed
from varmentaja.domain.delivery import Destination
from varmentaja.domain.eligibility_rules import Outcome
from varmentaja.domain.errors import DomainError, Message
from varmentaja.ui.forms import add_error
from varmentaja.ui.translate import translated
from varmentaja.web.office import application_tables
from varmentaja.web.office.application_tables import applicant_of
from varmentaja.web.office.forms import ReviewForm, VersionForm
from varmentaja.web.office.pages import crumbs, person_link
from varmentaja.web.office.texts import application_status
from varmentaja.web.session import actor_of, for_role


@for_role(Role.OFFICER)
def application(request: HttpRequest, application_id: int) -> HttpResponse:
    """The application; one that waits for an officer has the form of review."""
    actor = actor_of(request)
    if request.method == "POST":
        form = ReviewForm(request.POST)
        heard: tuple[Message, ...] = ()
        if form.is_valid():
            try:
                heard = _review(actor, application_id, form)
                if not heard:
                    messages.success(request, _("Your decision has been recorded."))
                    return redirect("office:application", application_id)
            except DomainError as error:
                add_error(form, error)
        return _page(request, read_application(actor, application_id, today=business_today()), form, heard)
    file = read_application(actor, application_id, today=business_today())
    return _page(request, file, ReviewForm(initial={"version": file.version}))


@require_POST
@for_role(Role.OFFICER)
def again(request: HttpRequest, application_id: int) -> HttpResponse:
    """Order a new card in place of one that was discarded at the factory."""
    form = VersionForm(request.POST)
    if form.is_valid():
        try:
            ordered = order_again(
                actor_of(request),
                application_id,
                form.cleaned_data["version"],
                now=timezone.now(),
                today=business_today(),
            )
            if ordered:
                messages.success(request, _("A new card has been ordered."))
            else:
                messages.warning(
                    request,
                    _(
                        "No card has been ordered: today the rules leave the application to an officer."
                        " Read why, and decide."
                    ),
                )
        except DomainError as error:
            messages.error(request, translated(error.message))
    return _back(application_id)


@require_POST
@for_role(Role.OFFICER)
def cancel(request: HttpRequest, application_id: int) -> HttpResponse:
    """End the application."""
    form = VersionForm(request.POST)
    if form.is_valid():
        try:
            version = form.cleaned_data["version"]
            cancel_application(actor_of(request), application_id, version, today=business_today())
            messages.success(request, _("The application has been cancelled."))
        except DomainError as error:
            messages.error(request, translated(error.message))
    return _back(application_id)


@require_POST
@for_role(Role.OFFICER)
def elsewhere(request: HttpRequest, application_id: int) -> HttpResponse:
    """Send to the registration point what must not go home any more."""
    try:
        send_elsewhere(actor_of(request), application_id, today=business_today())
        messages.success(request, _("Card and code letter are sent to the registration point."))
    except DomainError as error:
        messages.error(request, translated(error.message))
    return _back(application_id)


def _back(application_id: int) -> HttpResponseRedirect:
    return redirect("office:application", application_id)


def _review(actor: Actor, application_id: int, form: ReviewForm) -> tuple[Message, ...]:
    """Record the decision; if the rules say something new today, that instead."""
    version, reason = form.cleaned_data["version"], form.cleaned_data["reason"]
    now, today = timezone.now(), business_today()
    match form.cleaned_data["decision"]:
        case "approve":
            return approve_after_review(actor, application_id, version, reason, now=now, today=today)
        case "refuse":
            refuse_after_review(actor, application_id, version, reason, today=today)
        case "return":
            return_to_registrar(actor, application_id, version, reason, today=today)
    return ()


def _page(
    request: HttpRequest, file: ApplicationFile, form: ReviewForm, heard: tuple[Message, ...] = ()
) -> HttpResponse:
    not_you = allowed(actor_of(request), Action.APPLICATION_REVIEW, Subject(file.person_id, file.point_id))
    if form.is_bound:
        # The page shows how things stand now, so the next press of the button means this state.
        form.data = {**request.POST.dict(), "version": str(file.version)}
    context = {
        "file": file,
        "form": form,
        "rows": application_tables.facts(file),
        "rules": application_tables.rules(file.decision) if file.decision else None,
        "reasons": _reasons(file),
        "status": application_status(file.state),
        "not_you": not_you,
        "heard": heard,
        "to_review": file.state is ApplicationState.WITH_OFFICER,
        "to_order": file.state is ApplicationState.APPROVED,
        "to_cancel": file.state is ApplicationState.DRAFT,
        "must_not_go_home": file.state in NOT_LEFT and _goes_home(file) and file.person.non_disclosure,
        "breadcrumb": crumbs(person_link(applicant_of(file), file.person_id)),
    }
    return render(request, "office/application.html", context)


def _goes_home(file: ApplicationFile) -> bool:
    return any(to is not None and to.destination is Destination.HOME for to in (file.card_to, file.letter_to))


def _reasons(file: ApplicationFile) -> tuple[Message, ...]:
    """What stood in the way; an approval has none."""
    decision = file.decision
    return () if decision is None or decision.outcome is Outcome.APPROVED else decision.reasons()
