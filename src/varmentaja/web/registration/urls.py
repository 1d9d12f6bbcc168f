# SPDX-License-Identifier: EUPL-1.2
"""Addresses of the registrar's desk; each step of an application has its own."""

from __future__ import annotations

from django.urls import path

from varmentaja.web.registration import views, wizard

app_name = "registration"
urlpatterns = [
    path("", views.desk, name="desk"),
    path("<int:application_id>/", views.application, name="application"),
    path("<int:application_id>/cancel/", views.cancel, name="cancel"),
    path("<int:application_id>/photo.jpg", views.photograph, name="photograph"),
    path("<int:application_id>/receipt.pdf", views.receipt, name="receipt"),
    *[
        path(f"<int:application_id>/{step.name}/", wizard.view_of(step), name=step.name)
        for step in wizard.STEPS
    ],
]
