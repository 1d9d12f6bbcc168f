# SPDX-License-Identifier: EUPL-1.2
"""What the portal offers of the card reader program, built for a test: wheel, .deb, signatures, list."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Built:
    """The folder that the portal would offer."""

    downloads: Path

    @property
    def listing(self) -> dict[str, object]:
        """packages.json."""
        listing: dict[str, object] = json.loads((self.downloads / "packages.json").read_text())
        return listing

    def file(self, ending: str) -> Path:
        """The first file whose name ends so."""
        return next(self.downloads.glob(f"*{ending}"))


def build(folder: Path, issuers: Path) -> Built:
    """Build all of it without the network; its programs trust these issuers."""
    downloads = folder / "downloads"
    command = [
        sys.executable,
        "-m",
        "tools.reader_package",
        "--portal",
        "http://127.0.0.1:9",
        "--out",
        str(downloads),
    ]
    command += ["--issuers", str(issuers), "--signing-key", str(folder / "key")]
    alone = ["unshare", "--net", "--", *command]
    subprocess.run(alone, cwd=ROOT, check=True, capture_output=True, timeout=120)
    return Built(downloads)


def installation_on_a_fresh_debian(package: Path, folder: Path) -> list[str]:
    """The packages that apt would install along with a .deb on a Debian that has nothing yet, by the lists
    that this machine fetched last (``apt-get update``)."""
    nothing = folder / "status"
    nothing.touch()
    options = ["-o", f"Dir::State::status={nothing}", "-o", "APT::Install-Recommends=false"]
    done = subprocess.run(
        ["apt-get", "--simulate", *options, "install", str(package)], capture_output=True, text=True
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}(have lists been fetched with apt-get update?)"
    return [line.split()[1] for line in done.stdout.splitlines() if line.startswith("Inst ")]
