# SPDX-License-Identifier: EUPL-1.2
"""The style guide's two pages: the components, and a form with its errors."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from varmentaja.ui.components import Link
from varmentaja.web.styleguide.examples import examples
from varmentaja.web.styleguide.forms import EveryField


def page(request: HttpRequest) -> HttpResponse:
    """Each component in its states."""
    return render(request, "styleguide/page.html", examples())


def form_page(request: HttpRequest) -> HttpResponse:
    """A form as a page of its own; sent empty, it shows every kind of error."""
    form = EveryField(request.POST, request.FILES) if request.method == "POST" else EveryField()
    if form.is_valid():
        return render(request, "styleguide/done.html")
    guide = reverse("styleguide:page")
    values = {
        "form": form,
        "heading": _("A form"),
        "back": guide,
        "breadcrumb": [Link(_("Front page"), reverse("public:front")), Link(_("Style guide"), guide)],
    }
    return render(request, "ui/form_page.html", values)
