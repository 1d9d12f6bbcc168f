# SPDX-License-Identifier: EUPL-1.2
"""The benchmarks that start programs, at the smallest size: figures mean nothing, but all of them come.

One peer alone is left out, django-ca, which would have to be installed: its limit counts as missed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from bench.harness import ROOT, load_targets
from tests.support.amount import amount
from tests.unit.bench.test_coverage import measured_by

pytestmark = [pytest.mark.xdist_group("benchmarks"), pytest.mark.timeout(400)]

SMALL = {
    "status": ["--size", "400", "--entries", "400", "--rounds", "1", "--verified", "4", "--seconds", "1"],
    "audit": ["--seconds", "1", "--entries", "400"],
    "pages": ["--people", "100", "--users", "10", "--seconds", "3"],
}
PROGRAM = """
import sys
from pathlib import Path
from bench import django_ca, harness, {name}

def missing(folder):
    raise django_ca.CannotInstall("left out here")

django_ca.prepare, harness.DOCS = missing, Path(sys.argv.pop(1))
{name}.main()
"""


@pytest.mark.parametrize("name", list(SMALL)[: amount(1, len(SMALL))])
def test_every_figure_comes(name: str, tmp_path: Path) -> None:
    kept = {
        each: value for each, value in os.environ.items() if not each.startswith(("VARMENTAJA_", "DJANGO_"))
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(name=name), str(tmp_path), *SMALL[name]],
        capture_output=True,
        text=True,
        timeout=380,
        cwd=ROOT,
        env={**kept, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
    )
    assert "Traceback" not in done.stderr and done.returncode in (0, 1), done.stderr
    table = (tmp_path / "benchmarks.md").read_text("utf-8")
    limits = re.findall(r"^\| .+ \| (.+) \| (.+) [✓✗] \| .* \|$", table, re.M)
    firm = {load_targets()[target].firm for target in measured_by(name)}
    assert {limit for _, limit in limits} == firm
    missing = [line for line in table.splitlines() if "not measured" in line]
    assert [("django-ca" in line, "✗" in line) for line in missing] == [(True, True)] * (name == "status")
