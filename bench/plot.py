# SPDX-License-Identifier: EUPL-1.2
"""Plots for the reports: panels of points joined by lines, one under another, as SVG text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 720, 170, 90, 34, 30
_COLOURS = ("#0b5394", "#b45309")


@dataclass(frozen=True)
class Panel:
    """One plot; every line is a name and a value for each place on the common axis."""

    title: str
    lines: dict[str, Sequence[float]]


def draw(panels: Sequence[Panel], places: Sequence[float], axis: str) -> str:
    """All panels over one axis named ``axis``, from 0 up; ValueError for lines of another length."""
    parts = [_panel(panel, places, index * _HEIGHT) for index, panel in enumerate(panels)]
    height = len(panels) * _HEIGHT + 24
    middle = (_LEFT + _WIDTH) / 2
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}"'
        f' height="{height}" role="img" font-family="sans-serif" font-size="12">\n'
        f"<title>{escape('; '.join(panel.title for panel in panels))}</title>\n"
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>\n'
        + "".join(parts)
        + f'<text x="{middle}" y="{height - 8}" text-anchor="middle">{escape(axis)}</text>\n</svg>\n'
    )


def _panel(panel: Panel, places: Sequence[float], top: float) -> str:
    most = max((value for line in panel.lines.values() for value in line), default=0) or 1.0
    right, upper, lower = _WIDTH - 20, top + _TOP, top + _HEIGHT - _BOTTOM

    def x(place: float) -> float:
        return _LEFT + (right - _LEFT) * (place - places[0]) / ((places[-1] - places[0]) or 1)

    def y(value: float) -> float:
        return lower - (lower - upper) * value / most

    parts = [f'<text x="{_LEFT}" y="{top + 16}" font-weight="bold">{escape(panel.title)}</text>\n']
    for value in (0.0, most / 2, most):
        parts.append(
            f'<line x1="{_LEFT}" x2="{right}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#d0d4d9"/>'
            f'<text x="{_LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:,.3g}</text>\n'
            if value < 1000
            else f'<line x1="{_LEFT}" x2="{right}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#d0d4d9"/>'
            f'<text x="{_LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:,.0f}</text>\n'
        )
    for place in (places[0], (places[0] + places[-1]) / 2, places[-1]):
        parts.append(f'<text x="{x(place):.1f}" y="{lower + 16}" text-anchor="middle">{place:g}</text>\n')
    for number, (name, line) in enumerate(panel.lines.items()):
        points = " ".join(f"{x(p):.1f},{y(v):.1f}" for p, v in zip(places, line, strict=True))
        colour = _COLOURS[number % len(_COLOURS)]
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>\n')
        parts.append(
            f'<text x="{right}" y="{top + 16 + 14 * number}" text-anchor="end" fill="{colour}">'
            f"{escape(name)}</text>\n"
        )
    return "".join(parts)
