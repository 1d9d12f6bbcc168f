# SPDX-License-Identifier: EUPL-1.2
"""Pages from templates: Jinja2 with gettext, no Django."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from varmentaja.domain.errors import Message
from varmentaja.reader.texts import LANGUAGES, day, say, translations

_TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, language: str, **context: Any) -> bytes:
    """A page in one language."""
    page = _environment(language).get_template(template)
    return page.render(language=language, languages=LANGUAGES, **context).encode()


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    # The i18n extension adds this method to the environment when it is loaded.
    install = getattr(environment, "install_gettext_translations")  # noqa: B009
    install(translations(language), newstyle=True)

    def said(message: Message) -> str:
        return say(message, language)

    def dated(moment: datetime) -> str:
        return day(moment, language)

    environment.filters |= {"say": said, "day": dated}
    return environment
