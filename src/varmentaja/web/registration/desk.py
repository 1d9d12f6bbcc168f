# SPDX-License-Identifier: EUPL-1.2
"""What all pages of the desk share: who may see them, and that no browser keeps them."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control

from varmentaja.domain.actors import Role
from varmentaja.ui.components import Link
from varmentaja.web.session import for_role


def at_desk(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For registrars alone; the back button asks anew, so that it shows the present state."""
    return cache_control(private=True, no_store=True)(for_role(Role.REGISTRAR)(view))


def desk_crumbs() -> list[Link]:
    """The way from the desk's front."""
    return [Link(_("Registration"), reverse("registration:desk"))]


def page_address(request: HttpRequest, **values: str) -> str:
    """This page's address with other values in its query; empty values are left out."""
    query = request.GET.copy()
    for name, value in values.items():
        query[name] = value
    return f"{request.path}?{query.urlencode()}"
