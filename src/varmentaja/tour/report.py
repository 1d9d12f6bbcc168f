# SPDX-License-Identifier: EUPL-1.2
"""What a tour prints: a line and its facts for each step as it ends; or all of it as one JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.text import Text

from varmentaja.tour.engine import Result

FORMAT = 1


class Printer:
    """Prints results one after another; plain where there is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._count = 0

    def __call__(self, result: Result) -> None:
        """Print one result."""
        self._count += 1
        mark = ("failed", "bold red") if result.error else ("ok", "green")
        line = Text.assemble(mark, f" {self._count:>2}. {result.name}", (f"  {result.seconds:.2f} s", "dim"))
        self._say(line)
        for name, value in result.facts.items():
            self._say(Text.assemble("       ", (f"{name}: ", "dim"), value))
        if result.error:
            self._say(Text(result.error))

    def close(self, results: Sequence[Result]) -> None:
        """Print how it went as a whole."""
        failed = next((result for result in results if result.error), None)
        seconds = sum(result.seconds for result in results)
        verdict = f"Failed at: {failed.name}" if failed else "Everything went as the story tells."
        left_out = [result for result in results if result.left_out]
        if left_out:
            verdict += f" Not played in whole: {len(left_out)} of them."
        self._say(Text(f"{len(results)} steps in {seconds:.1f} s. {verdict}"))
        for result in left_out:
            self._say(Text.assemble(("left out", "bold yellow"), f" {result.name}: {result.left_out}"))

    def _say(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)


def as_data(tour: str, algorithm: str, portal: str, results: Sequence[Result]) -> dict[str, Any]:
    """The same as a JSON object."""
    failed = next((result.name for result in results if result.error), None)
    return {
        "format": FORMAT,
        "tour": tour,
        "algorithm": algorithm,
        "portal": portal,
        "ok": failed is None,
        "failed_step": failed,
        "left_out": {result.name: result.left_out for result in results if result.left_out},
        "seconds": round(sum(result.seconds for result in results), 3),
        "steps": [
            {**asdict(result), "ok": not result.error, "seconds": round(result.seconds, 3)}
            for result in results
        ],
    }
