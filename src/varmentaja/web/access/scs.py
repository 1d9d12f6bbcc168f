# SPDX-License-Identifier: EUPL-1.2
"""A page that asks the card for a signature: where the card reader program is, and what the page says of it.

The template ``access/scs.html`` draws it; the script is the relying parties' own ``scs.js``.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, Literal, ParamSpec, cast

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from varmentaja.apps.access.party import Origin

Usage = Literal["digitalSignature", "nonRepudiation"]
"""Which key of the card: PIN 1's, or PIN 2's."""

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
    return ScsRequest(base64.b64encode(content).decode(), usage, _texts(usage), addresses)


def origin_of(request: HttpRequest) -> Origin:
    """The portal's address as the browser has it: the card signs it.

    A test service answers under each of its local names; others under their public address alone.
    """
    if settings.TEST_SERVICE:
        return Origin(f"{request.scheme}://{request.get_host()}")
    return Origin(settings.PUBLIC_URL)


def _texts(usage: Usage) -> dict[str, str]:
    ready = {
        "digitalSignature": _("Your card is in the reader. You can sign in."),
        "nonRepudiation": _("Your card is in the reader. You can sign."),
    }
    asking = {
        "digitalSignature": _("Enter PIN 1 in the window of the card reader program."),
        "nonRepudiation": _("Enter PIN 2 in the window of the card reader program."),
    }
    return {
        "searching": _("Looking for the card reader program …"),
        "permission": _("Your browser asks whether this page may use your local network. Answer Allow."),
        "blocked": _(
            "Your browser does not let this page speak with the card reader program. Allow the local network "
            "for this page from the icon beside the address."
        ),
        "no_program": _("The card reader program does not answer. Start it on this computer."),
        "no_card": _("The card reader program is running. Put your card in the reader."),
        "ready": ready[usage],
        "asking": asking[usage],
        "cancelled": _("You cancelled, or the PIN was not right. You can try again."),
        "pin_locked": _("The PIN is locked. Open it with the activation code in the card reader program."),
        "not_activated": _("The card is not activated yet. Activate it with the code from the code letter."),
        "wrong_origin": _("The card reader program did not accept the address of this page. Open it again."),
        "no_certificate": _("The card has no certificate for this. Use your professional or personnel card."),
        "card_removed": _("The card was taken out of the reader. Put it back and try again."),
        "busy": _("The card reader program is busy with another page. Finish there first."),
        "other": _("The card did not sign. Take the card out, put it back and try again."),
    }
