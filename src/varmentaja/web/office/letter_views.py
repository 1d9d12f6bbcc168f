# SPDX-License-Identifier: EUPL-1.2
"""A code letter: it came back, or is to go again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from varmentaja.apps.cards.actions.read_card import read_card
from varmentaja.apps.letters.actions.return_letter import return_letter
from varmentaja.apps.letters.actions.send_again import send_again
from varmentaja.apps.letters.queries import LetterLine, letter_line
from varmentaja.apps.people.queries import names_of
from varmentaja.apps.sandbox.clock import business_today
from varmentaja.domain.actors import Role
from varmentaja.domain.cards import IN_FORCE
from varmentaja.domain.delivery import LABELS as DESTINATIONS
from varmentaja.domain.delivery import Destination
from varmentaja.domain.errors import DomainError
from varmentaja.domain.letters import LETTER, LetterEvent, LetterState
from varmentaja.ui.components import SummaryRow
from varmentaja.ui.forms import add_error
from varmentaja.ui.translate import translated
from varmentaja.web.office.forms import SendAgainForm
from varmentaja.web.office.pages import card_link, crumbs, person_link
from varmentaja.web.office.texts import letter_status
from varmentaja.web.session import actor_of, for_role


@for_role(Role.OFFICER)
def letter(request: HttpRequest, letter_id: int) -> HttpResponse:
    """Where the letter stands; a posted or returned one can be sent again."""
    line = letter_line(letter_id)
    card = read_card(actor_of(request), line.card_id, today=business_today())
    form = SendAgainForm(_destinations(line), request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            send_again(
                actor_of(request),
                letter_id,
                Destination(form.cleaned_data["to"]),
                now=timezone.now(),
                today=business_today(),
            )
        except DomainError as error:
            add_error(form, error)
        else:
            messages.success(request, _("The code letter is printed and posted again today."))
            return redirect("office:card", line.card_id)
    context = {
        "form": form,
        "rows": _facts(line),
        "status": letter_status(line.state),
        "may_return": LETTER.leads(line.state, LetterEvent.RETURN) is not None,
        "may_send": card.state in IN_FORCE and _may_send(line),
        "letter": line,
        "breadcrumb": [
            *crumbs(person_link(names_of([line.person_id])[line.person_id], line.person_id)),
            card_link(card.printed_serial or str(card.card_id), line.card_id),
        ],
    }
    return render(request, "office/letter.html", context)


@require_POST
@for_role(Role.OFFICER)
def returned(request: HttpRequest, letter_id: int) -> HttpResponse:
    """The post brought the letter back."""
    return_letter(actor_of(request), letter_id, now=timezone.now(), today=business_today())
    messages.success(
        request, _("The letter is noted as returned. Check the address before you send it again.")
    )
    return redirect("office:letter", letter_id)


def _may_send(line: LetterLine) -> bool:
    """A printed letter is on its way to the post by itself, unless it is held."""
    return LETTER.leads(line.state, LetterEvent.SEND_AGAIN) is not None and (
        line.held or line.state is not LetterState.PRINTED
    )


def _destinations(line: LetterLine) -> list[Destination]:
    """Home and the point can always be asked for; an employer's address only if it was settled before."""
    settled = line.recipient.destination
    return [each for each in Destination if each is not Destination.EMPLOYER or settled is each]


def _facts(line: LetterLine) -> list[SummaryRow]:
    home = line.recipient.destination is Destination.HOME
    address = "" if home else ", ".join(line.recipient.lines())
    return [
        SummaryRow(_("Addressed to"), translated(DESTINATIONS[line.recipient.destination])),
        *([SummaryRow(_("Address"), address)] if address else []),
        SummaryRow(_("Due"), line.due_on),
        SummaryRow(_("Posted"), line.posted_on or ""),
        *([SummaryRow(_("Last trouble"), translated(line.trouble))] if line.trouble else []),
    ]
