# SPDX-License-Identifier: EUPL-1.2
"""My card: how far it is, what its certificates say, and how to end it."""

from __future__ import annotations

import base64
import textwrap

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from varmentaja.apps.cards.actions.end_card import end_card
from varmentaja.apps.cards.actions.read_card import read_card, read_face
from varmentaja.apps.cards.actions.read_own_cards import read_own_cards
from varmentaja.apps.cards.queries import CardFile
from varmentaja.apps.certificates.queries import in_force
from varmentaja.apps.sandbox.clock import business_today
from varmentaja.domain.actors import Role
from varmentaja.domain.errors import DomainError, not_allowed, not_found
from varmentaja.domain.products import product
from varmentaja.domain.revocation import Ground, offered
from varmentaja.ui.components import Link
from varmentaja.ui.forms import add_error
from varmentaja.web.professional.forms import EndForm
from varmentaja.web.professional.shown import shown_card
from varmentaja.web.session import actor_of, certificate_of, for_role


@never_cache
@for_role(Role.HOLDER)
def front(request: HttpRequest) -> HttpResponse:
    """The holder's cards, newest first."""
    today = business_today()
    cards = [shown_card(card, today=today) for card in read_own_cards(actor_of(request), today=today)]
    values = {"cards": cards, "directory_is_open": settings.DIRECTORY_PERSONS}
    return render(request, "professional/front.html", values)


@never_cache
@for_role(Role.HOLDER)
def face(request: HttpRequest, card_id: int) -> HttpResponse:
    """The card's front as printed."""
    picture = read_face(actor_of(request), card_id, today=business_today())
    if picture is None:
        raise not_found("The card has not been made yet.")
    return HttpResponse(picture, content_type="image/png")


@never_cache
@for_role(Role.HOLDER)
def certificate(request: HttpRequest, card_id: int, certificate_id: int, form: str) -> HttpResponse:
    """One certificate of the card as a file, ``form`` is pem or der."""
    card = _own_card(request, card_id)
    found = {line.certificate_id: line for line in card.certificates if line.der}.get(certificate_id)
    if found is None or found.der is None or form not in ("pem", "der"):
        raise not_found("There is no such certificate.")
    return file_answer(pem(found.der) if form == "pem" else found.der, f"{found.purpose}.{form}")


@never_cache
@for_role(Role.HOLDER)
def end(request: HttpRequest, card_id: int) -> HttpResponse:
    """Report the card lost or give it up; it cannot be undone."""
    actor, today = actor_of(request), business_today()
    card = _own_card(request, card_id)
    form = EndForm(offered(actor, product(card.product)), request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            end_card(actor, card_id, Ground(form.cleaned_data["ground"]), now=timezone.now(), today=today)
        except DomainError as error:
            add_error(form, error)
        else:
            if not in_force(certificate_of(request), now=timezone.now()):
                request.session.flush()
            return redirect("professional:ended")
    home = reverse("professional:front")
    values = {
        "form": form,
        "card": shown_card(card, today=today),
        "heading": _("Report the card lost or give it up"),
        "back": home,
        "breadcrumb": [Link(_("My card"), home)],
    }
    return render(request, "professional/end.html", values, status=400 if form.errors else 200)


def ended(request: HttpRequest) -> HttpResponse:
    """The card is stopped; the page is open, since the session mostly ended with the certificate."""
    return render(request, "professional/ended.html")


def _own_card(request: HttpRequest, card_id: int) -> CardFile:
    """The holder's own card. Whoever may see others' too has other pages for that, which ask for more."""
    actor = actor_of(request)
    card = read_card(actor, card_id, today=business_today())
    if card.person_id != actor.person_id:
        raise not_allowed("This belongs to another person.")
    return card


def file_answer(content: bytes, name: str) -> HttpResponse:
    """A file to be saved, never shown: what people upload must not run in our name."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type="application/octet-stream", headers=headers)


def pem(der: bytes) -> bytes:
    """A certificate as openssl and most programs take it (RFC 7468)."""
    body = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n".encode()
