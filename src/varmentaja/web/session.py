# SPDX-License-Identifier: EUPL-1.2
"""The session of a person signed in with a card: it lives as long as the certificate is in force."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import messages
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from varmentaja.apps.access.actions.sign_in import SignedIn
from varmentaja.apps.certificates.queries import in_force
from varmentaja.apps.people.models import Person
from varmentaja.apps.people.roles import actor_for
from varmentaja.apps.sandbox.clock import business_today
from varmentaja.domain.actors import Actor, Authentication, Role
from varmentaja.domain.errors import not_allowed
from varmentaja.web import visitor
from varmentaja.web.visitor import Audience

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

PERSON, CERTIFICATE, AUTHENTICATION, ROLES = "person", "certificate", "authentication", "roles"
AUDIENCES = {
    Role.HOLDER: Audience.PROFESSIONAL,
    Role.REGISTRAR: Audience.REGISTRATION,
    Role.OFFICER: Audience.OFFICE,
}


def open_session(request: HttpRequest, signed_in: SignedIn) -> None:
    """Begin a session under a new key for the holder of a checked certificate."""
    request.session.flush()
    request.session[PERSON] = signed_in.actor.person_id
    request.session[CERTIFICATE] = signed_in.certificate_id
    request.session[AUTHENTICATION] = signed_in.actor.authentication.value
    request.session[ROLES] = sorted(signed_in.actor.roles)


def actor_of(request: HttpRequest) -> Actor:
    """The person signed in, as an actor; for views behind ``for_role``."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        raise not_allowed("Sign in with your card first.")
    return actor


def certificate_of(request: HttpRequest) -> int:
    """The certificate that the session was opened with (row id)."""
    return int(request.session[CERTIFICATE])


def for_role(role: Role) -> Callable[[View[P]], View[P]]:
    """Let in whoever holds ``role``; others go to sign-in, or are told that they have no right."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            actor: Actor | None = getattr(request, "actor", None)
            if actor is None:
                return redirect(f"{reverse('access:sign_in')}?{urlencode({'next': request.get_full_path()})}")
            if role not in actor.roles:
                raise not_allowed("Your role does not allow this.")
            return view(request, *args, **kwargs)

        return guarded

    return decorate


class Visitor:
    """Middleware: who asks, on which business day. A certificate no longer in force ends the session, and so
    does the end of a role that the person had when it began."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Look at the session before the view, at every request."""
        if PERSON in request.session:
            if not in_force(certificate_of(request), now=timezone.now()):
                self._end(request, _("Your session has ended because your certificate is no longer valid."))
            else:
                self._welcome(request)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """The frame of every page shows the business day, or today where the database does not answer: the
        page that tells of disturbances is there even then."""
        with suppress(DatabaseError):
            request.business_date = business_today()  # type: ignore[attr-defined]  # HttpRequest is open to such facts

    def _end(self, request: HttpRequest, why: str) -> None:
        request.session.flush()
        messages.warning(request, why)

    def _welcome(self, request: HttpRequest) -> None:
        person = Person.objects.only("first_name", "family_name").get(pk=request.session[PERSON])
        actor = actor_for(person.pk, Authentication(request.session[AUTHENTICATION]))
        if not set(request.session.get(ROLES, ())) <= actor.roles:
            self._end(request, _("Your session has ended because a role of yours has ended. Sign in again."))
            return
        request.actor = actor  # type: ignore[attr-defined]
        request.signed_in = visitor.SignedIn(  # type: ignore[attr-defined]
            name=f"{person.first_name} {person.family_name}",
            role=_role_text(actor),
            audiences=frozenset(AUDIENCES[role] for role in actor.roles if role in AUDIENCES),
            sign_out=reverse("access:sign_out"),
        )


def _role_text(actor: Actor) -> str:
    if Role.OFFICER in actor.roles:
        return _("Officer")
    if Role.REGISTRAR in actor.roles:
        return _("Registrar")
    return _("Card holder")
