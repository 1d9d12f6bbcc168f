# SPDX-License-Identifier: EUPL-1.2
"""With a proxy in the environment that leads nowhere, our programs still reach each other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from varmentaja.apps.access import party
from varmentaja.http import own_client
from varmentaja.observer.ask import Client
from varmentaja.reader.service_link import ServiceLink
from varmentaja.tour.browser import Browser


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<main>straight here</main>")

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server of ours, in an environment whose proxy is dead."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_the_proxy_really_is_in_the_way(address: str) -> None:
    with pytest.raises(httpx.ConnectError):
        httpx.Client(timeout=5).get(address)


def test_the_portal_the_clinic_and_the_others_go_straight(address: str) -> None:
    party._client.cache_clear()
    try:
        assert party._client().get(address).is_success
    finally:
        party._client.cache_clear()
    assert own_client(timeout=5).get(address).is_success
    assert Client().get(f"{address}/", "text/html").problem == ""
    assert ServiceLink(address).look(now=datetime.now(UTC))[0]
    browser = Browser(address)
    assert browser.open("/").text == "straight here"
    browser.close()
