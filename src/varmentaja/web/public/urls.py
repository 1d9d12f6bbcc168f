# SPDX-License-Identifier: EUPL-1.2
"""Addresses of the open pages."""

from __future__ import annotations

from django.urls import path

from varmentaja.web.public import views

app_name = "public"
urlpatterns = [path("", views.front, name="front")]
