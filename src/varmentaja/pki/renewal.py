# SPDX-License-Identifier: EUPL-1.2
"""New certificates and keys for OCSP responders whose certificates near their end.

The authority goes on as it was; only who answers for it changes. Each step looks first whether its result is
there, and the manifest is written last: a renewal that was cut off leaves the old responder in charge.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from varmentaja.files import write_over
from varmentaja.pki.algorithms import PublicKey, algorithm_of
from varmentaja.pki.hierarchy import FILE_MODE, MANIFEST, Authority, Responder, load_hierarchy
from varmentaja.pki.issuance import CertificateRequest, issue, prepare
from varmentaja.pki.keystore.base import KeyStore
from varmentaja.pki.names import Subject
from varmentaja.pki.profile import load_profile
from varmentaja.pki.serials import serial_text

RENEW_BEFORE = timedelta(days=60)
"""So long before its end a responder's certificate is replaced: time enough for a person to see to it if it
fails."""
PROFILE = "ocsp-responder"


@dataclass(frozen=True, slots=True)
class Renewed:
    """A responder with a new key and certificate."""

    authority: str
    responder: str
    """Its id: the label of its key, and the name of its certificate's file."""
    serial: str
    not_after: datetime


def renew_responders(
    folder: Path,
    store: KeyStore,
    *,
    production: bool,
    now: datetime,
    random: Callable[[int], bytes],
) -> tuple[Renewed, ...]:
    """Renew in the hierarchy of ``folder`` every responder that is due; what was renewed.

    Whoever signs answers must load the hierarchy anew afterwards. Raises DomainError as ``load_hierarchy``.
    """
    hierarchy = load_hierarchy(folder, production=production)
    return tuple(
        _renew(folder, authority, authority.responder, store, now, random)
        for authority in hierarchy.authorities.values()
        if authority.responder and authority.responder.certificate.not_valid_after_utc - now < RENEW_BEFORE
    )


def _renew(
    folder: Path,
    authority: Authority,
    old: Responder,
    store: KeyStore,
    now: datetime,
    random: Callable[[int], bytes],
) -> Renewed:
    new = f"{authority.id}-ocsp-{now:%Y%m%d}"
    if not store.has(new):
        store.generate(new, algorithm_of(store.public_key(old.key_label)))
    path = folder / f"{new}.crt"
    if not path.exists():
        begins = now.replace(microsecond=0)
        ends = min(
            begins + timedelta(days=load_profile(PROFILE).longest_days),
            authority.certificate.not_valid_after_utc,
        )
        common_name = _text(old.certificate.subject, NameOID.COMMON_NAME)
        key = store.public_key(new)
        content = certify_responder(authority, store, common_name, key, begins, ends, random=random)
        write_over(path, content, mode=FILE_MODE)
    content = path.read_bytes()
    _take_over(folder, authority.id, new, content)
    certificate = x509.load_der_x509_certificate(content)
    return Renewed(authority.id, new, serial_text(certificate.serial_number), certificate.not_valid_after_utc)


def certify_responder(
    authority: Authority,
    store: KeyStore,
    common_name: str,
    public_key: PublicKey,
    not_before: datetime,
    not_after: datetime,
    *,
    random: Callable[[int], bytes],
) -> bytes:
    """Certificate (DER) of a delegated OCSP responder, in the organisation of the authority it answers for.

    ``store`` holds the authority's key. Raises DomainError as ``issuance.prepare`` and ``issue``.
    """
    name = authority.certificate.subject
    request = CertificateRequest(
        profile=load_profile(PROFILE),
        subject=Subject(
            country=_text(name, NameOID.COUNTRY_NAME),
            organization=_text(name, NameOID.ORGANIZATION_NAME),
            common_name=common_name,
        ),
        public_key=public_key,
        not_before=not_before,
        not_after=not_after,
    )
    return issue(prepare(request, authority.issuer, random=random), store)


def _text(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    return str(name.get_attributes_for_oid(oid)[0].value)


def _take_over(folder: Path, authority: str, new: str, certificate: bytes) -> None:
    """From here on the manifest names the new responder."""
    manifest = json.loads((folder / MANIFEST).read_bytes())
    profile = load_profile(PROFILE)
    entry = next(entry for entry in manifest["authorities"] if entry["id"] == authority)
    entry["responder"] = {
        "id": new,
        "key_label": new,
        "sha256": hashlib.sha256(certificate).hexdigest(),
        "profile": {"id": profile.id, "version": profile.version, "content_hash": profile.content_hash},
    }
    write_over(folder / MANIFEST, json.dumps(manifest, indent=1).encode(), mode=FILE_MODE)
