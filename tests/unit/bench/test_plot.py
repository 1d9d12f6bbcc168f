# SPDX-License-Identifier: EUPL-1.2
"""Plots are well-formed SVG in which every value stands at its height."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from bench.plot import Panel, draw

SVG = "{http://www.w3.org/2000/svg}"


def test_each_line_has_a_point_for_each_place_and_the_most_stands_highest() -> None:
    panels = [
        Panel("Lag < 2 s", {"a": [0.0, 1.0, 2.0], "b": [2.0, 0.0, 1.0]}),
        Panel("Flat", {"c": [0, 0, 0]}),
    ]
    root = ElementTree.fromstring(draw(panels, [0, 12, 24], "hours & steps"))
    lines = [
        [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
        for line in root.iter(f"{SVG}polyline")
    ]
    assert [len(line) for line in lines] == [3, 3, 3]
    heights = [y for _, y in lines[0]]
    assert heights[0] > heights[1] > heights[2] == lines[1][0][1]
    assert heights[0] - heights[1] == pytest.approx(heights[1] - heights[2])
    assert len({y for _, y in lines[2]}) == 1
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert "Lag < 2 s" in texts and "hours & steps" in texts


def test_a_line_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        draw([Panel("x", {"a": [1.0]})], [0, 1], "hours")
