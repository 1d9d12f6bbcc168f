# SPDX-License-Identifier: EUPL-1.2
"""One small hierarchy for all tests of the reader."""

import pytest
from tests.support.reader_fakes import MemoryCard, TinyHierarchy


@pytest.fixture(scope="session")
def hierarchy() -> TinyHierarchy:
    return TinyHierarchy()


@pytest.fixture
def memory_card(hierarchy: TinyHierarchy) -> MemoryCard:
    return MemoryCard(hierarchy)
