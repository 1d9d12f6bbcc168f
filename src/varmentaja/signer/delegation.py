# SPDX-License-Identifier: EUPL-1.2
"""Short-lived keys for the responder that signs online (responder/online.py), made where the authorities are.

Each delegation is a folder of its own: a key store under the online responder's passphrase, a certificate of
a week for each issuing authority, and nothing else. It is carried to the responder as a whole; the ones
before it are destroyed. Whoever steals it can sign for a week at most, and statuses alone.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from varmentaja.pki.algorithms import KeyAlgorithm, algorithm_of
from varmentaja.pki.ceremony import write_whole
from varmentaja.pki.hierarchy import Authority, Hierarchy
from varmentaja.pki.issuance import CertificateRequest, issue, prepare
from varmentaja.pki.keystore import KeyStore, open_software_store
from varmentaja.pki.names import Subject
from varmentaja.pki.profile import load_profile

LIFETIME = timedelta(days=7)
CURRENT = "current"
"""File that names the delegation in force; replaced last."""
KEYS = "keys"
LIST = "delegation.json"
_KEPT = 2
_BACK = timedelta(minutes=10)
"""Certificates begin so long ago: clients' clocks differ."""


def delegate(
    hierarchy: Hierarchy,
    store: KeyStore,
    folder: Path,
    passphrase: bytes,
    *,
    now: datetime,
    random: Callable[[int], bytes],
) -> Path:
    """Make a delegation in ``folder``, with ``store`` holding the authorities' keys; its own folder.

    Raises DomainError as ``issuance.prepare`` and ``issue``.
    """
    made = folder / f"{now:%Y%m%dT%H%M%SZ}"
    keys = open_software_store(made / KEYS, passphrase, random=random)
    listed = {}
    for authority in hierarchy.authorities.values():
        if authority.is_root:
            continue
        label = f"{authority.id}-online"
        if not keys.has(label):
            keys.generate(label, _algorithm(authority))
        der = _certificate(authority, store, keys, label, now, random)
        write_whole(made / f"{label}.crt", der)
        listed[authority.id] = label
    write_whole(made / LIST, json.dumps(listed, indent=1).encode())
    write_whole(folder / CURRENT, made.name.encode())
    for old in sorted(path for path in folder.iterdir() if path.is_dir())[:-_KEPT]:
        shutil.rmtree(old)
    return made


def _algorithm(authority: Authority) -> KeyAlgorithm:
    """Of the same kind as the responder that signs ahead."""
    assert authority.responder is not None, "every issuing authority has a responder"
    return algorithm_of(authority.responder.certificate.public_key())


def _certificate(
    authority: Authority,
    store: KeyStore,
    keys: KeyStore,
    label: str,
    now: datetime,
    random: Callable[[int], bytes],
) -> bytes:
    name = authority.certificate.subject
    request = CertificateRequest(
        profile=load_profile("ocsp-responder"),
        subject=Subject(
            country=_value(name, NameOID.COUNTRY_NAME),
            organization=_value(name, NameOID.ORGANIZATION_NAME),
            common_name=f"OCSP online {_value(name, NameOID.COMMON_NAME)}",
        ),
        public_key=keys.public_key(label),
        not_before=max(now - _BACK, authority.certificate.not_valid_before_utc),
        not_after=now + LIFETIME,
    )
    return issue(prepare(request, authority.issuer, random=random), store)


def _value(name: x509.Name, kind: x509.ObjectIdentifier) -> str:
    return str(name.get_attributes_for_oid(kind)[0].value)
