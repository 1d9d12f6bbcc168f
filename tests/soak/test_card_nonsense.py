# SPDX-License-Identifier: EUPL-1.2
"""A card reader program whose cards answer nonsense, a hundred thousand times."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from tests.unit.reader.test_signing_faults import CASES, survive

pytestmark = [pytest.mark.soak, pytest.mark.timeout(7200)]


def test_the_program_outlives_a_hundred_thousand_bad_cards() -> None:
    many = settings(max_examples=100_000, deadline=None, suppress_health_check=list(HealthCheck))
    many(given(**CASES)(survive))()
