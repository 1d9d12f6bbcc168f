# SPDX-License-Identifier: EUPL-1.2
"""What the office's pages share: addresses of pages of a list, crumbs, and search texts that no log reads."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from varmentaja.apps.status.queries import NamedCertificate
from varmentaja.apps.vault.sealing import seal, unseal
from varmentaja.domain.errors import DomainError, not_found
from varmentaja.ui.components import Link

_PLACE = "office.search"


def sealed(text: str) -> str:
    """A search text for an address: encrypted, since histories and proxies remember addresses."""
    return urlsafe_b64encode(seal(text.encode(), _PLACE)).decode().rstrip("=")


def opened(token: str) -> str:
    """The text that ``sealed`` hid; raises DomainError not_found for anything else."""
    try:
        return unseal(urlsafe_b64decode(token + "=" * (-len(token) % 4)), _PLACE).decode()
    except (DomainError, Error, ValueError):
        raise not_found("There is no such search. Search again.") from None


def next_page(path: str, next_key: str, **values: str) -> str:
    """Address of the page that follows; empty at the end."""
    return f"{path}?{urlencode({**values, 'after': next_key})}" if next_key else ""


def crumbs(*links: Link) -> list[Link]:
    """The way from the office's front page."""
    return [Link(_("Office"), reverse("office:front")), *links]


def person_link(name: str, person_id: int) -> Link:
    """To the person's file."""
    return Link(name, reverse("office:person", args=[person_id]))


def card_link(text: str, card_id: int) -> Link:
    """To the card's page."""
    return Link(text, reverse("office:card", args=[card_id]))


def certificate_link(certificate: NamedCertificate) -> Link | str:
    """Its serial number, which leads to its card or its holder where it has one."""
    if certificate.card_id is not None:
        return card_link(certificate.serial, certificate.card_id)
    if certificate.person_id is not None:
        return person_link(certificate.serial, certificate.person_id)
    return certificate.serial


def application_link(application_id: int) -> Link:
    """To the application's page."""
    text = _("Application %(number)s") % {"number": application_id}
    return Link(text, reverse("office:application", args=[application_id]))
