# SPDX-License-Identifier: EUPL-1.2
"""My card: how far it is, what it says, and how to end it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from varmentaja.apps.cards.actions.read_own_cards import read_own_cards
from varmentaja.apps.sandbox.clock import business_today
from varmentaja.domain.actors import Role
from varmentaja.web.professional.shown import shown_card
from varmentaja.web.session import actor_of, for_role


@for_role(Role.HOLDER)
def front(request: HttpRequest) -> HttpResponse:
    """The holder's cards, newest first."""
    today = business_today()
    cards = [shown_card(card, today=today) for card in read_own_cards(actor_of(request), today=today)]
    return render(request, "professional/front.html", {"cards": cards})
