# SPDX-License-Identifier: EUPL-1.2
"""Who looks at a page: what the frame of the page needs to know of the person signed in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.http import HttpRequest

from varmentaja.ui.components import Text


class Audience(StrEnum):
    """For whom a part of the service is made; one room of ``web/`` each."""

    PUBLIC = "public"
    STRANGER = "stranger"
    """Whoever has not signed in."""
    PROFESSIONAL = "professional"
    REGISTRATION = "registration"
    OFFICE = "office"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Set as ``request.signed_in`` by the middleware that reads the session."""

    name: str
    role: Text
    audiences: frozenset[Audience]
    sign_out: str
    """Address that ends the session (POST)."""


def signed_in(request: HttpRequest) -> SignedIn | None:
    """The person signed in, if any."""
    return getattr(request, "signed_in", None)
