# SPDX-License-Identifier: EUPL-1.2
"""New certificates and keys for OCSP responders whose certificates near their end.

The authority goes on as it was; only who answers for it changes. Each step looks first whether its result is
there, and the manifest is written last: a renewal that was cut off leaves the old responder in charge.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
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

RENEW_BEFORE = timedelta(days=60)
"""So long before its end a responder's certificate is replaced: time enough for a person to see to it if it
fails."""
PROFILE = "ocsp-responder"


def renew_responders(
    folder: Path,
    store: KeyStore,
    *,
    production: bool,
    now: datetime,
    random: Callable[[int], bytes],
) -> tuple[str, ...]:
    """Renew in the hierarchy of ``folder`` every responder that is due; the authorities that have a new one.

    Whoever signs answers must load the hierarchy anew afterwards. Raises DomainError as ``load_hierarchy``.
    """
    hierarchy = load_hierarchy(folder, production=production)
    return tuple(
        _renew(folder, authority, authority.responder, store, now, random)
        for authority in hierarchy.authorities.values()
        if authority.responder and _is_due(authority, authority.responder, now)
    )


def _is_due(authority: Authority, responder: Responder, now: datetime) -> bool:
    """Near its end, unless that is the authority's own: no new certificate would last longer."""
    ends = responder.certificate.not_valid_after_utc
    return ends - now < RENEW_BEFORE and ends < authority.certificate.not_valid_after_utc


def _renew(
    folder: Path,
    authority: Authority,
    old: Responder,
    store: KeyStore,
    now: datetime,
    random: Callable[[int], bytes],
) -> str:
    new = f"{authority.id}-ocsp-{now:%Y%m%d}"
    if not store.has(new):
        store.generate(new, algorithm_of(store.public_key(old.key_label)))
    path = folder / f"{new}.crt"
    if not path.exists():
        begins = now.replace(microsecond=0)
        ends = min(begins + load_profile(PROFILE).lifetime, authority.certificate.not_valid_after_utc)
        common_name = _text(old.certificate.subject, NameOID.COMMON_NAME)
        key = store.public_key(new)
        content = certify_responder(PROFILE, authority, store, common_name, key, begins, ends, random=random)
        write_over(path, content, mode=FILE_MODE)
    _take_over(folder, authority.id, new, path.read_bytes())
    return authority.id


def certify_responder(
    profile: str,
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
        profile=load_profile(profile),
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
    entry = next(entry for entry in manifest["authorities"] if entry["id"] == authority)
    entry["responder"] = {
        "id": new,
        "key_label": new,
        "sha256": hashlib.sha256(certificate).hexdigest(),
        "profile": load_profile(PROFILE).mark,
    }
    write_over(folder / MANIFEST, json.dumps(manifest, indent=1).encode(), mode=FILE_MODE)
