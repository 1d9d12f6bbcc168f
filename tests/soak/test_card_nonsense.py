# SPDX-License-Identifier: EUPL-1.2
"""A card reader program whose cards answer nonsense, a hundred thousand times."""

from __future__ import annotations

import pytest
from hypothesis import given
from tests.support.amount import amount, examples, tell
from tests.unit.reader.test_signing_faults import CASES, survive

CARDS = amount(500, 100_000)


@pytest.mark.timeout(7200)
def test_the_program_outlives_a_hundred_thousand_bad_cards() -> None:
    examples(CARDS, CARDS)(given(**CASES)(survive))()
    tell(
        "Cards that answer nonsense",
        f"{CARDS:,} cards, pulled or babbling at any moment: no crash, no PIN left verified.",
    )
