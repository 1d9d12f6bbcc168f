# SPDX-License-Identifier: EUPL-1.2
"""Seals the list of versions of the card reader program; the services authority certifies the signer."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from varmentaja.pki.algorithms import Hash, KeyAlgorithm
from varmentaja.pki.hierarchy import Authority
from varmentaja.pki.issuance import CertificateRequest, issue, prepare
from varmentaja.pki.keystore.base import KeyStore
from varmentaja.pki.names import Subject
from varmentaja.pki.profile import load_profile
from varmentaja.pki.publication.seal import seal

KEY = "reader-versions"
PROFILE = "reader-versions"
SEALED_AS = "reader versions"
_LIFE = load_profile(PROFILE).lifetime


def seal_versions(
    content: Mapping[str, Any],
    before: bytes | None,
    *,
    authority: Authority,
    store: KeyStore,
    now: datetime,
    random: Callable[[int], bytes],
) -> bytes | None:
    """The sealed list; None if the document ``before`` says the same and its signer has half its life left.

    ``content`` is the list without the time of its making, which is added.
    """
    last = _parsed(before)
    signer = _signer(last, authority, store)
    if signer is not None and signer.not_valid_after_utc - now > _LIFE / 2:
        if {**json.loads(last["signed"]), "issued_at": None} == {**content, "issued_at": None}:
            return None
        der = base64.b64decode(last["certificate"])
    else:
        der = _certify(authority, store, now, random)
    timed = {**content, "issued_at": now.isoformat()}
    sealed = seal(SEALED_AS, timed, lambda data: store.sign(KEY, data, Hash.SHA256))
    return json.dumps(
        {**json.loads(sealed), "certificate": base64.b64encode(der).decode()}, indent=1
    ).encode()


def signer_of(document: bytes) -> x509.Certificate:
    """The certificate of whoever sealed the list."""
    return x509.load_der_x509_certificate(base64.b64decode(json.loads(document)["certificate"]))


def _parsed(document: bytes | None) -> dict[str, str]:
    try:
        envelope: dict[str, str] = json.loads(document or b"{}")
    except ValueError:
        return {}
    return envelope


def _signer(envelope: Mapping[str, str], authority: Authority, store: KeyStore) -> x509.Certificate | None:
    """The certificate of the last list, if it is this authority's for the key that we hold."""
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(envelope["certificate"]))
    except (KeyError, ValueError):
        return None
    ours = store.has(KEY) and store.public_key(KEY) == certificate.public_key()
    return certificate if ours and certificate.issuer == authority.certificate.subject else None


def _certify(authority: Authority, store: KeyStore, now: datetime, random: Callable[[int], bytes]) -> bytes:
    if not store.has(KEY):
        store.generate(KEY, KeyAlgorithm.P256)
    organization = authority.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value
    subject = Subject(organization=str(organization), common_name="Card reader program versions")
    request = CertificateRequest(load_profile(PROFILE), subject, store.public_key(KEY), now, now + _LIFE)
    return issue(prepare(request, authority.issuer, random=random), store)
