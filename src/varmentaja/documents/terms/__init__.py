# SPDX-License-Identifier: EUPL-1.2
"""The terms of use that an applicant accepts: a folder a version, a text a language."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from varmentaja.domain.people import Language

IN_FORCE = "2026-1"


@dataclass(frozen=True, slots=True)
class Terms:
    """One version of the terms."""

    version: str
    hash: str
    """SHA-256 over all languages, hexadecimal."""
    texts: Mapping[Language, str]


@cache
def current_terms() -> Terms:
    """The terms in force."""
    folder = files(__package__).joinpath(IN_FORCE)
    texts = {language: folder.joinpath(f"{language}.txt").read_text("utf-8") for language in Language}
    whole = "\f".join(texts[language] for language in sorted(texts)).encode()
    return Terms(IN_FORCE, hashlib.sha256(whole).hexdigest(), texts)
