# SPDX-License-Identifier: EUPL-1.2
"""Targets agree with the documentation, and the report keeps other sections."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bench import harness


def test_targets_repeat_the_firm_column_of_the_documentation() -> None:
    text = (harness.ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\|.*\|$", text, re.M)
    ]
    documented = {what: firm for what, firm, _ in rows[2:]}
    targets = harness.load_targets().values()
    assert {target.what: target.firm for target in targets} == documented
    for target in targets:
        sign, number = target.firm.split()
        value = float(number.replace(",", ""))
        assert (target.at_least, target.at_most) == ((value, None) if sign == "≥" else (None, value))


def test_a_report_replaces_its_own_section_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness, "DOCS", tmp_path)
    row = harness.Row("first", 0.5, "×", "as measured", "ocsp_nginx")
    assert harness.report("One", "make one", [row])
    assert not harness.report("Two", "make two", [harness.Row("slow", 0.1, "×", "", "ocsp_nginx")])
    assert harness.report("One", "make one", [harness.Row("again", 0.7, "×", "", "ocsp_nginx")])
    text = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)$", text, re.M) == ["One", "Two"]
    assert "first" not in text
    assert "again | 0.7 ×" in text
    assert "slow | 0.1 × | ≥ 0.40 ✗" in text


def test_what_could_not_be_measured_keeps_no_limit_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harness, "DOCS", tmp_path)
    row = harness.Row("peer", None, "×", "it cannot be installed", "ocsp_django_ca")
    assert not harness.report("One", "make one", [row])
    text = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    assert "| peer | not measured | ≥ 10 ✗ | it cannot be installed |" in text


def test_interleaved_runs_take_turns_and_give_medians() -> None:
    order: list[str] = []
    values = {"a": iter([1.0, 9.0, 2.0]), "b": iter([3.0, 3.0, 4.0])}

    def run(name: str) -> float:
        order.append(name)
        return next(values[name])

    medians = harness.interleaved({"a": lambda: run("a"), "b": lambda: run("b")}, rounds=3)
    assert "".join(order) == "ababab"
    assert medians == {"a": 2.0, "b": 3.0}
