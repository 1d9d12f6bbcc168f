# SPDX-License-Identifier: EUPL-1.2
"""What the frame of every page is filled with (a Django context processor)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from varmentaja.web.navigation import footer, main_menu
from varmentaja.web.visitor import signed_in


def page(request: HttpRequest) -> dict[str, Any]:
    """``request.business_date`` is set by the sandbox's clock; without one it is today."""
    return {
        "test_service": settings.TEST_SERVICE,
        "business_date": getattr(request, "business_date", None) or timezone.localdate(),
        "signed_in": signed_in(request),
        "navigation": main_menu(request),
        "footer_links": footer(),
    }
