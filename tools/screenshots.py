# SPDX-License-Identifier: EUPL-1.2
"""Draw the pictures of ``docs/guide/`` anew: those that its pages name, and no others.

The story of a card is walked in a browser in three languages, the demo clinic is visited in English, and the
window of the card reader program is drawn in the three languages (window_pictures.py). A picture is called
``<page>-<language>.png``, or ``<page>-phone-<language>.png``; a page of the journey gets its picture when a
guide names it (tools/check_tree.py finds names without a picture, and the reverse).

make screenshots
"""

from __future__ import annotations

import io
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.browser import DESKTOP, PHONE, launch  # noqa: E402  (the path is set above)
from tests.support.clinic_visit import ClinicVisit, person, physician_with_card  # noqa: E402
from tests.support.journey import Journey  # noqa: E402
from tools import window_pictures  # noqa: E402
from tools.check_tree import named_pictures  # noqa: E402

from varmentaja.tour.place import of_its_own  # noqa: E402

FOLDER = ROOT / "docs" / "guide" / "pictures"
LANGUAGES = ("en", "fi", "sv")
WANTED = named_pictures(FOLDER.parent.glob("*.md"))
PHONE_MARK = "-phone"
"""In the name of a picture that is taken on a phone."""
TALLEST = {DESKTOP: 1400, PHONE: 1700}
"""Height in pixels at which a long page is cut."""
COLOURS = 128


def main() -> None:
    """Walk the story in each language and keep pictures of the main pages."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    with contextmanager(launch)() as browser:
        with of_its_own("ecc", keep=False) as place:
            for language in LANGUAGES:
                Journey(browser, place, language, Camera(language)).walk()
        visit_clinic(browser)
    window_pictures.main()
    pictures = sorted(FOLDER.glob("*.png"))
    if missing := WANTED - {picture.name for picture in pictures}:
        sys.exit(f"no such page was seen: {', '.join(sorted(missing))}")
    total = sum(picture.stat().st_size for picture in pictures)
    print(f"{len(pictures)} pictures, {total / 1e6:.1f} MB, in {FOLDER.relative_to(ROOT)}")


def visit_clinic(browser: Browser) -> None:
    """The pages of the clinic, and its signed paper."""
    with of_its_own("ecc", keep=False) as place, physician_with_card(browser, place) as story:
        with person(browser, "en") as page:
            ClinicVisit(page, story, "en", Camera("en")).walk()
        command = ("pdftoppm", "-r", "80", "-png", "-singlefile", story.signed(story.pdf))
        paper = subprocess.run(command, capture_output=True, check=True).stdout
    with Image.open(io.BytesIO(paper)) as picture:
        _save(picture.convert("RGB"), "clinic-paper-en")


class Camera:
    """Takes pictures of the pages that the guides show."""

    def __init__(self, language: str) -> None:
        self._language = language

    def __call__(self, page: Page, name: str) -> None:
        """Keep the pictures of this page that a guide names."""
        if f"{name}-{self._language}.png" in WANTED:
            self._take(page, f"{name}-{self._language}", DESKTOP)
        if f"{name}{PHONE_MARK}-{self._language}.png" in WANTED:
            self._take(page, f"{name}{PHONE_MARK}-{self._language}", PHONE)
            page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})

    def _take(self, page: Page, name: str, size: tuple[int, int]) -> None:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        shot = page.screenshot(full_page=True, animations="disabled")
        whole = Image.open(io.BytesIO(shot)).convert("RGB")
        picture = whole.crop((0, 0, whole.width, min(whole.height, TALLEST[size])))
        _save(picture, name)


def _save(picture: Image.Image, name: str) -> None:
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
