# SPDX-License-Identifier: EUPL-1.2
"""Time as documents of Finnish health care tell it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

_HELSINKI = ZoneInfo("Europe/Helsinki")


def in_finland(moment: datetime) -> datetime:
    """The same moment by Finland's clocks."""
    return moment.astimezone(_HELSINKI)
