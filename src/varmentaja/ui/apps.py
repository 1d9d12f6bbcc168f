# SPDX-License-Identifier: EUPL-1.2
"""The design layer as a Django app, so that its templates and tags are found."""

from __future__ import annotations

from django.apps import AppConfig


class UiConfig(AppConfig):
    """Templates and tags only; no models."""

    name = "varmentaja.ui"
    label = "ui"
