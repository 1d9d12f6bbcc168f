# SPDX-License-Identifier: EUPL-1.2
"""The ceremony: from one reviewed TOML file to a hierarchy on disk, its keys in the key store.

Each step looks first whether its result is there, so a ceremony that was cut off goes on where it stopped,
and one that was finished is only read back. The manifest is written last: without it there is no hierarchy.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from varmentaja.domain.errors import conflict, invalid
from varmentaja.files import write_over
from varmentaja.pki.hierarchy import FILE_MODE, MANIFEST, MINUTES, Hierarchy, load_hierarchy
from varmentaja.pki.issuance import CertificateRequest, issue, prepare
from varmentaja.pki.keystore.base import KeyStore
from varmentaja.pki.names import encode_name, subject_values
from varmentaja.pki.plan import Plan, PlannedCertificate, demo_plan, read_plan, shipped_plan
from varmentaja.pki.serials import serial_text
from varmentaja.pki.template import Issuer

__all__ = [
    "Plan",
    "demo_plan",
    "minutes",
    "perform_ceremony",
    "read_plan",
    "shipped_plan",
]


def perform_ceremony(
    plan: Plan, store: KeyStore, folder: Path, *, now: datetime, random: Callable[[int], bytes]
) -> Hierarchy:
    """Make (or go on making, or read back) the plan's hierarchy in ``folder``; certificates begin at ``now``.

    `conflict` if the folder holds a hierarchy of another plan, or the key store other keys than its
    certificates.
    """
    if (folder / MANIFEST).exists():
        _refuse_other_plan(plan, folder)
        for planned in plan.certificates:
            _existing(planned, store, folder / f"{planned.id}.crt")
        return load_hierarchy(folder, production=not plan.test)
    folder.mkdir(parents=True, exist_ok=True)
    _make_keys(plan, store)
    issuers: dict[str, Issuer] = {}
    made: dict[str, x509.Certificate] = {}
    for planned in plan.certificates:
        issuer = issuers.get(planned.issued_by) or _self_issuer(plan, planned, store)
        der = _certificate(planned, issuer, store, folder / f"{planned.id}.crt", now, random)
        made[planned.id] = x509.load_der_x509_certificate(der)
        if planned.responder_for is None:
            issuers[planned.id] = replace(_self_issuer(plan, planned, store), certificate=made[planned.id])
    write_over(folder / MINUTES, minutes(plan, made, now).encode(), mode=FILE_MODE)
    write_over(folder / MANIFEST, json.dumps(_manifest(plan, folder, now), indent=1).encode(), mode=FILE_MODE)
    return load_hierarchy(folder, production=not plan.test)


def minutes(plan: Plan, made: dict[str, x509.Certificate], now: datetime) -> str:
    """The ceremony's minutes as text, for the people present to read and sign."""
    head = [
        f"Minutes of the key ceremony “{plan.id}”, version {plan.version}",
        f"Kind: {'TEST, not for production' if plan.test else 'production'}",
        f"Time: {now.isoformat(timespec='seconds')}",
        f"Ceremony file: SHA-256 {plan.content_hash}",
        f"Address: {plan.base_url}",
        f"Policies: {plan.policy_arc}",
        *(f"  {profile}: {oid}" for profile, oid in plan.policy_by_profile),
        "",
    ]
    entries = [line for p in plan.certificates for line in _minutes_entry(p, made[p.id])]
    return "\n".join([*head, *entries, "Present (name, task, signature):", *["", "_" * 72] * 3, ""])


def _minutes_entry(planned: PlannedCertificate, certificate: x509.Certificate) -> list[str]:
    return [
        f"{planned.id} ({planned.algorithm}), signed by {planned.issued_by}",
        f"  subject: {certificate.subject.rfc4514_string()}",
        f"  serial: {serial_text(certificate.serial_number)}",
        f"  valid: {certificate.not_valid_before_utc:%Y-%m-%d} to {certificate.not_valid_after_utc:%Y-%m-%d}",
        f"  profile: {planned.profile.id} {planned.profile.version}, SHA-256 {planned.profile.content_hash}",
        f"  certificate: SHA-256 {certificate.fingerprint(hashes.SHA256()).hex()}",
        "",
    ]


def _make_keys(plan: Plan, store: KeyStore) -> None:
    missing = [planned for planned in plan.certificates if not store.has(planned.id)]
    # RSA takes up to a second a key and releases the interpreter while it searches.
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for _ in pool.map(lambda planned: store.generate(planned.id, planned.algorithm), missing):
            pass


def _self_issuer(plan: Plan, planned: PlannedCertificate, store: KeyStore) -> Issuer:
    values = subject_values(planned.subject, planned.profile.attributes, planned.profile.character_set)
    return Issuer(
        id=planned.id,
        role=planned.role,
        test=plan.test,
        name=encode_name(values),
        key_label=planned.id,
        public_key=store.public_key(planned.id),
        base_url=plan.base_url,
        policy_arc=plan.policy_arc,
        policy_by_profile=plan.policy_by_profile,
        shards=planned.shards,
        certificate=None,
    )


def _certificate(
    planned: PlannedCertificate,
    issuer: Issuer,
    store: KeyStore,
    path: Path,
    now: datetime,
    random: Callable[[int], bytes],
) -> bytes:
    if path.exists():
        return _existing(planned, store, path)
    request = CertificateRequest(
        profile=planned.profile,
        subject=planned.subject,
        public_key=store.public_key(planned.id),
        not_before=now,
        not_after=now + timedelta(days=planned.days),
    )
    der = issue(prepare(request, issuer, random=random), store)
    write_over(path, der, mode=FILE_MODE)
    return der


def _existing(planned: PlannedCertificate, store: KeyStore, path: Path) -> bytes:
    """A certificate made before, if its key is still the one in the key store."""
    try:
        der = path.read_bytes()
        public_key = x509.load_der_x509_certificate(der).public_key()
    except (FileNotFoundError, ValueError) as error:
        raise invalid("The certificate hierarchy is damaged: %(reason)s", reason=str(error)) from error
    if not store.has(planned.id) or store.public_key(planned.id) != public_key:
        raise conflict("The key store does not hold the key of the authority %(id)s.", id=planned.id)
    return der


def _manifest(plan: Plan, folder: Path, now: datetime) -> dict[str, Any]:
    responders = {p.responder_for: p for p in plan.certificates if p.responder_for}
    return {
        "format": 1,
        "id": plan.id,
        "version": plan.version,
        "test": plan.test,
        "base_url": plan.base_url,
        "plan_sha256": plan.content_hash,
        "made_at": now.isoformat(),
        "policies": {"arc": plan.policy_arc, "by_profile": dict(plan.policy_by_profile)},
        "authorities": [
            _entry(planned, folder)
            | {
                "role": planned.role,
                "line": planned.line,
                "issued_by": planned.issued_by,
                "shards": planned.shards,
                "responder": _entry(responders[planned.id], folder) if planned.id in responders else None,
            }
            for planned in plan.certificates
            if planned.responder_for is None
        ],
    }


def _entry(planned: PlannedCertificate, folder: Path) -> dict[str, Any]:
    return {
        "id": planned.id,
        "key_label": planned.id,
        "sha256": hashlib.sha256((folder / f"{planned.id}.crt").read_bytes()).hexdigest(),
        "profile": planned.profile.mark,
    }


def _refuse_other_plan(plan: Plan, folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_bytes())
    if manifest["plan_sha256"] != plan.content_hash:
        raise conflict("The folder holds a certificate hierarchy made from another ceremony file or address.")
