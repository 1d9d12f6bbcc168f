# SPDX-License-Identifier: EUPL-1.2
"""A directory server."""

from __future__ import annotations

from tests.support.slapd import slapd as slapd
