# SPDX-License-Identifier: EUPL-1.2
"""A page that asks the card for a signature: where the card reader program is, and what the page says of it.

The template ``access/scs.html`` draws it; the script is the relying parties' own ``scs.js``.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from varmentaja.apps.access.party import Origin
from varmentaja.relying_party.page import Usage, page_texts
from varmentaja.ui.translate import translated

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def may_ask_the_card(view: View[P]) -> View[P]:
    """Decorator of views whose page speaks with the card reader program."""

    @wraps(view)
    def allowed(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        with_addresses = cast("View[P]", csp_update({"connect-src": list(settings.SCS_ADDRESSES)})(view))
        return with_addresses(request, *args, **kwargs)

    return allowed


@dataclass(frozen=True, slots=True)
class ScsRequest:
    """What the card is asked to sign."""

    content: str
    """Base64 of the bytes."""
    usage: Usage
    texts: dict[str, str]
    addresses: str


def scs_request(content: bytes, usage: Usage) -> ScsRequest:
    """Ask for a signature over ``content`` with the key for ``usage``."""
    addresses = " ".join(settings.SCS_ADDRESSES)
    texts = {state: translated(text) for state, text in page_texts(usage).items()}
    return ScsRequest(base64.b64encode(content).decode(), usage, texts, addresses)


def origin_of(request: HttpRequest) -> Origin:
    """The portal's address as the browser has it: the card signs it.

    A test service answers under each of its local names; others under their public address alone.
    """
    if settings.TEST_SERVICE:
        return Origin(f"{request.scheme}://{request.get_host()}")
    return Origin(settings.PUBLIC_URL)
