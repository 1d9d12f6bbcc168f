# SPDX-License-Identifier: EUPL-1.2
"""What the benchmarks share: interleaved medians, peak memory, targets, the table in the docs."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
TARGETS = Path(__file__).with_name("targets.toml")


@dataclass(frozen=True)
class Document:
    """A page of docs/ whose sections programs write."""

    name: str
    about: str
    """What a new one begins with."""

    def write_section(self, title: str, content: str) -> None:
        """Put a section in the place of its last version, or at the end."""
        path = DOCS / self.name
        text = path.read_text(encoding="utf-8") if path.exists() else self.about
        section = f"## {title}\n\n{content.strip()}\n"
        pattern = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
        if pattern.search(text):
            text = pattern.sub(lambda _: section + "\n", text)
        else:
            text = f"{text.rstrip()}\n\n{section}"
        path.write_text(text.rstrip() + "\n", encoding="utf-8")


_REPORT = Document(
    "benchmarks.md",
    """# Benchmarks

Ratios against a peer or a limit measured in the same run, on one machine, as medians of interleaved rounds.
Absolute figures stand beside them only to show where a ratio comes from. Each section is written by the
command it names; `bench/targets.toml` and `performance.md` hold what we aim at.
""",
)


@dataclass(frozen=True)
class Target:
    """A limit for one row: at least or at most ``firm``."""

    key: str
    what: str
    firm: str
    """As docs/performance.md words it."""
    at_least: float | None = None
    at_most: float | None = None

    def is_met(self, value: float | None) -> bool:
        """Whether a measured value keeps the firm limit; what could not be measured keeps none."""
        return value is not None and not (
            (self.at_least is not None and value < self.at_least)
            or (self.at_most is not None and value > self.at_most)
        )


@dataclass(frozen=True)
class Row:
    """One result. ``target`` names a row of targets.toml, if there is one."""

    what: str
    value: float | None
    """None when it could not be measured; ``detail`` says why."""
    unit: str
    """``×`` for a ratio."""
    detail: str
    target: str | None = None

    @property
    def measured(self) -> str:
        """As the table has it."""
        if self.value is None:
            return "not measured"
        return f"{_figure(self.value)} {self.unit}"


def load_targets() -> dict[str, Target]:
    """The firm limits by key."""
    data = tomllib.loads(TARGETS.read_text(encoding="utf-8"))
    return {key: Target(key, **entry) for key, entry in data.items()}


def interleaved(runs: Mapping[str, Callable[[], float]], rounds: int = 5) -> dict[str, float]:
    """Run all in turn (A B A B …), so that a slow minute of the machine hits each; return medians by name."""
    results: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            results[name].append(run())
    return {name: median(values) for name, values in results.items()}


def measured_process(
    command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
) -> tuple[float, float]:
    """Run a program to its end; return (seconds of wall time, MiB of peak resident memory).

    The peak is read while it runs: what ``wait4`` tells begins with the memory of whoever started it.
    """
    with tempfile.TemporaryFile() as errors:
        started, peak = time.perf_counter(), 0
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=errors
        )
        while process.poll() is None:
            found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())
            peak = int(found[1]) if found else peak
            time.sleep(0.002)
        seconds = time.perf_counter() - started
        errors.seek(0)
        if process.returncode:
            raise RuntimeError(f"{command[0]} failed: {errors.read().decode(errors='replace')}")
    return seconds, peak / 1024


def free_port() -> int:
    """A port that the system says is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def report(section: str, command: str, rows: Sequence[Row], after: str = "") -> bool:
    """Print the rows and write them to docs/benchmarks.md, with ``after`` as a paragraph below; whether all
    firm limits are kept."""
    targets = load_targets()
    lines = ["| what | measured | firm limit | how |", "|---|---|---|---|"]
    kept = True
    for row in rows:
        target = targets[row.target] if row.target else None
        limit = "–"
        if target:
            met = target.is_met(row.value)
            kept = kept and met
            limit = f"{target.firm} {'✓' if met else '✗'}"
        lines.append(f"| {row.what} | {row.measured} | {limit} | {row.detail} |")
    table = "\n".join(lines)
    sys.stdout.write(f"\n{section}\n{table}\n")
    day = datetime.now(UTC).date().isoformat()
    _REPORT.write_section(
        section,
        f"`{command}`, {day}, {os.cpu_count()} cores\n\n{table}\n" + (f"\n{after}\n" if after else ""),
    )
    return kept


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
