# SPDX-License-Identifier: EUPL-1.2
"""What only a test service has: everybody's letter boxes, and business time that can be moved on."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from varmentaja.apps.sandbox.actions.move_on import move_on
from varmentaja.apps.sandbox.clock import business_today
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.errors import DomainError, not_found
from varmentaja.domain.letters import LetterKind
from varmentaja.ports.connected import outside
from varmentaja.ports.mailbox import Envelope, Mailbox
from varmentaja.ui.components import Cell, Column, Link, Status, Table, Tone
from varmentaja.ui.forms import add_error
from varmentaja.web.public.forms import MoveOnForm

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, Mailbox, P], HttpResponse]


def with_mailbox(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Hand the letter boxes to the view; a service that has none has no such page."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return view(request, _mailbox(), *args, **kwargs)

    return guarded


def _mailbox() -> Mailbox:
    mailbox = outside().mailbox
    if mailbox is None:
        raise not_found("Only a test service has this page.")
    return mailbox


def front(request: HttpRequest) -> HttpResponse:
    """The tools of the test service."""
    _mailbox()
    clinic = f"{settings.CLINIC_URL}/{get_language()}/"
    values = {"form": MoveOnForm(), "clinic": clinic, "breadcrumb": _crumbs()[:1]}
    return render(request, "public/sandbox.html", values)


def move(request: HttpRequest) -> HttpResponse:
    """Move business time on; whoever uses a test service may."""
    form = MoveOnForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            today = move_on(SYSTEM, form.cleaned_data["days"])
        except DomainError as error:
            add_error(form, error)
        else:
            day = date_format(today, "DATE_FORMAT")
            messages.success(request, _("The date in this service is now %(day)s.") % {"day": day})
            return redirect("public:move_on")
    values = {
        "form": form,
        "heading": _("Move the date on"),
        "lead": _("Letters that fall due on the way are posted within a minute. The date never goes back."),
        "submit": _("Move on"),
        "back": reverse("public:sandbox"),
        "breadcrumb": _crumbs(),
    }
    return render(request, "ui/form_page.html", values, status=400 if form.errors else 200)


@with_mailbox
def letter_boxes(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """Everybody who has got post."""
    rows: list[list[Cell]] = [
        [Link(box.name, reverse("public:letter_box", args=[box.holder])), box.envelopes]
        for box in mailbox.boxes()
    ]
    columns = [Column(_("Name")), Column(_("Letters"), numeric=True)]
    table = Table(_("Letter boxes"), columns, rows, empty=_("Nobody has got a letter yet."))
    values = {"table": table, "breadcrumb": _crumbs()}
    return render(request, "public/letter_boxes.html", values)


@with_mailbox
def letter_box(request: HttpRequest, mailbox: Mailbox, holder: str) -> HttpResponse:
    """One person's post, newest first."""
    envelopes = mailbox.envelopes(holder)
    if not envelopes:
        raise not_found("There is no such letter box.")
    crumbs = [*_crumbs(), Link(_("Letter boxes"), reverse("public:letter_boxes"))]
    values = {
        "name": envelopes[0].addressee,
        "holder": holder,
        "envelopes": [(each, _heading(each), _status(each)) for each in envelopes],
        "breadcrumb": crumbs,
    }
    return render(request, "public/letter_box.html", values)


@with_mailbox
def enclosure(request: HttpRequest, mailbox: Mailbox, holder: str, key: str, name: str) -> HttpResponse:
    """A letter as it was printed."""
    content = mailbox.enclosure(holder, key, name)
    kind = "application/pdf" if name.endswith(".pdf") else "application/octet-stream"
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return HttpResponse(content, content_type=kind, headers=headers)


def _heading(envelope: Envelope) -> str:
    if envelope.kind == LetterKind.CODE:
        return _("Code letter")
    return _("Card letter, with the card") if envelope.has_card else _("Letter")


def _status(envelope: Envelope) -> Status:
    if envelope.returned:
        return Status(_("Returned to the sender"), Tone.BAD)
    if envelope.delivery_on > business_today():
        return Status(_("On its way"), Tone.ACTIVE)
    return Status(_("Arrived"), Tone.GOOD)


def _crumbs() -> list[Link]:
    return [
        Link(_("Front page"), reverse("public:front")),
        Link(_("Test service"), reverse("public:sandbox")),
    ]
