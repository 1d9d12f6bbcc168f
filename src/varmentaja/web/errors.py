# SPDX-License-Identifier: EUPL-1.2
"""Error pages and problem documents (RFC 9457): what went wrong, what to do, a reference, no detail."""

from __future__ import annotations

from http import HTTPStatus

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext

from varmentaja.domain.errors import DomainError, Kind
from varmentaja.ui.translate import translated

log = structlog.get_logger("varmentaja.web")

STATUS = {
    Kind.INVALID: HTTPStatus.BAD_REQUEST,
    Kind.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Kind.NOT_ALLOWED: HTTPStatus.FORBIDDEN,
    Kind.CONFLICT: HTTPStatus.CONFLICT,
    Kind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}


def headings() -> dict[HTTPStatus, str]:
    """The heading of each error page."""
    return {
        HTTPStatus.BAD_REQUEST: gettext("The request could not be understood"),
        HTTPStatus.FORBIDDEN: gettext("You have no right to this page"),
        HTTPStatus.NOT_FOUND: gettext("Page not found"),
        HTTPStatus.CONFLICT: gettext("This cannot be done now"),
        HTTPStatus.INTERNAL_SERVER_ERROR: gettext("Something went wrong in the service"),
        HTTPStatus.SERVICE_UNAVAILABLE: gettext("The service is not available just now"),
    }


def advice() -> dict[HTTPStatus, str]:
    """What a person may do next, where the error has no message of its own."""
    return {
        HTTPStatus.BAD_REQUEST: gettext("Go back to the previous page and try again."),
        HTTPStatus.FORBIDDEN: gettext(
            "If you think that you should have the right, sign in with another card."
        ),
        HTTPStatus.NOT_FOUND: gettext("Check the address, or start from the front page."),
        HTTPStatus.INTERNAL_SERVER_ERROR: gettext(
            "The fault has been recorded. Nothing that you had saved is lost. Try again in a moment."
        ),
    }


def error_page(request: HttpRequest, status: HTTPStatus, text: str = "") -> HttpResponse:
    """The page for ``status``, or a problem document where the caller asked for JSON."""
    reference = getattr(request, "reference", "")
    heading = headings()[status]
    text = text or advice()[status]
    if wants_json(request):
        members = {"type": "about:blank", "title": heading, "status": status.value, "detail": text}
        return JsonResponse(
            {**members, "reference": reference}, status=status, content_type="application/problem+json"
        )
    values = {"heading": heading, "text": text, "reference": reference, "status": status.value}
    # Without the request when it is our fault: its session or messages may be what failed.
    with_request = None if status is HTTPStatus.INTERNAL_SERVER_ERROR else request
    return HttpResponse(render_to_string("errors/error.html", values, with_request), status=status)


def wants_json(request: HttpRequest) -> bool:
    """Whether the caller is a program; browsers always name text/html."""
    kinds = ["text/html", "application/problem+json", "application/json"]
    return request.path.startswith("/api/") or request.get_preferred_type(kinds) in kinds[1:]


def domain_error_page(request: HttpRequest, error: DomainError) -> HttpResponse:
    """A rule's refusal, in the reader's language."""
    log.info("refused", kind=error.kind.value, text=error.message.text)
    return error_page(request, STATUS[error.kind], translated(error.message))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """``handler400``."""
    return error_page(request, HTTPStatus.BAD_REQUEST)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """``handler403``."""
    return error_page(request, HTTPStatus.FORBIDDEN)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """``handler404``."""
    return error_page(request, HTTPStatus.NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    """``handler500``."""
    return error_page(request, HTTPStatus.INTERNAL_SERVER_ERROR)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """``CSRF_FAILURE_VIEW``: mostly a form left open over a sign-out."""
    log.info("csrf", reason=reason)
    return error_page(
        request,
        HTTPStatus.FORBIDDEN,
        gettext("The form was too old. Open the page again and fill in the form."),
    )
