# SPDX-License-Identifier: EUPL-1.2
"""Style sheets, scripts, fonts and icons of the reader's pages: the design layer and a few of our own."""

from __future__ import annotations

import mimetypes
from functools import cache
from pathlib import Path

from varmentaja.reader.http import Request, Response

_FOLDERS = {
    "ui": Path(__file__).parent.parent / "ui" / "assets",
    "reader": Path(__file__).parent / "assets",
}
_TYPES = {".woff2": "font/woff2", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


def static_file(request: Request) -> Response:
    """Answer ``/assets/<folder>/<name>``; only files that were listed, so no path can lead elsewhere."""
    if request.method not in ("GET", "HEAD"):
        return Response(405, b"Use GET.\n")
    path = _files().get(request.path)
    if path is None:
        return Response(404, b"Not found.\n")
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    headers = (("Cache-Control", "no-cache"), ("Cross-Origin-Resource-Policy", "same-origin"))
    return Response(200, path.read_bytes(), kind, headers)


@cache
def _files() -> dict[str, Path]:
    """Every file by the address it is served at."""
    return {
        f"/assets/{name}/{path.relative_to(folder).as_posix()}": path
        for name, folder in _FOLDERS.items()
        for path in folder.rglob("*")
        if path.is_file()
    }
