# SPDX-License-Identifier: EUPL-1.2
"""Cards open computers too where the service is set to: a user principal name in the authentication
certificate, and in no other."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID
from tests.support.service import Service

from varmentaja.apps.certificates.models import Certificate
from varmentaja.pki.der_reader import Reader

pytestmark = pytest.mark.django_db


def names(card: Any) -> dict[str, str | None]:
    """The user principal name in each of a card's certificates."""
    found: dict[str, str | None] = {}
    for row in Certificate.objects.filter(card=card):
        extensions = x509.load_der_x509_certificate(bytes(row.der or b"")).extensions
        found[row.profile] = None
        if any(each.oid == ExtensionOID.SUBJECT_ALTERNATIVE_NAME for each in extensions):
            (name,) = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            found[row.profile] = Reader(name.value).read(0x0C).decode()
    return found


def test_by_default_no_certificate_names_a_user(service: Service) -> None:
    assert names(service.made_card()) == {"professional-auth": None, "professional-sign": None}


def test_with_a_domain_the_authentication_certificate_names_the_user(service: Service, settings: Any) -> None:
    settings.LOGON_DOMAIN = "ward.example"
    assert names(service.made_card()) == {
        "professional-auth-logon": "00999000101@ward.example",
        "professional-sign": None,
    }
