# SPDX-License-Identifier: EUPL-1.2
"""English as written in Europe: 23 November 2026, 9:05."""

DATE_FORMAT = "j F Y"
SHORT_DATE_FORMAT = "j.n.Y"
TIME_FORMAT = "G:i"
DATETIME_FORMAT = "j F Y, G:i"
SHORT_DATETIME_FORMAT = "j.n.Y G:i"
