# SPDX-License-Identifier: EUPL-1.2
"""A name of the evidence is there because something records it."""

from __future__ import annotations

import re
from pathlib import Path

import varmentaja
from varmentaja.apps.audit.events import AuditAction

SOURCE = Path(varmentaja.__file__).parent
TEXTS = SOURCE / "web" / "office" / "texts.py"


def test_every_name_is_used_where_something_happens_and_has_a_text() -> None:
    used, texts = set(), set()
    for path in SOURCE.rglob("*.py"):
        names = re.findall(r"AuditAction\.([A-Z_]+)", path.read_text("utf-8"))
        (texts if path == TEXTS else used).update(names)
    names = {action.name for action in AuditAction}
    assert (names - used, names - texts) == (set(), set())
