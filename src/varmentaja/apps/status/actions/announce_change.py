# SPDX-License-Identifier: EUPL-1.2
"""Tell the publisher that something changed; it starts when the transaction commits."""

from __future__ import annotations

from varmentaja.apps.status.tasks import publish_changes


def announce_change() -> None:
    """New certificates wait for their first answer, or revoked ones for answer and list: the records say
    which."""
    publish_changes.defer()
