# SPDX-License-Identifier: EUPL-1.2
"""Portal, TLS host, responder and nginx around one test's database, and a browser's stand-in: curl."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any
from unittest.mock import patch
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler
from wsgiref.types import WSGIApplication

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.db import connection
from tests.support import nginx, web
from tests.support.pki import Demo
from tests.support.responder import free_port
from tests.support.service import Service

from varmentaja.apps.access import party
from varmentaja.apps.cards.subjects import subject_for
from varmentaja.apps.certificates.actions.issue_batch import KeyRequest, issue_batch
from varmentaja.apps.status.actions.publish_status import publish_status
from varmentaja.domain.batch import only
from varmentaja.ground.nginx import client_authorities, server_certificate
from varmentaja.pki.ceremony import demo_plan, perform_ceremony
from varmentaja.pki.keystore import open_software_store
from varmentaja.ports.connected import connect
from varmentaja.ports.custody import CertificateOrder
from varmentaja.signer.keys import PUBLICATION_KEY


@dataclass(frozen=True)
class Identity:
    """A certificate and its key as files, for curl; ``row`` is our record of it, if any."""

    certificate: Path
    key: Path
    row: Any = None


@dataclass(frozen=True)
class Answer:
    """What curl came back with at the end of all redirects."""

    status: int
    url: str
    text: str

    @property
    def heading(self) -> str:
        """The page's h1."""
        found = re.search(r"<h1[^>]*>(.*?)</h1>", self.text, re.DOTALL)
        return found[1].strip() if found else ""


