# SPDX-License-Identifier: EUPL-1.2
"""Terms of use: the same in three languages, known by version and hash."""

from __future__ import annotations

from varmentaja.documents.terms import current_terms
from varmentaja.domain.people import Language

PUBLISHED = {"2026-1": "0f1abe403b15e3e057d8eaf35b72aa3a55b22ce7e5b8b5f037585866ce0d9275"}
"""Hashes that people have accepted: a changed text needs a new version."""


def test_a_published_text_is_never_edited() -> None:
    terms = current_terms()
    assert terms.hash == PUBLISHED[terms.version]


def test_every_language_has_the_same_sections() -> None:
    texts = [current_terms().texts[language].strip().split("\n\n") for language in Language]
    shapes = {tuple(len(section.split("\n")) for section in text) for text in texts}
    assert len(shapes) == 1
    assert len(next(iter(shapes))) == 8
