# SPDX-License-Identifier: EUPL-1.2
"""A transaction of SCS 1.3 from a TLS site of its own, its page in Chromium."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import Browser, expect
from tests.support.cards import CODE, PIN1, PIN2, SERIAL
from tests.support.transaction_site import NONCE, Site

from varmentaja.reader.control_client import ReaderControl
from varmentaja.reader.http import LocalServer, Request, Response
from varmentaja.reader.https import LocalTls
from varmentaja.reader.program import ReaderProgram

pytestmark = pytest.mark.browser

SCRIPT = b"""
const scs = document.body.dataset.scs;
const post = async (url, body) => (await fetch(url, { method: 'POST', body,
  headers: { 'Content-Type': 'application/jwt' } })).text();
document.querySelector('button').addEventListener('click', async () => {
  const begun = await post(`${scs}/sign`, await post('/begin', ''));
  const answer = await post(`${scs}/sign`, await post('/execute', begun));
  document.querySelector('h1').textContent = await post('/end', answer);
});
"""


class TransactionSite:
    """Begins, executes and reads a transaction; the page only carries texts to and fro."""

    def __init__(self, folder: Path, scs: str) -> None:
        self.scs = scs
        self.server = LocalServer(self.app, ports=(0,), tls=LocalTls(folder).context)
        self.site = Site(self.server.url, now=datetime.now(UTC).replace(microsecond=0))
        self.answer: dict[str, Any] = {}
        self.server.start()

    def app(self, request: Request) -> Response:
        match request.path:
            case "/page.js":
                return Response(200, SCRIPT, "text/javascript")
            case "/begin":
                return Response(200, self.site.begin())
            case "/execute":
                self.site.agree((request.body or b"").decode())
                return Response(200, self.site.execute())
            case "/end":
                self.answer = self.site.opened((request.body or b"").decode())
                return Response(200, b"Done")
        page = f"""<!DOCTYPE html><html lang="en"><title>Site</title><body data-scs="{self.scs}">
            <h1>Begin</h1><button>Sign in</button><script src="/page.js"></script></body></html>"""
        policy = f"default-src 'none'; script-src 'self'; connect-src 'self' {self.scs}"
        return Response(200, page.encode(), "text/html", (("Content-Security-Policy", policy),))


def test_a_tls_site_signs_in_by_transaction(
    browser: Browser, program: ReaderProgram, control: ReaderControl, tmp_path: Path
) -> None:
    site = TransactionSite(tmp_path / "site", program.scs.url)
    control.insert(SERIAL)
    control.activate(CODE, PIN1, PIN2)
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(site.server.url)
    page.get_by_role("button").click()
    for _ in range(2):
        question = control.wait_for_question()
        assert question["asker"] == site.server.url
        control.answer(question["number"], PIN1)
    expect(page.get_by_role("heading")).to_have_text("Done", timeout=30_000)
    context.close()
    site.server.close()
    key = x509.load_der_x509_certificate(base64.b64decode(site.answer["chain"][0])).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    signed = f"{site.server.url};{NONCE};{site.site.server_key}".encode()
    key.verify(base64.b64decode(site.answer["signature"]), signed, ec.ECDSA(hashes.SHA384()))
    assert site.answer["reasonCode"] == 200
