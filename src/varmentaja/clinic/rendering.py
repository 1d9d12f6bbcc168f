# SPDX-License-Identifier: EUPL-1.2
"""Pages from templates, and the files they load: the design layer, the library's script, a few of our own."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from varmentaja.clinic.http import Request, Response
from varmentaja.clinic.texts import LANGUAGES, moment_text, say, written
from varmentaja.locale import catalogue

_HERE = Path(__file__).parent
_FOLDERS = {
    "ui": _HERE.parent / "ui" / "assets",
    "relying_party": _HERE.parent / "relying_party" / "assets",
    "clinic": _HERE / "assets",
}
_TYPES = {".woff2": "font/woff2", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


def render(template: str, language: str, **context: Any) -> bytes:
    """A page in one language."""
    page = _environment(language).get_template(template)
    return page.render(language=language, languages=LANGUAGES, **context).encode()


def asset(request: Request) -> Response:
    """Answer ``/assets/<folder>/<name>``; only files that were listed, so no path can lead elsewhere."""
    path = _files().get(request.path)
    if path is None or request.method not in ("GET", "HEAD"):
        return Response(b"Not found.\n", "text/plain", 404)
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Response(path.read_bytes(), kind, headers=(("Cache-Control", "no-cache"),))


@cache
def _files() -> dict[str, Path]:
    return {
        f"/assets/{name}/{path.relative_to(folder).as_posix()}": path
        for name, folder in _FOLDERS.items()
        for path in folder.rglob("*")
        if path.is_file()
    }


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    # The i18n extension adds this method to the environment when it is loaded.
    install = getattr(environment, "install_gettext_translations")  # noqa: B009
    install(catalogue(language), newstyle=True)
    filters: dict[str, Callable[..., str]] = {
        "say": partial(_in, say, language),
        "day": partial(_in, written, language),
        "moment": partial(_in, moment_text, language),
    }
    environment.filters |= filters
    return environment


def _in(told: Callable[[Any, str], str], language: str, value: date | datetime | object) -> str:
    return told(value, language)
