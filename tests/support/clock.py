# SPDX-License-Identifier: EUPL-1.2
"""Pages without records: the one thing the frame asks the database is the sandbox's clock."""

from __future__ import annotations

from datetime import date

import pytest


@pytest.fixture
def still_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Business time stands still, so that a page of no records needs no database."""
    monkeypatch.setattr("varmentaja.web.session.business_today", lambda: date(2026, 11, 23))
