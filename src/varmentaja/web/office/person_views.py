# SPDX-License-Identifier: EUPL-1.2
"""Search, and a person's file."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from varmentaja.apps.applications.actions.read_office_lists import read_applications_of
from varmentaja.apps.applications.queries_office import ApplicationLine
from varmentaja.apps.cards.actions.read_office_lists import read_cards_of
from varmentaja.apps.cards.queries import CardFile
from varmentaja.apps.people.actions.read_person import PersonFile, read_person
from varmentaja.apps.people.actions.search_people import search_people
from varmentaja.apps.people.search import Hits
from varmentaja.apps.sandbox.clock import business_today
from varmentaja.domain.actors import Role
from varmentaja.domain.applications import ApplicationState
from varmentaja.ui.components import Cell, Column, SummaryRow, Table
from varmentaja.ui.translate import translated
from varmentaja.web.office.forms import SearchForm
from varmentaja.web.office.histories import history as lines_of
from varmentaja.web.office.histories import history_table
from varmentaja.web.office.pages import (
    application_link,
    card_link,
    crumbs,
    next_page,
    opened,
    person_link,
    sealed,
)
from varmentaja.web.office.texts import (
    LANGUAGES,
    ROLES,
    application_status,
    card_status,
    moment,
    product_label,
)
from varmentaja.web.session import actor_of, for_role


@for_role(Role.OFFICER)
def search(request: HttpRequest) -> HttpResponse:
    """The form posts; the hits have an address that hides what was searched. One hit opens at once."""
    if request.method == "POST":
        form = SearchForm(request.POST)
        if not form.is_valid():
            return render(request, "office/search.html", {"form": form, "breadcrumb": crumbs()})
        return redirect(f"{reverse('office:search')}?{urlencode({'q': sealed(form.cleaned_data['text'])})}")
    token = request.GET.get("q", "")
    if not token:
        return redirect("office:front")
    text, after = opened(token), request.GET.get("after", "")
    hits = search_people(actor_of(request), text, after=after)
    if len(hits.people) == 1 and not after:
        return redirect("office:person", hits.people[0].person_id)
    context = {
        "form": SearchForm({"text": text}),
        "table": _hits(hits),
        "next": next_page(request.path, hits.next_key, q=token),
        "breadcrumb": crumbs(),
    }
    return render(request, "office/search.html", context)


@for_role(Role.OFFICER)
def person(request: HttpRequest, person_id: int) -> HttpResponse:
    """The person's file."""
    file = read_person(actor_of(request), person_id)
    lines, _more = lines_of(person_id, reads=False)
    context = {
        "file": file,
        "rows": _facts(file),
        "cards": _cards(read_cards_of(actor_of(request), person_id, today=business_today())),
        "applications": _applications(read_applications_of(actor_of(request), person_id)),
        "history": history_table(_("Latest events"), lines[:10]),
        "breadcrumb": crumbs(),
    }
    return render(request, "office/person.html", context)


@for_role(Role.OFFICER)
def history(request: HttpRequest, person_id: int) -> HttpResponse:
    """Everything that has been recorded about the person, page by page."""
    file = read_person(actor_of(request), person_id)
    reads = request.GET.get("reads", "")
    lines, more = lines_of(person_id, reads=bool(reads), after=request.GET.get("after", ""))
    context = {
        "file": file,
        "reads": bool(reads),
        "table": history_table(_("Whole history"), lines),
        "next": next_page(request.path, more, reads=reads),
        "breadcrumb": crumbs(person_link(file.name, person_id)),
    }
    return render(request, "office/history.html", context)


def _hits(hits: Hits) -> Table:
    return Table(
        _("People found"),
        [Column(_("Name")), Column(_("Identity code")), Column(_("Registration number"))],
        [
            [person_link(hit.name, hit.person_id), hit.identity_code, hit.registration_number]
            for hit in hits.people
        ],
        empty=_("Nobody was found. A name is found by its beginning; codes and numbers must be whole."),
    )


def _facts(file: PersonFile) -> list[SummaryRow]:
    person = file.person
    address = person.home_address
    shown = f"{address.street}, {address.postal_code} {address.town}" if address else ""
    if person.non_disclosure:
        shown = _("Not shown: the person has a non-disclosure order")
    roles = ", ".join(
        f"{ROLES[line.role]} ({line.point})" if line.point else str(ROLES[line.role]) for line in file.roles
    )
    return [
        SummaryRow(_("Name"), file.name),
        SummaryRow(_("First name in use"), person.first_name),
        SummaryRow(_("Identity code"), str(person.identity_code)),
        SummaryRow(_("Electronic identification number"), person.electronic_id),
        SummaryRow(_("Registration number"), file.registration_number),
        SummaryRow(_("Language of service"), LANGUAGES[person.language]),
        SummaryRow(_("Home address"), shown),
        SummaryRow(_("Roles in this service"), roles),
        SummaryRow(_("Population register last asked"), moment(file.refreshed_at)),
    ]


def _cards(cards: tuple[CardFile, ...]) -> Table:
    columns = [Column(_("Card")), Column(_("Title")), Column(_("Serial number"))]
    return Table(
        _("Cards"),
        [*columns, Column(_("Valid until")), Column(_("State"))],
        [
            [
                card_link(f"{product_label(card.product)} {card.card_id}", card.card_id),
                card.title,
                card.printed_serial,
                card.valid_until,
                card_status(card.state),
            ]
            for card in cards
        ],
        empty=_("The person has had no card."),
    )


def _applications(applications: tuple[ApplicationLine, ...]) -> Table:
    columns = [Column(_("Application")), Column(_("Card")), Column(_("Submitted")), Column(_("State"))]
    return Table(
        _("Applications"),
        [*columns, Column(_("Reasons"))],
        [_application(line) for line in applications],
        empty=_("The person has made no application."),
    )


def _application(line: ApplicationLine) -> list[Cell]:
    reasons = line.decision.reasons() if line.decision else ()
    told = line.state in (ApplicationState.REFUSED, ApplicationState.WITH_OFFICER)
    return [
        application_link(line.application_id),
        product_label(line.product),
        line.submitted_on or "",
        application_status(line.state),
        " ".join(translated(reason) for reason in reasons) if told else "",
    ]
