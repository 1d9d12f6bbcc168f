# SPDX-License-Identifier: EUPL-1.2
"""tools/check_tree.py: the guides and their pictures name each other."""

from pathlib import Path

import pytest
from tools.check_tree import PICTURES, pictures

PAGE = "docs/guide/officer.md"


@pytest.fixture(autouse=True)
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree with one guide, which names two pictures, and two pictures, of which one is named."""
    monkeypatch.chdir(tmp_path)
    Path(PICTURES).mkdir(parents=True)
    Path(PICTURES, "shown-en.png").touch()
    Path(PICTURES, "stray-en.png").touch()
    Path(PAGE).write_text("![The desk](pictures/shown-en.png) ![Gone](pictures/gone-en.png)\n", "utf-8")


def test_picture_that_no_page_shows_and_a_name_without_picture_are_found() -> None:
    found = list(pictures([PAGE, f"{PICTURES}shown-en.png", f"{PICTURES}stray-en.png"]))

    assert found == [
        "docs/guide/pictures/stray-en.png: no page shows it",
        "docs/guide/pictures/gone-en.png: there is no such picture",
    ]
