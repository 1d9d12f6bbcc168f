# SPDX-License-Identifier: EUPL-1.2
"""The states that issue identity documents, by name in the reader's language."""

from __future__ import annotations

import re
from functools import cache

from babel import Locale
from django.utils.translation import get_language

_STATE = re.compile(r"[A-Z]{2}")
_NO_STATES = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})
"""Codes of CLDR that stand for unions, oceans and tests."""


def country_choices() -> list[tuple[str, str]]:
    """ISO 3166-1 alpha-2 code and name; Finland first, then by name."""
    names = _names(get_language() or "fi")
    others = sorted((item for item in names.items() if item[0] != "FI"), key=lambda item: item[1].casefold())
    return [("FI", names["FI"]), *others]


def country_name(code: str) -> str:
    """The name in the reader's language; the code itself where it is none of a state."""
    return _names(get_language() or "fi").get(code, code)


@cache
def _names(language: str) -> dict[str, str]:
    territories = Locale.parse(language).territories
    return {
        code: name for code, name in territories.items() if _STATE.fullmatch(code) and code not in _NO_STATES
    }
