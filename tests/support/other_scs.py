# SPDX-License-Identifier: EUPL-1.2
"""An SCS server that shares no line with ours, as small as the ones on phones: one old version, HTTP alone.

It has no transactions, no names for problems, no content type, and asks for no PIN: the phone itself would.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Sign = Callable[[str, bytes], tuple[bytes, list[bytes]]]
"""Signs content with the key for a usage (lower case): SHA-256 signature, certificates."""


class OtherScs:
    """Serves from the moment it is made until ``close``; ``requests`` are those that it was sent."""

    def __init__(self, version: str, sign: Sign) -> None:
        self.version = version
        self.sign = sign
        self.has_card = True
        self.refusal: int | None = None
        """Reason code of the next answers, if the person or the phone says no."""
        self.requests: list[dict[str, Any]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_OPTIONS(self) -> None:
                self._say(b"")

            def do_GET(self) -> None:
                self._say(json.dumps(server._described()).encode())

            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self._say(json.dumps(server._answered(request)).encode())

            def log_message(self, format: str, *args: object) -> None:
                """Silence."""

            def _say(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Access-Control-Allow-Origin", self.headers.get("Origin", "*"))
                self.send_header("Access-Control-Allow-Methods", "GET, POST")
                self.send_header("Access-Control-Allow-Headers", "Accept, Content-Type")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def _described(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "httpMethods": "GET, POST",
            "contentTypes": "data, digest",
            "signatureTypes": "signature,cms,cms-pades",
            "selectorAvailable": True,
            "hashAlgorithms": "SHA1, SHA224, SHA256, SHA384, SHA512" if self.has_card else "",
        }

    def _answered(self, request: dict[str, Any]) -> dict[str, Any]:
        self.requests.append(request)
        refusal = 501 if request["version"] != self.version else self.refusal
        if refusal is not None:
            return {
                "version": self.version,
                "status": "failed",
                "reasonCode": refusal,
                "reasonText": "Not signed",
            }
        (usage,) = request["selector"]["keyusages"]
        signature, chain = self.sign(usage.lower(), base64.b64decode(request["content"]))
        return {
            "version": self.version,
            "signatureAlgorithm": "SHA256withECDSA",
            "signatureType": "signature",
            "signature": base64.b64encode(signature).decode(),
            "chain": [base64.b64encode(der).decode() for der in chain],
            "status": "ok",
            "reasonCode": 200,
            "reasonText": "Signature generated",
        }
