# SPDX-License-Identifier: EUPL-1.2
"""A certificate hierarchy on disk: certificates, and a manifest that says what is what.

The folder holds ``manifest.json``, ``minutes.txt`` and ``<id>.crt`` (DER) for each authority and OCSP
responder. It holds no key; keys are in a key store under the labels the manifest names.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from varmentaja.domain.errors import invalid, not_allowed, not_found
from varmentaja.pki.algorithms import PublicKey
from varmentaja.pki.template import Issuer

MANIFEST = "manifest.json"
MINUTES = "minutes.txt"
FILE_MODE = 0o644
"""Everything in the folder is public."""


@dataclass(frozen=True, slots=True)
class Responder:
    """A delegated OCSP responder: who signs the status answers of one authority."""

    id: str
    key_label: str
    certificate: x509.Certificate = field(hash=False)


@dataclass(frozen=True, slots=True)
class Authority:
    """One authority: ``professionals-ecc``. ``issuer`` is how its certificates speak of it.

    Its hash is quick (names alone), since what is compiled for an authority is looked up for each signature;
    two authorities are equal only if they agree in everything.
    """

    id: str
    role: str
    line: str
    issued_by: str
    certificate: x509.Certificate = field(hash=False)
    issuer: Issuer = field(hash=False)
    responder: Responder | None = field(hash=False)
    """None for roots."""

    @property
    def is_root(self) -> bool:
        """Whether it signed itself."""
        return self.issued_by == self.id

    @property
    def certificate_der(self) -> bytes:
        """The certificate as DER."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def shards(self) -> int:
        """How many CRLs it publishes."""
        return self.issuer.shards

    @property
    def key_label(self) -> str:
        """Its key in the key store."""
        return self.issuer.key_label


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """All authorities of one ceremony."""

    id: str
    version: str
    test: bool
    base_url: str
    plan_hash: str
    """SHA-256 (hex) of the ceremony file."""
    made_at: datetime
    authorities: Mapping[str, Authority]
    """By id, roots first."""

    def authority(self, authority_id: str) -> Authority:
        """One authority; `not_found`."""
        try:
            return self.authorities[authority_id]
        except KeyError as error:
            raise not_found("There is no authority %(id)s.", id=authority_id) from error

    def authority_for(self, role: str, line: str) -> Authority:
        """The authority of a role in the ``ecc`` or ``rsa`` line."""
        return self.authority(f"{role}-{line}")

    def any_authority_for(self, role: str) -> Authority:
        """The authority of a role in whichever line there is, the first one first."""
        for authority in self.authorities.values():
            if authority.role == role:
                return authority
        raise not_found("There is no authority %(id)s.", id=role)

    def issuer_of(self, certificate: x509.Certificate) -> Authority | None:
        """The authority that names itself as the certificate's issuer (its signature is not checked here)."""
        try:
            name = certificate.issuer.public_bytes()
        except (ValueError, TypeError, KeyError):  # a name that does not parse is none of ours
            return None
        for authority in self.authorities.values():
            if authority.issuer.name == name:
                return authority
        return None

    def chain(self, authority_id: str) -> tuple[x509.Certificate, ...]:
        """From this authority up to its root, both included."""
        authority = self.authority(authority_id)
        if authority.is_root:
            return (authority.certificate,)
        return (authority.certificate, *self.chain(authority.issued_by))

    @property
    def roots(self) -> tuple[x509.Certificate, ...]:
        """The trust anchors."""
        return tuple(a.certificate for a in self.authorities.values() if a.is_root)


def load_hierarchy(folder: Path, *, production: bool) -> Hierarchy:
    """Read a hierarchy back, checking every file against the manifest's hashes.

    `not_allowed` when a TEST hierarchy is loaded where production is required, or the reverse; `not_found`
    without a manifest; `invalid` when a file is missing or changed.
    """
    path = folder / MANIFEST
    if not path.exists():
        raise not_found("There is no certificate hierarchy here yet.")
    try:
        manifest = json.loads(path.read_bytes())
        hierarchy = _hierarchy(folder, manifest)
    except (ValueError, KeyError, TypeError, FileNotFoundError) as error:
        raise invalid("The certificate hierarchy is damaged: %(reason)s", reason=str(error)) from error
    _refuse_wrong_kind(hierarchy, production=production)
    return hierarchy


def _refuse_wrong_kind(hierarchy: Hierarchy, *, production: bool) -> None:
    marks = {b"TEST" in authority.issuer.name for authority in hierarchy.authorities.values()}
    if marks != {hierarchy.test}:
        raise invalid("The certificate hierarchy is damaged: %(reason)s", reason="TEST in names")
    if hierarchy.test and production:
        raise not_allowed("This is a TEST hierarchy; a production service does not use it.")
    if not hierarchy.test and not production:
        raise not_allowed("This is a production hierarchy; a test service does not use it.")


def _hierarchy(folder: Path, manifest: dict[str, Any]) -> Hierarchy:
    authorities = {entry["id"]: _authority(folder, manifest, entry) for entry in manifest["authorities"]}
    return Hierarchy(
        id=manifest["id"],
        version=manifest["version"],
        test=bool(manifest["test"]),
        base_url=manifest["base_url"],
        plan_hash=manifest["plan_sha256"],
        made_at=datetime.fromisoformat(manifest["made_at"]),
        authorities=authorities,
    )


def _authority(folder: Path, manifest: dict[str, Any], entry: dict[str, Any]) -> Authority:
    certificate = _certificate(folder, entry)
    responder = entry["responder"]
    return Authority(
        id=entry["id"],
        role=entry["role"],
        line=entry["line"],
        issued_by=entry["issued_by"],
        certificate=certificate,
        issuer=Issuer(
            id=entry["id"],
            role=entry["role"],
            test=bool(manifest["test"]),
            name=certificate.subject.public_bytes(),
            key_label=entry["key_label"],
            public_key=cast(PublicKey, certificate.public_key()),
            base_url=manifest["base_url"],
            policy_arc=manifest["policies"]["arc"],
            policy_by_profile=tuple(sorted(manifest["policies"]["by_profile"].items())),
            shards=int(entry["shards"]),
            certificate=certificate,
        ),
        responder=responder
        and Responder(responder["id"], responder["key_label"], _certificate(folder, responder)),
    )


def _certificate(folder: Path, entry: dict[str, Any]) -> x509.Certificate:
    content = (folder / f"{entry['id']}.crt").read_bytes()
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise ValueError(f"{entry['id']}.crt was changed")
    return x509.load_der_x509_certificate(content)
