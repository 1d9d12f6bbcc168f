# SPDX-License-Identifier: EUPL-1.2
"""Short-lived keys for the responder that signs online (responder/online.py), made where the authorities are.

Each delegation is a folder of its own: a key store under the online responder's passphrase, a certificate of
a week for each issuing authority, and nothing else. It is carried to the responder as a whole; all but the
one before it are destroyed. Whoever steals it can sign for a week at most, and statuses alone.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from varmentaja.files import write_over
from varmentaja.pki.algorithms import KeyAlgorithm, algorithm_of
from varmentaja.pki.hierarchy import Authority, Hierarchy
from varmentaja.pki.keystore import KeyStore, open_software_store
from varmentaja.pki.profile import load_profile
from varmentaja.pki.renewal import certify_responder

PROFILE = "ocsp-responder-online"
LIFETIME = load_profile(PROFILE).lifetime
RENEW_BEFORE = LIFETIME / 2
CURRENT = "current"
"""File that names the delegation in force; replaced last."""
KEYS = "keys"
LIST = "delegation.json"
"""For each authority the label of its delegate's key and certificate, and the profile; written last."""
_BACK = timedelta(minutes=10)
"""Certificates begin so long ago: clients' clocks differ."""


def is_due(hierarchy: Hierarchy, folder: Path, *, now: datetime) -> bool:
    """Whether one is to be made: none is whole, or it is past its half-life or another hierarchy's."""
    made = current(folder)
    if made is None:
        return True
    try:
        found = certificates(made)
    except (OSError, ValueError, KeyError, TypeError):
        return True
    return set(found) != {each.id for each in _issuing(hierarchy)} or any(
        each.not_valid_after_utc - now < RENEW_BEFORE for each in found.values()
    )


def certificates(made: Path) -> dict[str, x509.Certificate]:
    """The certificate for each authority in a delegation; raises OSError, ValueError, KeyError or TypeError
    where it is not whole."""
    listed = json.loads((made / LIST).read_bytes())
    return {
        authority: x509.load_der_x509_certificate((made / f"{entry['responder']}.crt").read_bytes())
        for authority, entry in listed.items()
    }


def delegate(
    hierarchy: Hierarchy,
    store: KeyStore,
    folder: Path,
    passphrase: bytes,
    *,
    now: datetime,
    random: Callable[[int], bytes],
) -> None:
    """Make a delegation in ``folder``, with ``store`` holding the authorities' keys.

    Raises DomainError as ``certify_responder``.
    """
    made, before = folder / f"{now:%Y%m%dT%H%M%SZ}", current(folder)
    keys = open_software_store(made / KEYS, passphrase, random=random)
    profile = load_profile(PROFILE).mark
    listed = {
        authority.id: {
            "responder": _certify(authority, store, made, keys, now, random),
            "profile": profile,
        }
        for authority in _issuing(hierarchy)
    }
    write_over(made / LIST, json.dumps(listed, indent=1).encode())
    _let_group_read(made)
    write_over(folder / CURRENT, made.name.encode())
    (folder / CURRENT).chmod(0o640)
    for old in folder.iterdir():
        if old.is_dir() and old not in (made, before):
            shutil.rmtree(old)


def current(folder: Path) -> Path | None:
    """The delegation in force; None while there is none."""
    try:
        return folder / Path((folder / CURRENT).read_text("ascii").strip()).name
    except (OSError, ValueError):
        return None


def _issuing(hierarchy: Hierarchy) -> list[Authority]:
    return [authority for authority in hierarchy.authorities.values() if not authority.is_root]


def _certify(
    authority: Authority,
    store: KeyStore,
    made: Path,
    keys: KeyStore,
    now: datetime,
    random: Callable[[int], bytes],
) -> str:
    """The label of the key and of its certificate's file."""
    label = f"{authority.id}-online"
    if not keys.has(label):
        keys.generate(label, _algorithm(authority))
    begins = max(now.replace(microsecond=0) - _BACK, authority.certificate.not_valid_before_utc)
    ends = min(now.replace(microsecond=0) + LIFETIME, authority.certificate.not_valid_after_utc)
    name = str(authority.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    public_key = keys.public_key(label)
    der = certify_responder(
        PROFILE, authority, store, f"OCSP online {name}", public_key, begins, ends, random=random
    )
    write_over(made / f"{label}.crt", der)
    return label


def _algorithm(authority: Authority) -> KeyAlgorithm:
    """Of the same kind as the responder that signs ahead."""
    assert authority.responder is not None, "every issuing authority has a responder"
    return algorithm_of(authority.responder.certificate.public_key())


def _let_group_read(made: Path) -> None:
    """The responder is another user of the folder's group; what is secret stands under its passphrase."""
    for path in (made, *made.rglob("*")):
        path.chmod(0o750 if path.is_dir() else 0o640)