@dataclass
class World:
    """The service as a browser meets it."""

    service: Service
    portal: str
    """Through nginx, https."""
    tls_host: str
    plain: str
    """The portal's own listener, as only the proxy should reach it."""
    folder: Path
    server_certificate: Path
    responder: subprocess.Popen[bytes]
    runner: Callable[..., subprocess.CompletedProcess[str]] = subprocess.run
    identities: int = field(default=0)

    def identity(
        self,
        purpose: str = "authentication",
        *,
        role: str = "physician",
        lasts: timedelta = timedelta(days=365),
    ) -> Identity:
        """A software key, certified as if it were on a new card of this member of the cast."""
        card = self.service.made_card(role)
        key = ec.generate_private_key(ec.SECP384R1())
        now = datetime.now(UTC).replace(microsecond=0)
        order = CertificateOrder(
            authority="professionals-ecc",
            profile={"authentication": "professional-auth", "signature": "professional-sign"}[purpose],
            subject=subject_for(card),
            public_key=key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            not_before=now,
            not_after=now + lasts,
        )
        row = only(issue_batch([KeyRequest(card, purpose, order)], now=now))
        self.publish()
        return self.files(key, x509.load_der_x509_certificate(bytes(row.der or b"")), row)

    def files(
        self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, row: Any = None
    ) -> Identity:
        """A key and its certificate as files."""
        self.identities += 1
        folder = self.folder / f"identity-{self.identities}"
        folder.mkdir()
        made = Identity(folder / "certificate.pem", folder / "key.pem", row)
        made.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
        made.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return made

    def publish(self) -> None:
        """Publish the status of everything, and give the responder time to see it."""
        publish_status(now=datetime.now(UTC))
        time.sleep(0.7)

    def sign_in(self, identity: Identity | None = None, *options: str, next: str = "/en/my-card/") -> Answer:
        """Begin at the portal and follow every redirect."""
        chosen = ["--cert", str(identity.certificate), "--key", str(identity.key)] if identity else []
        return self.get(f"{self.portal}/en/sign-in/tls/start/?next={next}", "--location", *chosen, *options)

    def get(self, url: str, *options: str) -> Answer:
        """One visit with the browser's cookies; redirects only with ``--location``."""
        jar = str(self.folder / "cookies")
        body = self.folder / "body"
        body.unlink(missing_ok=True)
        asked = ["curl", "--silent", "--show-error", "--max-time", "30", "--cookie", jar, "--cookie-jar", jar]
        asked += ["--cacert", str(self.server_certificate), "--output", str(body)]
        asked += ["--write-out", "%{http_code} %{url_effective} %{redirect_url}", *options, url]
        done = self.runner(asked, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        status, effective, target = done.stdout.split(" ")
        return Answer(int(status), target or effective, body.read_text() if body.exists() else "")

    def forget_cookies(self) -> None:
        """A browser of somebody else."""
        (self.folder / "cookies").unlink(missing_ok=True)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A hierarchy whose responder's address is a port of our own: certificates name it."""
    folder = tmp_path_factory.mktemp("tls-pki")
    store = open_software_store(folder / "keys", b"passphrase", random=os.urandom)
    now = datetime.now(UTC).replace(microsecond=0)
    plan = demo_plan(f"http://127.0.0.1:{free_port()}")
    return Demo(perform_ceremony(plan, store, folder / "hierarchy", now=now, random=os.urandom), store, now)


@pytest.fixture
def hierarchy_folder(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where ``demo`` keeps its hierarchy."""
    return next(tmp_path_factory.getbasetemp().glob("tls-pki[0-9]*")) / "hierarchy"


@pytest.fixture
def world(service: Service, hierarchy_folder: Path, tmp_path: Path, settings: Any) -> Iterator[World]:
    """Everything running in front of the test's database."""
    with ExitStack() as stack:
        made = begin(stack, service, hierarchy_folder, tmp_path, settings)
        config = tmp_path / "nginx" / "nginx.conf"
        stack.enter_context(nginx.running(config, lambda: listens(int(made.portal.rpartition(":")[2]))))
        yield made


def begin(stack: ExitStack, service: Service, hierarchy_folder: Path, folder: Path, settings: Any) -> World:
    """Everything but nginx, whose configuration is written to ``nginx/nginx.conf``."""
    portal_port, tls_port = free_port(), free_port()
    settings.PUBLIC_URL = f"https://localhost:{portal_port}"
    settings.TLS_URL = f"https://*.card.localhost:{tls_port}"
    settings.HIERARCHY = hierarchy_folder
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    for cached in (party._hierarchy, party.relying_party):
        cached.cache_clear()
        stack.callback(cached.cache_clear)

    from varmentaja.web.tls.wsgi import application as tls_host
    from varmentaja.web.wsgi import application as portal

    # Each request has a thread here, and a thread its connection.
    stack.enter_context(patch.dict(connection.settings_dict, CONN_MAX_AGE=0))
    connect(service.outside)  # the portal's module has connected itself as in production
    key, certificate = server_certificate(folder / "server", now=datetime.now(UTC))
    authorities = folder / "authorities.pem"
    authorities.write_bytes(client_authorities(service.demo.hierarchy))
    write_nginx(folder, portal_port, tls_port, key, certificate, authorities)
    stack.enter_context(serve_on(folder / "portal.sock", portal))
    stack.enter_context(serve_on(folder / "tls.sock", tls_host))
    plain = stack.enter_context(web.serve(portal))
    publish_status(now=datetime.now(UTC))
    asked = stack.enter_context(responder(service, folder))
    tls_host = f"https://localhost:{tls_port}"
    return World(service, str(settings.PUBLIC_URL), tls_host, plain, folder, certificate, asked)


def write_nginx(
    folder: Path, portal_port: int, tls_port: int, key: Path, certificate: Path, authorities: Path
) -> None:
    """The recipes of production with this test's addresses."""
    etc = "/etc/varmentaja/tls"
    tls_host = nginx.filled(
        "tls-sign-in.conf",
        {
            "listen 443 ssl": f"listen 127.0.0.1:{tls_port} ssl",
            "https://www.varmentaja.example": f"https://localhost:{portal_port}",
            f"{etc}/card.varmentaja.example.crt": str(certificate),
            f"{etc}/card.varmentaja.example.key": str(key),
            f"{etc}/client-authorities.pem": str(authorities),
            "/run/varmentaja-tls/tls.sock": str(folder / "tls.sock"),
        },
    )
    portal = nginx.filled(
        "portal.conf",
        {
            "listen 443 ssl": f"listen 127.0.0.1:{portal_port} ssl",
            "listen 80": f"listen 127.0.0.1:{free_port()}",
            f"{etc}/www.varmentaja.example.crt": str(certificate),
            f"{etc}/www.varmentaja.example.key": str(key),
            "http://127.0.0.1:8000": f"http://unix:{folder / 'portal.sock'}",
        },
    )
    nginx.write_configuration(folder / "nginx", portal, tls_host)


@contextmanager
def responder(service: Service, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The responder at the address that the certificates name."""
    key = folder / "publisher.pem"
    public = service.demo.store.public_key(PUBLICATION_KEY)
    key.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    authority = service.demo.hierarchy.authority("professionals-ecc")
    port = int(re.search(r":(\d+)/", authority.issuer.ocsp_url)[1])  # type: ignore[index]  # it has a port
    command = [sys.executable, "-m", "varmentaja.responder.serve", "--key", str(key), "--port", str(port)]
    with (folder / "responder.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--folder", str(folder / "publication")], stdout=log, stderr=log
        )
        try:
            until = time.monotonic() + 20
            while not listens(port):
                assert process.poll() is None and time.monotonic() < until
                time.sleep(0.05)
            yield process
        finally:
            process.terminate()
            process.wait(20)


def listens(port: int) -> bool:
    """Whether something listens on this port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class _UnixServer(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    application: WSGIApplication


class _Handler(WSGIRequestHandler):
    def address_string(self) -> str:
        return "unix"

    def get_environ(self) -> Any:
        self.server.base_environ = {"SERVER_NAME": "localhost", "SERVER_PORT": "80"}  # type: ignore[attr-defined]
        self.client_address = ("127.0.0.1", 0)
        return super().get_environ()

    def handle(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.parse_request():
            return
        handler = ServerHandler(self.rfile, self.wfile, sys.stderr, self.get_environ(), multithread=True)  # type: ignore[arg-type]
        handler.request_handler = self  # type: ignore[attr-defined]
        handler.run(self.server.application)  # type: ignore[attr-defined]

    def log_message(self, format: str, *args: object) -> None:
        """Requests are logged by the application."""


@contextmanager
def serve_on(path: Path, application: WSGIApplication) -> Iterator[None]:
    """Serves a WSGI application on a Unix socket, in threads of this process."""
    server = _UnixServer(str(path), _Handler)
    server.application = application
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
