# SPDX-License-Identifier: EUPL-1.2
"""The TLS host as a WSGI application, behind nginx on a Unix socket that only nginx reaches.

It believes the header ``X-Client-Certificate`` and therefore must never be served over a port; the portal's
own application never reads that header. Every answer sends the browser to the portal.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode

from django import setup
from django.utils import timezone, translation

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "varmentaja.web.settings")
setup()

from django.conf import settings  # noqa: E402 (models need setup)
from django.db import close_old_connections  # noqa: E402
from django.urls import reverse  # noqa: E402

from varmentaja.apps.access.actions.sign_in_by_tls import hand_over  # noqa: E402

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

CERTIFICATE = "HTTP_X_CLIENT_CERTIFICATE"


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Check the certificate of the handshake and hand over to the portal."""
    close_old_connections()
    try:
        code = hand_over(environ.get(CERTIFICATE, ""), now=timezone.now(), random=os.urandom)
    finally:
        close_old_connections()
    state = parse_qs(environ.get("QUERY_STRING", "")).get("state", [""])[0]
    start_response(
        "303 See Other",
        [
            ("Location", _portal(_language(environ["PATH_INFO"]), code, state)),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
            ("Content-Length", "0"),
        ],
    )
    return []


def _language(path: str) -> str:
    first = path.split("/")[1] if path.startswith("/") else ""
    return first if first in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def _portal(language: str, code: str, state: str) -> str:
    with translation.override(language):
        page = reverse("access:tls")
    return f"{settings.PUBLIC_URL}{page}?{urlencode({'code': code, 'state': state})}"
