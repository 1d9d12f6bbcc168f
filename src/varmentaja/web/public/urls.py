# SPDX-License-Identifier: EUPL-1.2
"""Addresses of the open pages."""

from __future__ import annotations

from django.urls import path

from varmentaja.web.public import availability, downloads, sandbox, views

app_name = "public"
urlpatterns = [
    path("", views.front, name="front"),
    path("status-services/", views.status_services, name="status_services"),
    path("status/", availability.page, name="status"),
    path("reader/", downloads.page, name="reader"),
    path("sandbox/", sandbox.front, name="sandbox"),
    path("sandbox/move-on/", sandbox.move, name="move_on"),
    path("sandbox/letters/", sandbox.letter_boxes, name="letter_boxes"),
    path("sandbox/letters/<str:holder>/", sandbox.letter_box, name="letter_box"),
    path("sandbox/letters/<str:holder>/<str:key>/<str:name>", sandbox.enclosure, name="enclosure"),
]
