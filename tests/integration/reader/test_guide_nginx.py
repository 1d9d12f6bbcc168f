# SPDX-License-Identifier: EUPL-1.2
"""The nginx lines of docs/guide/relying-party.md at work: what they hand over, the page's Python checks."""

from __future__ import annotations

import re
import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.support import nginx
from tests.support.pki import PHYSICIAN, Demo
from tests.support.responder import free_port
from tests.unit.relying_party.test_guide import GUIDE, guide, responder

from varmentaja.ground.nginx import client_authorities, server_certificate
from varmentaja.reader.http import LocalServer, Request, Response

__all__ = ["guide", "responder"]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_nginx_with_the_page_s_lines_hands_over_a_certificate_that_the_page_s_python_accepts(
    guide: dict[str, Any], demo: Demo, tmp_path: Path
) -> None:
    seen: list[str] = []

    def app(request: Request) -> Response:
        seen.append(request.headers.get("x-client-certificate", ""))
        return Response(200, b"hello")

    server, port = LocalServer(app, ports=(0,)), free_port()
    server.start()
    lines = re.search(r"```nginx\n(.*?)```", GUIDE, re.DOTALL)
    assert lines is not None
    key, certificate = server_certificate(tmp_path / "server", now=datetime.now(UTC))
    authorities = tmp_path / "client-authorities.pem"
    authorities.write_bytes(client_authorities(demo.hierarchy))
    config = nginx.write_configuration(
        tmp_path / "nginx",
        f"server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {certificate}; ssl_certificate_key {key};",
        lines[1].replace("client-authorities.pem", str(authorities)),
        f"location / {{ proxy_pass {server.url}; }} }}",
    )
    context = ssl.create_default_context(cafile=str(certificate))
    url = f"https://localhost:{port}/"
    with nginx.running(config, lambda: listens(port)):
        assert httpx.get(url, verify=context).status_code == 400, "no certificate, no entry"
        assert seen == []
        context.load_cert_chain(person(demo, tmp_path / "person.pem"))
        assert httpx.get(url, verify=context).text == "hello"
    server.close()
    assert guide["shown"](seen[0]).identity.registration_number == PHYSICIAN.serial_number


def person(demo: Demo, file: Path) -> Path:
    """Key and certificate as a card would have them."""
    key = ec.generate_private_key(ec.SECP384R1())
    leaf = demo.issue("professional-auth", "ecc", key)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(pem + leaf.public_bytes(Encoding.PEM))
    return file
