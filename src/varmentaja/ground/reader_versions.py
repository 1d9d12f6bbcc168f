# SPDX-License-Identifier: EUPL-1.2
"""Puts the signed list of the card reader program's versions where the portal serves it from."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from varmentaja.apps.audit.recording import AuditAction
from varmentaja.config import Settings, settings
from varmentaja.domain.data_files import load
from varmentaja.files import write_over
from varmentaja.ground.keys import authority_store
from varmentaja.ground.renewal import record_certified
from varmentaja.pki.hierarchy import load_hierarchy
from varmentaja.signer.reader_versions import PROFILE, seal_versions, signer_of

VERSIONS_FILE = "versions.json"


def publish_versions() -> None:
    """Sign the list anew where it has changed, or its signer's certificate is half-way to its end."""
    chosen = settings()
    hierarchy = load_hierarchy(chosen.hierarchy_folder, production=not chosen.test_service)
    file, authority = chosen.downloads / VERSIONS_FILE, hierarchy.any_authority_for("services")
    sealed = seal_versions(
        content(chosen),
        file.read_bytes() if file.exists() else None,
        authority=authority,
        store=authority_store(),
        now=datetime.now(UTC),
        random=os.urandom,
    )
    if sealed is not None:
        write_over(file, sealed, mode=0o644)
    signer = signer_of(file.read_bytes())
    record_certified(AuditAction.SERVICE_CERTIFIED, authority.id, signer, PROFILE)


def content(chosen: Settings) -> dict[str, Any]:
    """What the list says (varmentaja/reader/version_manifest.py reads it)."""
    return {
        "format": 1,
        "newest": version("varmentaja"),
        "page": f"{chosen.portal_address}/reader/",
        "chips": [
            {"generation": chip["generation"], "least": chip["least"]}
            for chip in load("reader_versions")["chip"]
        ],
    }
