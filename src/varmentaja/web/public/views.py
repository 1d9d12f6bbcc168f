# SPDX-License-Identifier: EUPL-1.2
"""The front page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def front(request: HttpRequest) -> HttpResponse:
    """What the service is for and where to start."""
    return render(request, "public/front.html")
