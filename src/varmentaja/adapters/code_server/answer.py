# SPDX-License-Identifier: EUPL-1.2
"""The answer format of the national code server's REST interface (v6 ``conceptcodes``), as observed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from varmentaja.domain.errors import unavailable
from varmentaja.ports.code_server import Concept, ConceptStatus

PAGE_SIZE = 500
"""The largest page that the server gives."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a code set."""

    concepts: tuple[Concept, ...]
    total_items: int
    total_pages: int


def read_page(answer: Any) -> Page:
    """The page in a decoded JSON answer; raises DomainError (UNAVAILABLE) for anything else."""
    try:
        concepts = tuple(read_concept(item) for item in answer["conceptCodes"])
        return Page(concepts, int(answer["totalItems"]), int(answer["totalPages"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise unavailable(
            "The code server gave an answer that can't be understood. Try again later."
        ) from error


def read_concept(item: Mapping[str, Any]) -> Concept:
    """One code; raises KeyError, TypeError or ValueError for a faulty one."""
    code = item["conceptCodeId"]
    if not isinstance(code, str) or not code:
        raise ValueError("a code is missing")
    # Short names first, so that long ones take their place.
    titles = {
        attribute.get("language", "fi"): attribute["attributeValue"][0]
        for name in ("ShortName", "LongName")
        for attribute in item["attributes"]
        if attribute["attributeName"] == name and attribute["attributeValue"]
    }
    return Concept(
        code,
        ConceptStatus(item["status"]),
        _day(item.get("beginDate")),
        _day(item.get("expirationDate")),
        titles,
    )


def _day(text: str | None) -> date | None:
    # Days come with or without a time of day.
    return date.fromisoformat(text[:10]) if text else None
