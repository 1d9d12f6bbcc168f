# SPDX-License-Identifier: EUPL-1.2
"""Sign-in by TLS client certificate: off to the TLS host, and back with a one-time code.

The way without JavaScript. A random ``state`` in the session ties the way back to the browser that left:
nobody can be signed in to another's session by a link.
"""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from varmentaja.apps.access.actions.sign_in import SignedIn
from varmentaja.apps.access.actions.sign_in_by_tls import sign_in_by_tls
from varmentaja.apps.sandbox.clock import business_today
from varmentaja.domain.errors import not_found
from varmentaja.relying_party import Outcome, Refused
from varmentaja.web.access.refusals import trouble_of
from varmentaja.web.session import open_session

STATE, NEXT = "tls_state", "tls_next"


@require_GET
@never_cache
def start(request: HttpRequest) -> HttpResponse:
    """Send the browser to the TLS host, which asks it for a certificate."""
    if settings.TLS_URL is None:
        raise not_found("Sign-in by certificate is not switched on in this service.")
    if urlsplit(f"//{request.get_host()}").hostname != urlsplit(settings.PUBLIC_URL).hostname:
        # The way back leads to the public address, and the session must be that address's.
        return redirect(f"{settings.PUBLIC_URL}{request.get_full_path()}")
    request.session[STATE] = secrets.token_urlsafe(32)
    request.session[NEXT] = request.GET.get("next", "")
    query = urlencode({"state": request.session[STATE]})
    # Browsers remember a certificate by the host that it was chosen for: a name that was never there before
    # makes them ask again, so that after sign-out another card can be chosen.
    host = str(settings.TLS_URL).replace("*", secrets.token_hex(8))
    return redirect(f"{host}/{get_language()}/?{query}")


@require_GET
@never_cache
def finish(request: HttpRequest) -> HttpResponse:
    """Open the session that the TLS host's code stands for, or show why there is none."""
    try:
        signed_in = _signed_in(request)
    except Refused as refusal:
        return _failure_page(request, refusal)
    target = request.session.get(NEXT, "")
    open_session(request, signed_in)
    # The sign-in page sends on whoever is signed in.
    return redirect(f"{reverse('access:sign_in')}?{urlencode({'next': target})}")


def _signed_in(request: HttpRequest) -> SignedIn:
    if "code" not in request.GET:
        raise Refused(Outcome.STATUS_UNKNOWN, "the TLS host could not check the certificate")
    expected = request.session.pop(STATE, "")
    if not expected or not constant_time_compare(request.GET.get("state", ""), expected):
        raise Refused(Outcome.TOO_OLD, "the sign-in was not begun in this session")
    return sign_in_by_tls(request.GET["code"], now=timezone.now(), today=business_today())


def _failure_page(request: HttpRequest, refusal: Refused) -> HttpResponse:
    trouble = trouble_of(refusal)
    is_missing = refusal.outcome is Outcome.NO_CARD
    values = {
        "heading": _headings()[refusal.outcome],
        "text": _no_certificate() if is_missing else trouble.text,
        "advice": "" if is_missing else trouble.advice,
        "again": f"{reverse('access:tls_start')}?{urlencode({'next': request.session.get(NEXT, '')})}",
    }
    return render(request, "access/tls_failure.html", values, status=trouble.status)


def _headings() -> dict[Outcome, str]:
    return {
        Outcome.NO_CARD: _("Your browser sent no certificate"),
        Outcome.REVOKED: _("Your certificate has been revoked"),
        Outcome.EXPIRED: _("Your certificate is not valid today"),
        Outcome.UNKNOWN_ISSUER: _("This certificate is not one of ours"),
        Outcome.WRONG_PURPOSE: _("This certificate is not for sign-in"),
        Outcome.STATUS_UNKNOWN: _("Your certificate could not be checked"),
        Outcome.TOO_OLD: _("The sign-in took too long"),
    }


def _no_certificate() -> str:
    return _(
        "Put your card in the reader before you start, and choose the certificate when the browser asks "
        "for it. If the browser asks nothing, it remembers an earlier choice: open a private window and sign "
        "in there, or choose another way to sign in."
    )
