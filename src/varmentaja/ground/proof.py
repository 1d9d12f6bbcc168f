# SPDX-License-Identifier: EUPL-1.2
"""``varmentaja audit verify``: the audit trail against what was published.

Whoever can exchange the heads can exchange the key beside them too. So the key is the key store's where it
opens, or one that the caller kept elsewhere; the one beside the heads is the last resort.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from varmentaja.apps.audit.verifying import verify
from varmentaja.config import settings
from varmentaja.domain.errors import DomainError
from varmentaja.ground.keys import authority_store, is_within_reach
from varmentaja.pki.algorithms import PublicKey
from varmentaja.pki.publication import verifier
from varmentaja.responder.key import read_key
from varmentaja.signer.keys import AUDIT_KEY

DIFFERS = "the key published beside the heads is not that of the key store"


def prove(heads: Path | None, key: Path | None) -> dict[str, Any]:
    """The report (see ``apps.audit.verifying``) as data, with whose key it was proved by."""
    published = read_key(settings().audit_key) if settings().audit_key.exists() else None
    own = _own_key() if key is None else None
    chosen = read_key(key) if key else own or published
    report = verify(heads or settings().audit_heads, verifier(chosen) if chosen else None)
    if own is not None and published is not None and own != published:
        report.findings.append(DIFFERS)
    return asdict(report) | {"key": str(key) if key else "key store" if own else "beside the heads"}


def _own_key() -> PublicKey | None:
    """The key store's, or None where it is not on this machine or does not open."""
    try:
        return authority_store().public_key(AUDIT_KEY) if is_within_reach() else None
    except DomainError:
        return None
