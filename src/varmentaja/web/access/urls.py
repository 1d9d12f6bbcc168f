# SPDX-License-Identifier: EUPL-1.2
"""Addresses of sign-in and sign-out."""

from __future__ import annotations

from django.urls import path

from varmentaja.web.access import tls, views

app_name = "access"
urlpatterns = [
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-in/tls/start/", tls.start, name="tls_start"),
    path("sign-in/tls/", tls.finish, name="tls"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("signed-out/", views.signed_out, name="signed_out"),
]
