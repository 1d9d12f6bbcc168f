# SPDX-License-Identifier: EUPL-1.2
"""Addresses: the language comes first, then the audience. ``/`` leads to the reader's own language."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from varmentaja.web.public import downloads

handler400 = "varmentaja.web.errors.bad_request"
handler403 = "varmentaja.web.errors.permission_denied"
handler404 = "varmentaja.web.errors.page_not_found"
handler500 = "varmentaja.web.errors.server_error"

urlpatterns = [
    path("reader/versions.json", downloads.versions, name="reader_versions"),
    path("reader/files/<str:name>", downloads.download, name="download"),
    *i18n_patterns(
        path("", include("varmentaja.web.public.urls")),
        path("", include("varmentaja.web.access.urls")),
        path("my-card/", include("varmentaja.web.professional.urls")),
        path("office/", include("varmentaja.web.office.urls")),
        path("registration/", include("varmentaja.web.registration.urls")),
        path("style-guide/", include("varmentaja.web.styleguide.urls")),
        prefix_default_language=True,
    ),
]
