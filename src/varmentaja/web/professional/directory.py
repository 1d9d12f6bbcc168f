# SPDX-License-Identifier: EUPL-1.2
"""The holder's consent to stand in the public directory."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from varmentaja.apps.directory.actions.consent import give_consent, withdraw_consent
from varmentaja.apps.directory.queries import consented_at
from varmentaja.domain.actors import Role
from varmentaja.domain.errors import DomainError, not_found
from varmentaja.ui.components import Link
from varmentaja.ui.translate import translated
from varmentaja.web.session import actor_of, for_role


@never_cache
@for_role(Role.HOLDER)
def directory(request: HttpRequest) -> HttpResponse:
    """What the directory is, whether one stands in it, and the button that changes it."""
    actor = actor_of(request)
    assert actor.person_id is not None, "somebody has signed in"
    since = consented_at(actor.person_id)
    if not (settings.DIRECTORY_PERSONS or since):
        raise not_found("The directory of this service holds no persons.")
    if request.method == "POST":
        try:
            if "withdraw" in request.POST:
                withdraw_consent(actor, now=timezone.now())
                messages.success(request, _("Your certificates are removed from the directory."))
            else:
                give_consent(actor, now=timezone.now())
                messages.success(request, _("Your certificates are put into the directory."))
        except DomainError as refusal:
            messages.warning(request, translated(refusal.message))
        return redirect("professional:directory")
    values = {
        "since": since,
        "address": settings.DIRECTORY,
        "breadcrumb": [Link(_("My card"), reverse("professional:front"))],
    }
    return render(request, "professional/directory.html", values)
