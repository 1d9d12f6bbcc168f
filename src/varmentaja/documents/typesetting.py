# SPDX-License-Identifier: EUPL-1.2
"""Setting documents with Typst: templates and fonts of this folder, data passed in memory alone.

The same data gives the same bytes: no clock, no system fonts, and no file is written (a code letter's content
must not lie about on a disk).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any, Literal

import typst

from varmentaja.domain.people import Language

_HERE = Path(__file__).parent
_TEMPLATES = _HERE / "templates"
_FONTS = [str(_HERE / "fonts")]
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@cache
def _templates() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in _TEMPLATES.iterdir()}


def set_pdf(template: str, data: Mapping[str, Any], day: date) -> bytes:
    """The PDF/UA-1 document of ``template``; ``day`` is its date of making."""
    pdf = _compile(template, data, "pdf", pdf_standards=["ua-1"], timestamp=_timestamp(day))
    assert isinstance(pdf, bytes)
    return pdf


def set_pages(template: str, data: Mapping[str, Any], *, ppi: float) -> list[bytes]:
    """Each page of ``template`` as PNG."""
    pages = _compile(template, data, "png", ppi=ppi)
    return pages if isinstance(pages, list) else [pages]


def _compile(
    template: str, data: Mapping[str, Any], form: Literal["pdf", "png"], **options: Any
) -> bytes | list[bytes]:
    files = {"main.typ": _templates()[template], **_templates()}
    inputs = {"data": json.dumps(data, ensure_ascii=False)}
    done: bytes | list[bytes] = typst.compile(
        files, format=form, sys_inputs=inputs, font_paths=_FONTS, ignore_system_fonts=True, **options
    )
    return done


def _timestamp(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())


def written(day: date, language: Language) -> str:
    """A day as it is written in a letter: 17.4.2026, in English 17 April 2026."""
    if language is Language.ENGLISH:
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return f"{day.day}.{day.month}.{day.year}"
