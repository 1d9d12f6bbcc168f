# SPDX-License-Identifier: EUPL-1.2
"""The rules that law or policy may change: the TOML files in ``data/`` that come with the program."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def load(name: str) -> dict[str, Any]:
    """The contents of ``data/<name>.toml``; treat them as read-only."""
    return tomllib.loads(files("varmentaja.domain").joinpath("data", f"{name}.toml").read_text("utf-8"))
