# SPDX-License-Identifier: EUPL-1.2
"""Takes the wheel's dependencies from requirements/*.in, so that they are named in one place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class DependenciesFromRequirements(MetadataHookInterface):
    """Hatch metadata hook: ``dependencies`` from run.in, the extra ``reader`` from reader.in."""

    def update(self, metadata: dict[str, Any]) -> None:
        metadata["dependencies"] = self._packages("run.in")
        metadata["optional-dependencies"] = {"reader": self._packages("reader.in")}

    def _packages(self, name: str) -> list[str]:
        lines = (Path(self.root) / "requirements" / name).read_text("utf-8").splitlines()
        return [line for line in lines if line and not line.startswith(("#", "-r "))]
