# SPDX-License-Identifier: EUPL-1.2
"""Addresses of the holder's pages."""

from __future__ import annotations

from django.urls import path

from varmentaja.web.professional import directory, documents, views

app_name = "professional"
urlpatterns = [
    path("", views.front, name="front"),
    path("<int:card_id>/face.png", views.face, name="face"),
    path("<int:card_id>/certificates/<int:certificate_id>.<str:form>", views.certificate, name="certificate"),
    path("<int:card_id>/end/", views.end, name="end"),
    path("ended/", views.ended, name="ended"),
    path("directory/", directory.directory, name="directory"),
    path("documents/", documents.listing, name="documents"),
    path("documents/new/", documents.new, name="new_document"),
    path("documents/sign/", documents.sign, name="sign_document"),
    path("documents/<int:document_id>/", documents.document, name="document"),
    path("documents/<int:document_id>/<str:part>/", documents.part, name="document_part"),
]
