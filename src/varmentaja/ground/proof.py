# SPDX-License-Identifier: EUPL-1.2
"""``varmentaja audit verify``: the audit trail against what was published."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from varmentaja.apps.audit.verifying import verify
from varmentaja.config import settings
from varmentaja.responder.key import read_verifier


def prove(heads: Path | None, key: Path | None) -> dict[str, Any]:
    """The report (see ``apps.audit.verifying``) as data."""
    file = key or settings().audit_key
    check = read_verifier(file) if file.exists() else None
    return asdict(verify(heads or settings().audit_heads, check))
