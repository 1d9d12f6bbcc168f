# SPDX-License-Identifier: EUPL-1.2
"""The message catalogues: English is the message id, ``<language>/LC_MESSAGES/django.po`` has the rest.

Programs without Django (the reader) take ``catalogue(language)``; Django finds the same files by
``LOCALE_PATHS``. Compiled catalogues are not kept in the repository: a start makes those that are older than
their source.
"""

from __future__ import annotations

import gettext
import os
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
DOMAIN = "django"
TRANSLATED = ("fi", "sv")
"""The languages that have a catalogue; English needs none."""


def source(language: str) -> Path:
    """The catalogue that people edit."""
    return FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def compile_catalogues() -> list[Path]:
    """Compiles what is missing or older than its source; the files that were written (usually none)."""
    stale = [po for po in map(source, TRANSLATED) if _older(po.with_suffix(".mo"), po)]
    return [_compile(po) for po in stale]


def catalogue(language: str) -> gettext.NullTranslations:
    """The texts of a language for the standard library's ``gettext`` and Jinja's i18n extension."""
    if language not in TRANSLATED:
        return gettext.NullTranslations()
    compile_catalogues()
    return gettext.translation(DOMAIN, FOLDER, [language])


def _older(compiled: Path, po: Path) -> bool:
    return not compiled.exists() or compiled.stat().st_mtime_ns < po.stat().st_mtime_ns


def _compile(po: Path) -> Path:
    # Babel is imported here, since a start with fresh catalogues does without it.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = po.with_suffix(".mo")
    draft = compiled.with_suffix(f".mo.{os.getpid()}")
    with po.open("rb") as lines, draft.open("wb") as target:
        write_mo(target, read_po(lines))
    # Several programs start at once: each sees the old file or the whole new one.
    draft.replace(compiled)
    return compiled
