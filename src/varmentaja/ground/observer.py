# SPDX-License-Identifier: EUPL-1.2
"""The observer beside the demo: its places come from the settings."""

from __future__ import annotations

from datetime import timedelta

from varmentaja.config import settings
from varmentaja.observer.run import Places, run


def observe(seconds: int | None) -> None:
    """Look until the process ends."""
    now = settings()
    now.observer_folder.mkdir(parents=True, exist_ok=True)
    roots = now.observer_roots or now.hierarchy_folder
    places = Places(now.observer_plan, roots, now.observer_folder, now.ldap_authority)
    run(places, timedelta(seconds=seconds) if seconds else None)
