# SPDX-License-Identifier: EUPL-1.2
"""A card's page, and ending it by a telephone call."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from varmentaja.apps.cards.actions.end_card import end_card
from varmentaja.apps.cards.actions.read_card import read_card, read_face
from varmentaja.apps.cards.queries import CardFile
from varmentaja.apps.certificates.queries import status_addresses
from varmentaja.apps.letters.queries import letters_of
from varmentaja.apps.people.queries import masked_code_of, names_of
from varmentaja.apps.sandbox.clock import business_today
from varmentaja.domain.actors import Role
from varmentaja.domain.callers import LABELS as CALLERS
from varmentaja.domain.callers import CallerCheck
from varmentaja.domain.cards import CARD, CardEvent
from varmentaja.domain.errors import DomainError, conflict, not_found
from varmentaja.domain.products import product
from varmentaja.domain.revocation import GROUNDS, Ground, offered
from varmentaja.ui.components import SummaryRow
from varmentaja.ui.forms import add_error
from varmentaja.ui.translate import translated
from varmentaja.web.office import card_tables
from varmentaja.web.office.forms import RevokeForm
from varmentaja.web.office.pages import card_link, crumbs, person_link
from varmentaja.web.office.texts import card_status, moment, product_label
from varmentaja.web.session import actor_of, for_role


@for_role(Role.OFFICER)
def card(request: HttpRequest, card_id: int) -> HttpResponse:
    """Everything that is known of one card."""
    file = read_card(actor_of(request), card_id, today=business_today())
    context = {
        "card": file,
        "heading": _heading(file),
        "status": card_status(file.state),
        "may_end": _may_end(file),
        "rows": card_tables.facts(file, _holder(file)),
        "entries": card_tables.way(file),
        "certificates": card_tables.certificates(file),
        "order": card_tables.order(file),
        "letters": card_tables.letters(letters_of(card_id)),
        "events": card_tables.events(file),
        "breadcrumb": crumbs(person_link(_holder(file), file.person_id)),
    }
    return render(request, "office/card.html", context)


@for_role(Role.OFFICER)
def face(request: HttpRequest, card_id: int) -> HttpResponse:
    """The card's front as printed."""
    picture = read_face(actor_of(request), card_id, today=business_today())
    if picture is None:
        raise not_found("There is no picture of the card.")
    return HttpResponse(picture, content_type="image/png", headers={"Cache-Control": "private, no-store"})


@for_role(Role.OFFICER)
def revoke(request: HttpRequest, card_id: int) -> HttpResponse:
    """The telephone form, then a look at what was written, then the end of the card."""
    actor = actor_of(request)
    file = read_card(actor, card_id, today=business_today())
    if not _may_end(file):
        raise conflict("This card cannot be ended: it has ended already or has not been sent yet.")
    form = RevokeForm(offered(actor, product(file.product)), request.POST or None)
    if request.method != "POST" or "change" in request.POST or not form.is_valid():
        return _revoke_page(request, file, form)
    if "confirmed" not in request.POST:
        return _check_page(request, file, form)
    try:
        end_card(
            replace(actor, acting_for=file.person_id),
            card_id,
            Ground(form.cleaned_data["ground"]),
            caller=CallerCheck(form.cleaned_data["caller"]),
            note=form.cleaned_data["note"],
            now=timezone.now(),
            today=business_today(),
        )
    except DomainError as error:
        add_error(form, error)
        return _revoke_page(request, file, form)
    return redirect("office:revoked", card_id)


@for_role(Role.OFFICER)
def revoked(request: HttpRequest, card_id: int) -> HttpResponse:
    """When the certificates were revoked and where relying parties see it."""
    file = read_card(actor_of(request), card_id, today=business_today())
    ended = [line for line in file.certificates if line.revoked_at and line.der]
    addresses = [(line, status_addresses(line.der or b"")) for line in ended]
    rows = [
        SummaryRow(_("Holder"), person_link(_holder(file), file.person_id)),
        SummaryRow(_("Card"), card_link(_heading(file), card_id)),
        SummaryRow(_("Revoked"), moment(ended[0].revoked_at) if ended and ended[0].revoked_at else ""),
    ]
    for line, address in addresses:
        rows += [
            SummaryRow(_("Serial number of the certificate"), line.serial),
            SummaryRow(_("OCSP, within 2 seconds"), address.ocsp),
            SummaryRow(_("Revocation list, within 2 seconds"), address.crl),
        ]
    return render(request, "office/revoked.html", {"card": file, "rows": rows, "breadcrumb": crumbs()})


def _revoke_page(request: HttpRequest, file: CardFile, form: RevokeForm) -> HttpResponse:
    context = {
        "form": form,
        "heading": _("Revoke a card by telephone"),
        "submit": _("Check before revoking"),
        "back": reverse("office:card", args=[file.card_id]),
        "rows": _whose(file),
        "breadcrumb": _crumbs(file),
    }
    return render(request, "office/revoke.html", context)


def _check_page(request: HttpRequest, file: CardFile, form: RevokeForm) -> HttpResponse:
    values = form.cleaned_data
    rows = [
        *_whose(file),
        SummaryRow(_("What has happened"), translated(GROUNDS[Ground(values["ground"])].label)),
        SummaryRow(_("Caller"), translated(CALLERS[CallerCheck(values["caller"])])),
        SummaryRow(_("Notes of the call"), values["note"]),
    ]
    context = {"values": values, "rows": rows, "holder": _holder(file), "breadcrumb": _crumbs(file)}
    return render(request, "office/revoke_check.html", context)


def _whose(file: CardFile) -> list[SummaryRow]:
    return [
        SummaryRow(_("Holder"), _holder(file)),
        SummaryRow(_("Identity code"), masked_code_of(file.person_id)),
        SummaryRow(_("Card"), f"{product_label(file.product)}, {file.title}"),
        SummaryRow(_("Serial number on the card"), file.printed_serial),
        SummaryRow(_("Valid until"), file.valid_until),
    ]


def _may_end(file: CardFile) -> bool:
    return CARD.leads(file.state, CardEvent.CANCEL) is not None


def _holder(file: CardFile) -> str:
    return names_of([file.person_id])[file.person_id]


def _heading(file: CardFile) -> str:
    return f"{product_label(file.product)} {file.printed_serial or file.card_id}"


def _crumbs(file: CardFile) -> list[object]:
    return [*crumbs(person_link(_holder(file), file.person_id)), card_link(_heading(file), file.card_id)]
