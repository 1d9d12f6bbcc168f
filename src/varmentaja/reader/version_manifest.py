# SPDX-License-Identifier: EUPL-1.2
"""The service's signed list of program versions: the least version for each kind of chip, and the newest.

A chip of a new generation may need a newer program; old chips keep the version that they had, so that they
work to the end of their life.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from varmentaja.domain.errors import Message, message

FORMAT = 1


class Use(StrEnum):
    """Whether a version of this program may be used with a kind of chip."""

    MAY = "may"
    WARNED = "warned"
    MUST_UPDATE = "must-update"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the list says of one version with one kind of chip."""

    use: Use
    text: Message
    advice: Message | None = None


@dataclass(frozen=True, slots=True)
class VersionManifest:
    """The list. ``least`` is by name of the chip generation."""

    number: int
    """Grows with each list; an older one is refused."""
    issued_at: datetime
    newest: str
    page: str
    """Where the newest version is got."""
    least: Mapping[str, str]

    def rule(self, generation: str | None, version: str) -> Ruling:
        """Whether ``version`` of the program may be used with chips of ``generation`` (None: no card)."""
        least = self.least.get(generation or "")
        if least is not None and parts(version) < parts(least):
            return Ruling(
                Use.MUST_UPDATE,
                message(
                    "This program is too old for the card: it is version %(version)s, the card needs %(least)s.",
                    version=version,
                    least=least,
                ),
                self._update(),
            )
        if generation is not None and least is None:
            return Ruling(
                Use.WARNED,
                message("The service's list of program versions does not name this kind of chip."),
                self._update(),
            )
        if parts(version) < parts(self.newest):
            return Ruling(
                Use.WARNED,
                message(
                    "A newer version of this program is available: %(newest)s. This one is %(version)s.",
                    newest=self.newest,
                    version=version,
                ),
                self._update(),
            )
        return Ruling(
            Use.MAY, message("The version of this program can be used: %(version)s.", version=version)
        )

    def _update(self) -> Message:
        return message(
            "Get the newest version from %(page)s, or ask your organisation's IT support to install it.",
            page=self.page,
        )


def parts(version: str) -> tuple[int, ...]:
    """``1.10.2`` as numbers that compare; what follows the numbers (``.dev1``) does not count."""
    found = re.match(r"[0-9]+(?:\.[0-9]+)*", version)
    numbers = [int(number) for number in found[0].split(".")] if found else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def read(content: Mapping[str, Any]) -> VersionManifest:
    """The list from its JSON; raises KeyError, TypeError or ValueError for anything else."""
    if content["format"] != FORMAT:
        raise ValueError(f"format {content['format']}")
    return VersionManifest(
        number=int(content["number"]),
        issued_at=datetime.fromisoformat(content["issued_at"]),
        newest=str(content["newest"]),
        page=str(content["page"]),
        least={str(entry["generation"]): str(entry["least"]) for entry in content["chips"]},
    )
