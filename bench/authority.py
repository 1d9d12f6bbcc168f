# SPDX-License-Identifier: EUPL-1.2
"""A demo hierarchy of its own for the benchmarks."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from varmentaja.pki.ceremony import demo_plan, perform_ceremony
from varmentaja.pki.hierarchy import Authority
from varmentaja.pki.keystore import SoftwareKeyStore, open_software_store


def make_authority(folder: Path, now: datetime) -> tuple[Authority, SoftwareKeyStore]:
    """The ECC line's authority for professionals, with P-384 and its responder's P-256 key."""
    store = open_software_store(folder / "keys", b"benchmark", random=os.urandom)
    plan = demo_plan("http://127.0.0.1:8001")
    hierarchy = perform_ceremony(plan, store, folder / "hierarchy", now=now, random=os.urandom)
    return hierarchy.authority_for("professionals", "ecc"), store
