# SPDX-License-Identifier: EUPL-1.2
"""Checks the tracked files: an SPDX line in each source, no registry's address in a lock file, that the
pages of docs/ that sources name are there, and that guides and their pictures name each other.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

SPDX = re.compile(r"SPDX-License-Identifier: .*EUPL-1\.2")
SOURCES = re.compile(r"\.(py|sh|css|js|toml)$|^Makefile$|^tools/[^.]+$|^\.ci/run$")
LOCKS = re.compile(r"^requirements/.*\.txt$|(^|/)(uv\.lock|pylock.*|package-lock\.json)$")
HEAD_LINES = 5
PICTURES = "docs/guide/pictures/"
NAMED = re.compile(r"\bpictures/([\w-]+\.png)")
PAGES = re.compile(r"\bdocs/(?:[a-z]+/)?([a-z0-9][\w.-]*\w|\d{4})")
"""``docs/integration/cards.md``; a decision by its number alone: ``docs/decisions/0061``."""


def findings(paths: list[str]) -> Iterator[str]:
    """One line for each file that breaks a rule."""
    for path in paths:
        if not Path(path).is_file():  # deleted, not yet committed
            continue
        if SOURCES.search(path) and path.startswith("src/"):
            yield from missing_pages(path)
        if SOURCES.search(path):
            head = Path(path).read_text("utf-8").splitlines()[:HEAD_LINES]
            if head and not any(SPDX.search(line) for line in head):
                yield f"{path}: no SPDX line among the first {HEAD_LINES}"
        if LOCKS.search(path) and "://" in Path(path).read_text("utf-8"):
            yield f"{path}: holds an address"


def pictures(paths: list[str]) -> Iterator[str]:
    """One line for each picture of the guide that no page shows, and for each that is shown and not there."""
    there = {Path(path).name for path in paths if path.startswith(PICTURES) and Path(path).is_file()}
    named = named_pictures(Path(path) for path in paths if path.startswith("docs/") and path.endswith(".md"))
    yield from (f"{PICTURES}{name}: no page shows it" for name in sorted(there - named))
    yield from (f"{PICTURES}{name}: there is no such picture" for name in sorted(named - there))


def named_pictures(pages: Iterable[Path]) -> set[str]:
    """File names of the guide's pictures that these pages show."""
    return {name for page in pages if page.is_file() for name in NAMED.findall(page.read_text("utf-8"))}


def missing_pages(path: str) -> Iterator[str]:
    """One line for each page that is named and not there."""
    for named in PAGES.finditer(Path(path).read_text("utf-8")):
        page = Path(named.group())
        numbered = page.parent.glob(f"{page.name}-*.md") if page.name.isdecimal() else ()
        if not page.exists() and not any(numbered):
            yield f"{path}: there is no {page}"


def main() -> int:
    """Print what was found; the exit code."""
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True).stdout
    paths = sorted(filter(None, listed.decode().split("\0")))
    found = [*findings(paths), *pictures(paths)]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
