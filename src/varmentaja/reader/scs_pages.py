# SPDX-License-Identifier: EUPL-1.2
"""Pages of the signing interface's own address: why a browser may warn of it, and how to make it trust us."""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from varmentaja.reader.http import Request, Response
from varmentaja.reader.https import LocalTls
from varmentaja.reader.rendering import render
from varmentaja.reader.static import static_file
from varmentaja.reader.texts import LANGUAGES, best_language
from varmentaja.reader.trust import install_command

AUTHORITY_PATH = "/local-authority.crt"

_PROTECTION = (
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)


class ScsPages:
    """The pages as an app: ``handle(request)``."""

    def __init__(self, tls: LocalTls, https_url: Callable[[], str]) -> None:
        self._tls = tls
        self._https_url = https_url

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        if request.path.startswith("/assets/"):
            return static_file(request)
        if request.method not in ("GET", "HEAD"):
            return Response(405, b"Use GET.\n")
        if request.path == AUTHORITY_PATH:
            name = ("Content-Disposition", 'attachment; filename="varmentaja-local-authority.crt"')
            der = self._tls.authority().public_bytes(Encoding.DER)
            return Response(200, der, "application/x-x509-ca-cert", (name, *_PROTECTION))
        if request.path == "/":
            language = best_language(request.headers.get("accept-language", ""))
            return Response(303, headers=(("Location", f"/{language}/"), *_PROTECTION))
        language = request.path.strip("/")
        if language not in LANGUAGES:
            return Response(404, b"Only /version, /sign and pages about them are here.\n")
        return Response(200, self._page(language), "text/html; charset=utf-8", _PROTECTION)

    def _page(self, language: str) -> bytes:
        authority = self._tls.authority()
        return render(
            "trust.html",
            language,
            path="",
            authority_path=AUTHORITY_PATH,
            fingerprint=fingerprint(authority.fingerprint(hashes.SHA256())),
            valid_until=authority.not_valid_after_utc,
            install_command=install_command(),
            https_url=f"{self._https_url()}/{language}/",
        )


def fingerprint(digest: bytes) -> str:
    """A digest as browsers show it."""
    return digest.hex(":").upper()
