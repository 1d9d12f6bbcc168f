# SPDX-License-Identifier: EUPL-1.2
"""Targets agree with the documentation, and the report keeps other sections."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bench import harness


def documented() -> dict[str, str]:
    """The firm column of the documentation."""
    text = (harness.ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\|.*\|$", text, re.M)
    ]
    return {what: firm for what, firm, _ in rows[2:]}


def test_targets_repeat_the_firm_column_of_the_documentation() -> None:
    targets = harness.load_targets().values()
    assert {target.what: target.firm for target in targets} == documented()
    for target in targets:
        sign, number = target.firm.split()
        value = float(number.replace(",", ""))
        assert (target.at_least, target.at_most) == ((value, None) if sign == "≥" else (None, value))


IN_THE_DESIGN = (
    *("issue_one_core", "issue_linted", "ocsp_nginx", "ocsp_django_ca", "ocsp_p99", "ocsp_nonce", "presign"),
    *("crl_time", "crl_memory", "revocation_lag", "audit_append", "audit_verify", "start_cold", "start_warm"),
    "page_p95",
)
"""Targets in the order of the design's table, whose rows hold one or two."""
DESIGN = harness.ROOT.parent / "shared" / "design" / "performance.md"
"""Beside a checkout of those who wrote it; a clone elsewhere has docs/performance.md alone."""


def figures(cells: list[str]) -> list[float]:
    """Their numbers; k is a thousand."""
    found = [each for cell in cells for each in re.findall(r"([\d.,]*\d)(k?)", cell)]
    return [float(number.replace(",", "")) * (1000 if thousands else 1) for number, thousands in found]


def test_figures_are_read_as_people_do() -> None:
    assert figures(["≤ 0.2 / ≤ 128 MiB", "3,000/s / 200k/s", "0.6×"]) == [0.2, 128, 3000, 200_000, 0.6]


def test_targets_are_those_of_the_design() -> None:
    targets = harness.load_targets()
    ours = [targets[key].at_least or targets[key].at_most for key in IN_THE_DESIGN]
    firm = [documented()[targets[key].what] for key in IN_THE_DESIGN]
    if DESIGN.exists():
        text = DESIGN.read_text(encoding="utf-8")
        table = re.findall(r"^\|.*\|$", text[text.index("## Targets") :], re.M)
        firm = [line.split("|")[2] for line in table[2:]]
    assert ours == figures(firm)


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
