# SPDX-License-Identifier: EUPL-1.2
"""The portal as a relying party of its own certificates: it checks them as any stranger would."""

from __future__ import annotations

import os
from datetime import datetime
from functools import cache, lru_cache
from typing import NewType

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings

from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.certificates.queries import certificate_by_serial
from varmentaja.apps.vault.keys import challenge_key
from varmentaja.http import own_client
from varmentaja.pki.hierarchy import Hierarchy, load_hierarchy
from varmentaja.pki.serials import serial_text
from varmentaja.relying_party import (
    AuthorityLists,
    Challenge,
    Outcome,
    Refused,
    RelyingParty,
    fetch_over,
    ocsp_over,
)

Origin = NewType("Origin", str)
"""Scheme, host and port of the portal as the browser has them."""
ADDRESSES = 8
"""So many are kept at a time: a browser may name any port."""


@cache
def _hierarchy() -> Hierarchy:
    return load_hierarchy(settings.HIERARCHY, production=not settings.TEST_SERVICE)


@cache
def _client() -> httpx.Client:
    return own_client(timeout=5)


@cache
def _lists() -> AuthorityLists:
    return AuthorityLists(fetch_over(_client()))


@lru_cache(maxsize=ADDRESSES)
def relying_party(origin: Origin) -> RelyingParty:
    """The portal under one of its addresses."""
    return RelyingParty(
        hierarchy=_hierarchy(),
        ask=ocsp_over(_client()),
        origin=origin,
        key=challenge_key(),
        lists=_lists(),
    )


def new_challenge(origin: Origin, *, session: str, now: datetime) -> Challenge:
    """A challenge for the page that asks for a signature."""
    return relying_party(origin).challenge(now=now, random=os.urandom, session=session)


def record_of(certificate: x509.Certificate) -> Certificate:
    """Our record of a checked certificate; raises Refused when there is none."""
    row = _by_serial(certificate)
    if row is None:
        raise Refused(Outcome.UNKNOWN_ISSUER, f"no record of {serial_text(certificate.serial_number)}")
    return row


def if_ours(certificate: x509.Certificate) -> Certificate | None:
    """Our record of a certificate that nobody has checked yet; None unless it is ours byte for byte."""
    try:
        row = _by_serial(certificate)
    except ValueError:  # a name or number that no certificate of ours has
        return None
    same = (
        row is not None and row.der is not None and bytes(row.der) == certificate.public_bytes(Encoding.DER)
    )
    return row if same else None


def _by_serial(certificate: x509.Certificate) -> Certificate | None:
    authority = _hierarchy().issuer_of(certificate)
    return certificate_by_serial(authority.id, serial_text(certificate.serial_number)) if authority else None
