# SPDX-License-Identifier: EUPL-1.2
"""Sign-in by a challenge that the card signs, and sign-out."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from varmentaja.apps.access.actions.sign_in import sign_in_with_scs
from varmentaja.apps.access.actions.sign_out import sign_out as end_session
from varmentaja.apps.access.party import new_challenge
from varmentaja.apps.sandbox.clock import business_today
from varmentaja.domain.actors import Actor, Role
from varmentaja.domain.errors import DomainError
from varmentaja.web.access.forms import AnswerForm
from varmentaja.web.access.refusals import Trouble, trouble_of
from varmentaja.web.access.scs import may_ask_the_card, origin_of, scs_request
from varmentaja.web.session import actor_of, certificate_of, open_session

BROWSER = "browser"
"""Name of the random value that binds a challenge to the browser that asked for it."""
FRONTS = {
    Role.OFFICER: "office:front",
    Role.REGISTRAR: "registration:desk",
    Role.HOLDER: "professional:front",
}
"""Where a person's work begins; the first role held wins."""


@never_cache
@may_ask_the_card
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Show a challenge; check the answer, open the session and go on to ``next``."""
    target = request.POST.get("next", "") or request.GET.get("next", "")
    if request.method == "GET":
        actor = getattr(request, "actor", None)
        return redirect(_destination(target, actor)) if actor else _page(request, target)
    try:
        content, answer = AnswerForm(request.POST).signed()
        signed_in = sign_in_with_scs(
            origin_of(request),
            content,
            answer,
            session=request.session.get(BROWSER, ""),
            now=timezone.now(),
            today=business_today(),
        )
    except DomainError as error:
        return _page(request, target, trouble_of(error))
    open_session(request, signed_in)
    return redirect(_destination(target, signed_in.actor))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    if getattr(request, "actor", None):
        end_session(actor_of(request), certificate_of(request))
    request.session.flush()
    return redirect("access:signed_out")


def signed_out(request: HttpRequest) -> HttpResponse:
    """Tell that the session has ended."""
    return render(request, "access/signed_out.html")


def _page(request: HttpRequest, target: str, trouble: Trouble | None = None) -> HttpResponse:
    browser = request.session.setdefault(BROWSER, secrets.token_urlsafe(16))
    challenge = new_challenge(origin_of(request), session=browser, now=timezone.now())
    values = {
        "scs": scs_request(challenge.content, "digitalSignature"),
        "fields": [("next", target)],
        "trouble": trouble,
        "tls": settings.TLS_URL and f"{reverse('access:tls_start')}?{urlencode({'next': target})}",
        "reader_url": settings.READER_URL if settings.TEST_SERVICE else "",
    }
    return render(request, "access/sign_in.html", values, status=trouble.status if trouble else 200)


def _destination(target: str, actor: Actor) -> str:
    """An address of this service alone: others could be used to lead people astray."""
    if target and url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        return target
    return reverse(next(view for role, view in FRONTS.items() if role in actor.roles))
