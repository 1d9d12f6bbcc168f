# SPDX-License-Identifier: EUPL-1.2
"""The people of the demo, as ``var/run/demo.json`` describes them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import get_language

_WORKPLACES = {
    "registrar": "registration:desk",
    "second_registrar": "registration:desk",
    "officer": "office:front",
}


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody fictive whose part a visitor may play."""

    name: str
    story: str
    identity_code: str
    role: str
    """Of the part, in the cast: ``registrar``, ``officer``, ``physician`` …"""
    pin1: str
    pin2: str
    """Empty where the holder has chosen the PINs."""

    @property
    def workplace(self) -> str:
        """Name of the page where this part is played; empty for those who have no card yet."""
        return _WORKPLACES.get(self.role, "")


def demo_people() -> tuple[DemoPerson, ...]:
    """Everybody in the demo, told in the reader's language; nobody where there is no demo."""
    if not settings.TEST_SERVICE or not settings.DEMO.exists():
        return ()
    language = get_language()
    return tuple(
        DemoPerson(
            name=person["name"],
            story=person["story"][language],
            identity_code=person["identity_code"],
            role=person["role"],
            pin1=person.get("pin1", ""),
            pin2=person.get("pin2", ""),
        )
        for person in json.loads(settings.DEMO.read_text("utf-8"))["people"]
    )
