# SPDX-License-Identifier: EUPL-1.2
"""Fixtures that any test may ask for."""

from __future__ import annotations

pytest_plugins = ["tests.support.browser", "tests.support.postgres", "tests.support.web"]
