# SPDX-License-Identifier: EUPL-1.2
"""The online-signing responder beside the demo: its places come from the settings."""

from __future__ import annotations

from varmentaja.config import settings
from varmentaja.responder import online


def serve(workers: int) -> None:
    """Serve until the process is stopped."""
    now = settings()
    places = online.Places(
        publication=now.publication,
        publisher_key=now.publisher_key,
        hierarchy=now.hierarchy_folder,
        delegations=now.delegations,
        passphrase_file=now.online_passphrase,
        production=not now.test_service,
    )
    online.serve(places, "127.0.0.1", now.online_port, workers)
