# SPDX-License-Identifier: EUPL-1.2
"""What the patterns of the import contracts let through, and what they don't."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

CONTRACTS = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
CONTEXTS, ADAPTERS = (each["pattern"] for each in CONTRACTS if each["type"] == "no_import_like")


@pytest.mark.parametrize(
    ("pattern", "imported", "refused"),
    [
        (CONTEXTS, "varmentaja.apps.cards.check -> varmentaja.apps.cards.orders", False),
        (CONTEXTS, "varmentaja.apps.cards.check -> varmentaja.apps.people.queries", False),
        (CONTEXTS, "varmentaja.apps.cards.check -> varmentaja.apps.cards_of_others.orders", True),
        (CONTEXTS, "varmentaja.apps.cards.check -> varmentaja.apps.letters.actions.post_letter", False),
        (CONTEXTS, "varmentaja.apps.cards.check -> varmentaja.apps.letters.queries_office", False),
        (CONTEXTS, "varmentaja.apps.cards.check -> varmentaja.apps.audit.recording", False),
        (CONTEXTS, "varmentaja.apps.cards.check -> varmentaja.apps.audit.sealing", True),
        (CONTEXTS, "varmentaja.apps.cards.check -> varmentaja.apps.vault.keys", False),
        (CONTEXTS, "varmentaja.apps.cards.actions.end_card -> varmentaja.apps.letters.records", True),
        (CONTEXTS, "varmentaja.apps.cards.check -> varmentaja.apps.action", False),
        (ADAPTERS, "varmentaja.adapters.post.simulator -> varmentaja.documents.letters", False),
        (ADAPTERS, "varmentaja.adapters.post.client -> varmentaja.documents.letters", True),
        (ADAPTERS, "varmentaja.adapters.post.simulator_of -> varmentaja.pki.names", True),
        (ADAPTERS, "varmentaja.adapters.post.client -> varmentaja.domain.errors", False),
    ],
)
def test_patterns(pattern: str, imported: str, refused: bool) -> None:
    assert (re.search(pattern, imported) is not None) is refused
