# SPDX-License-Identifier: EUPL-1.2
"""What the licence check refuses."""

from __future__ import annotations

import pytest
from tools.check_licences import findings


@pytest.mark.parametrize(
    ("licence", "refused"),
    [
        ("MIT", False),
        ("MPL-2.0", False),
        ("LGPL-3.0-only", False),
        ("LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only", False),
        ("GPL-2.0-only OR AGPL-3.0-only", True),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("GNU General Public License v3 (GPLv3)", True),
        ("GNU Affero General Public License v3", True),
        ("UNKNOWN", True),
    ],
)
def test_gpl_is_refused_unless_another_licence_may_be_chosen(licence: str, refused: bool) -> None:
    assert bool(list(findings([{"Name": "thing", "License": licence}]))) is refused
