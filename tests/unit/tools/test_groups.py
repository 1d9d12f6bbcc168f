# SPDX-License-Identifier: EUPL-1.2
"""Tests of one group run in one process: they share what there is but once, such as the machine's readers."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.xdist_group("groups")


def test_a_test_is_known_by_its_group(request: pytest.FixtureRequest) -> None:
    shared = getattr(request.config.option, "loadgroup", False)
    assert request.node.nodeid.endswith("@groups") is bool(shared)
