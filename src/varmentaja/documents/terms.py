# SPDX-License-Identifier: EUPL-1.2
"""The terms of use that an applicant accepts: a text a language, known by version and hash.

A published version is never edited; a change is a new folder ``terms/<version>/``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from varmentaja.domain.errors import not_found
from varmentaja.domain.people import Language

CURRENT = "2026-1"
_FOLDER = Path(__file__).parent / "terms"


@dataclass(frozen=True, slots=True)
class Terms:
    """One version in one language."""

    version: str
    language: Language
    title: str
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    """Heading and paragraphs of each section."""
    sha256: str
    """Hexadecimal, of the text's file as it is (UTF-8): proof of what was accepted."""


def terms_of_use(language: Language, version: str = CURRENT) -> Terms:
    """The terms in ``language``; raises DomainError (NOT_FOUND) for a version that never was."""
    file = _FOLDER / version / f"{language}.txt"
    if version not in {folder.name for folder in _FOLDER.iterdir()}:
        raise not_found("There is no such version of the terms of use.")
    content = file.read_bytes()
    title, *blocks = content.decode("utf-8").strip().split("\n\n")
    sections: list[tuple[str, tuple[str, ...]]] = []
    for block in blocks:
        heading, *paragraphs = block.split("\n")
        sections.append((heading, tuple(paragraphs)))
    return Terms(version, language, title, tuple(sections), hashlib.sha256(content).hexdigest())
