# SPDX-License-Identifier: EUPL-1.2
"""Every limit is measured by something that ``make bench`` runs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from bench import harness
from bench.__main__ import BENCHMARKS

BENCH = harness.ROOT / "bench"


def targets_in(file: Path) -> Iterator[str]:
    """The targets that the rows of a file name."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Row":
            named = [*node.args[4:], *(word.value for word in node.keywords if word.arg == "target")]
            yield from (each.value for each in named if isinstance(each, ast.Constant))


def reached_from(name: str, seen: set[str]) -> set[str]:
    """A benchmark's file and those of ``bench`` that it imports, however deep."""
    if name not in seen:
        seen.add(name)
        for node in ast.walk(ast.parse((BENCH / f"{name}.py").read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "bench":
                for alias in node.names:
                    reached_from(alias.name, seen)
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bench."):
                reached_from(str(node.module).removeprefix("bench."), seen)
    return seen


def measured_by(name: str) -> set[str]:
    """The targets that a benchmark judges."""
    files = reached_from(name, set())
    return {target for file in files for target in targets_in(BENCH / f"{file}.py")}


def test_every_limit_is_measured_by_make_bench() -> None:
    measured = set[str]().union(*map(measured_by, BENCHMARKS))
    assert measured == set(harness.load_targets())
