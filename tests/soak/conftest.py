# SPDX-License-Identifier: EUPL-1.2
"""What long runs with a worker in this process need."""

from __future__ import annotations

import pytest
from django.db import connection


@pytest.fixture
def nothing_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lanes' threads leave no connection behind, and other tests have left no jobs."""
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
