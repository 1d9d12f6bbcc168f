# SPDX-License-Identifier: EUPL-1.2
"""Addresses of the style guide."""

from __future__ import annotations

from django.urls import path

from varmentaja.web.styleguide import views

app_name = "styleguide"
urlpatterns = [
    path("", views.page, name="page"),
    path("form/", views.form_page, name="form"),
]
