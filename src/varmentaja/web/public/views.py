# SPDX-License-Identifier: EUPL-1.2
"""The front page, and what relying parties need."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from varmentaja.apps.access.party import relying_party
from varmentaja.relying_party.trust import fingerprint_of
from varmentaja.ui.components import Link
from varmentaja.web.access.scs import origin_of
from varmentaja.web.public.demo import demo_people


def front(request: HttpRequest) -> HttpResponse:
    """What the service is for and where to start."""
    clinic = f"{settings.CLINIC_URL}/{get_language()}/"
    values = {"people": demo_people(), "reader": settings.READER_URL, "clinic": clinic}
    return render(request, "public/front.html", values)


def status_services(request: HttpRequest) -> HttpResponse:
    """The authorities' certificates, revocation lists and OCSP addresses."""
    authorities = [
        {
            "name": authority.certificate.subject.rfc4514_string(),
            "is_root": authority.is_root,
            "fingerprint": fingerprint_of(authority.certificate) if authority.is_root else "",
            "certificate": authority.issuer.certificate_url,
            "ocsp": authority.issuer.ocsp_url if authority.responder else "",
            "lists": [authority.issuer.crl_url(shard) for shard in range(authority.shards)],
        }
        for authority in relying_party(origin_of(request)).hierarchy.authorities.values()
    ]
    crumbs = [Link(_("Front page"), reverse("public:front"))]
    values = {"authorities": authorities, "breadcrumb": crumbs}
    return render(request, "public/status_services.html", values)
