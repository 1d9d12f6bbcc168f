# SPDX-License-Identifier: EUPL-1.2
"""Work queues and the list of refusals, each paged by key."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from varmentaja.apps.applications.actions.read_office_lists import read_queue
from varmentaja.apps.applications.queries_office import ApplicationLine
from varmentaja.apps.audit.actions.read_refusals import read_refusals
from varmentaja.apps.audit.queries import EntryLine
from varmentaja.apps.cards.actions.read_office_lists import read_troubled_letters, read_troubled_orders
from varmentaja.apps.certificates.queries import SerialLine, burned_serials, recovered_certificates
from varmentaja.apps.paging import Page
from varmentaja.apps.people.queries import names_of
from varmentaja.apps.status.queries import untold_revocations
from varmentaja.domain.actors import Role
from varmentaja.domain.applications import ApplicationState
from varmentaja.domain.orders import ORDER
from varmentaja.ui.components import Cell, Column, Link, Table
from varmentaja.ui.translate import translated
from varmentaja.web.office.pages import (
    application_link,
    card_link,
    certificate_link,
    crumbs,
    next_page,
    person_link,
)
from varmentaja.web.office.texts import ACTIONS, moment, product_label
from varmentaja.web.session import actor_of, for_role

SUBJECT_PAGES = {
    "people.person": "office:person",
    "applications.application": "office:application",
    "cards.card": "office:card",
    "letters.letter": "office:letter",
}


@for_role(Role.OFFICER)
def applications(request: HttpRequest) -> HttpResponse:
    """Applications that wait for an officer, oldest first."""
    return _applications(
        request, ApplicationState.WITH_OFFICER, _("Applications to review"), _("No application waits.")
    )


@for_role(Role.OFFICER)
def discarded(request: HttpRequest) -> HttpResponse:
    """Approved applications whose card was discarded at the factory."""
    return _applications(
        request, ApplicationState.APPROVED, _("Cards to order again"), _("No card waits to be ordered again.")
    )


@for_role(Role.OFFICER)
def orders(request: HttpRequest) -> HttpResponse:
    """Orders whose last attempt failed."""
    page = read_troubled_orders(actor_of(request), after=request.GET.get("after", ""))
    heading = _("Orders in trouble")
    columns = [Column(_("Holder")), Column(_("Order")), Column(_("Why the last attempt failed"))]
    table = Table(
        heading,
        [*columns, Column(_("Attempts"), numeric=True), Column(_("When"))],
        [
            [
                card_link(line.holder, line.card_id),
                translated(ORDER.states[line.state].label),
                translated(line.reason),
                line.attempts,
                moment(line.changed_at),
            ]
            for line in page.lines
        ],
        empty=_("No order is in trouble."),
    )
    return _list(request, heading, table, page.next_key)


@for_role(Role.OFFICER)
def letters(request: HttpRequest) -> HttpResponse:
    """Code letters that could not be posted."""
    page = read_troubled_letters(actor_of(request), after=request.GET.get("after", ""))
    heading = _("Letters in trouble")
    columns = [Column(_("Holder")), Column(_("Why the last attempt failed")), Column(_("What happens"))]
    table = Table(
        heading,
        [*columns, Column(_("Attempts"), numeric=True), Column(_("When"))],
        [
            [
                Link(line.holder, reverse("office:letter", args=[line.letter_id])),
                translated(line.reason),
                _("It waits for an officer") if line.held else _("It is tried again by itself"),
                line.attempts,
                moment(line.changed_at),
            ]
            for line in page.lines
        ],
        empty=_("No letter is in trouble."),
    )
    return _list(request, heading, table, page.next_key)


@for_role(Role.OFFICER)
def untold(request: HttpRequest) -> HttpResponse:
    """Revoked certificates that relying parties are still told to be good."""
    page = untold_revocations(request.GET.get("after", ""), now=timezone.now())
    heading = _("Revocations that wait to be told")
    table = Table(
        heading,
        [Column(_("Serial number")), Column(_("Authority")), Column(_("Revoked"))],
        [
            [certificate_link(each), each.authority, moment(each.revoked_at) if each.revoked_at else ""]
            for each in page.lines
        ],
        empty=_("Every revocation has been told."),
    )
    return _list(request, heading, table, page.next_key)


@for_role(Role.OFFICER)
def serials(request: HttpRequest) -> HttpResponse:
    """Serial numbers that were reserved and will never be used."""
    page = burned_serials(request.GET.get("after", ""))
    heading, empty = _("Serial numbers out of use"), _("No serial number has been put out of use.")
    return _serials(request, heading, _("Reserved"), page, empty)


@for_role(Role.OFFICER)
def recovered(request: HttpRequest) -> HttpResponse:
    """Certificates whose records were lost with the newest part of the database."""
    page = recovered_certificates(request.GET.get("after", ""))
    heading, empty = _("Certificates without a record"), _("Every certificate has its record.")
    return _serials(request, heading, _("Recorded"), page, empty)


def _serials(
    request: HttpRequest, heading: str, when: str, page: Page[SerialLine], empty: str
) -> HttpResponse:
    columns = [Column(_("Serial number")), Column(_("Authority")), Column(when), Column(_("Card"))]
    lines: list[list[Cell]] = [
        [
            line.serial,
            line.authority,
            moment(line.reserved_at),
            card_link(str(line.card_id), line.card_id) if line.card_id else "",
        ]
        for line in page.lines
    ]
    return _list(request, heading, Table(heading, columns, lines, empty=empty), page.next_key)


@for_role(Role.OFFICER)
def refusals(request: HttpRequest) -> HttpResponse:
    """What the service refused to do, to whom and why."""
    page = read_refusals(actor_of(request), after=request.GET.get("after", ""))
    names = names_of(line.actor_person for line in page.lines if line.actor_person is not None)
    heading = _("Refusals")
    columns = [Column(_("When")), Column(_("What was asked for")), Column(_("Why it was refused"))]
    columns += [Column(_("Who asked")), Column(_("About"))]
    table = Table(
        heading,
        columns,
        [_refusal(line, names) for line in page.lines],
        empty=_("Nothing has been refused."),
    )
    return _list(request, heading, table, page.next_key)


def _refusal(line: EntryLine, names: dict[int, str]) -> list[Cell]:
    reason = line.refusal
    who = line.actor_person
    return [
        moment(line.at),
        ACTIONS.get(line.action, line.action.value),
        translated(reason) if reason else "",
        person_link(names.get(who, str(who)), who) if who is not None else _("The service itself"),
        _about(line),
    ]


def _about(line: EntryLine) -> Cell:
    if not line.subject_type:  # somebody who is not known here
        return str(line.personal.get("identity_code", ""))
    page, row = SUBJECT_PAGES.get(line.subject_type), line.subject_id
    if line.subject_type == "certificates.certificate":  # it stands in its holder's file
        page, row = "office:person", line.facts.get("person")
    return Link(_("Open"), reverse(page, args=[row])) if page and row else ""


def _applications(request: HttpRequest, state: ApplicationState, heading: str, empty: str) -> HttpResponse:
    page = read_queue(actor_of(request), state, after=request.GET.get("after", ""))
    columns = [Column(_("Application")), Column(_("Applicant")), Column(_("Card")), Column(_("Submitted"))]
    table = Table(
        heading,
        [*columns, Column(_("Registration point")), Column(_("Why"))],
        [
            [
                application_link(line.application_id),
                line.applicant,
                product_label(line.product),
                line.submitted_on or "",
                line.point,
                _why(line),
            ]
            for line in page.lines
        ],
        empty=empty,
    )
    return _list(request, heading, table, page.next_key)


def _why(line: ApplicationLine) -> str:
    """Why it waits: its card was discarded, or rules could not settle it."""
    if line.state is ApplicationState.APPROVED:
        return translated(line.discarded) if line.discarded else ""
    return " ".join(translated(reason) for reason in line.decision.reasons()) if line.decision else ""


def _list(request: HttpRequest, heading: str, table: Table, next_key: str) -> HttpResponse:
    context = {
        "heading": heading,
        "table": table,
        "next": next_page(request.path, next_key),
        "breadcrumb": crumbs(),
    }
    return render(request, "office/list.html", context)
