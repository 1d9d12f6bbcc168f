# SPDX-License-Identifier: EUPL-1.2
"""A small code server: the same REST answers as the national one, from the files of a folder.

``SimulatedCodeServer`` answers in process; ``serve()`` puts the same answers behind HTTP, for a vendor to try
an importer against.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from varmentaja.adapters.code_server.answer import PAGE_SIZE, read_page
from varmentaja.adapters.sandbox.faults import Faults
from varmentaja.domain.errors import DomainError, not_found, unavailable
from varmentaja.ports.code_server import CodeSet

FOLDER = Path(__file__).parent / "data"
SYSTEM = "code_server"
"""Name of this system in the file of faults."""
_PATH = re.compile(r"/codeserver/csapi/v6/classifications/([0-9.]+)/conceptcodes")


class SimulatedCodeServer:
    """Implements ports.code_server.CodeServer."""

    def __init__(self, faults: Faults, folder: Path = FOLDER) -> None:
        self._faults = faults
        self._folder = folder

    def code_set(self, oid: str, *, request_id: str) -> CodeSet:
        """See the port."""
        page = self.answer(oid, page_size=10**6, page=1)
        if page is None:
            raise not_found("The code server has no code set %(oid)s.", oid=oid)
        return CodeSet(oid, read_page(page).concepts)

    def answer(self, oid: str, *, page_size: int, page: int) -> dict[str, Any] | None:
        """One page as the server's JSON object, or None for a set it does not have."""
        if self._faults.strike(SYSTEM, _no_answer):
            return {"conceptCodes": None}
        file = self._folder / f"{oid}.json"
        if not file.exists():
            return None
        codes = json.loads(file.read_text("utf-8"))
        return {
            "conceptCodes": codes[(page - 1) * page_size : page * page_size],
            "page": page,
            "totalItems": len(codes),
            "totalPages": -(-len(codes) // page_size),
        }


@contextmanager
def serve(server: SimulatedCodeServer, port: int = 0, largest_page: int = PAGE_SIZE) -> Iterator[str]:
    """Answer over HTTP on 127.0.0.1 while the context lasts; gives the address for ``HttpCodeServer``."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = _respond(server, self.path, largest_page)
            # A client that has given up waiting is no fault of the server's.
            with suppress(ConnectionError):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}/codeserver/csapi/v6"
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def _respond(server: SimulatedCodeServer, path: str, largest_page: int) -> tuple[int, bytes]:
    parts = urlsplit(path)
    asked = parse_qs(parts.query)
    match = _PATH.fullmatch(parts.path)
    try:
        size = min(int(asked.get("pageSize", ["20"])[0]), largest_page)
        number = int(asked.get("page", ["1"])[0])
        answer = (
            server.answer(match[1], page_size=size, page=number) if match and min(size, number) > 0 else None
        )
    except DomainError:
        return 503, b"{}"
    except ValueError:
        return 400, b"{}"
    if answer is None:
        return 404, b"{}"
    return 200, json.dumps(answer).encode()


def _no_answer() -> DomainError:
    return unavailable("The code server does not answer. Try again later.")
