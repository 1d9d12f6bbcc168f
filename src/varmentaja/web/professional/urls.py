# SPDX-License-Identifier: EUPL-1.2
"""Addresses of the holder's pages."""

from __future__ import annotations

from django.urls import path

from varmentaja.web.professional import views

app_name = "professional"
urlpatterns = [
    path("", views.front, name="front"),
]
