# SPDX-License-Identifier: EUPL-1.2
"""A holder with a real virtual card, the portal's pages, and a responder that the portal asks."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from django.test import Client
from lxml import html
from tests.support.cards import PIN1, PIN2
from tests.support.pki import Demo
from tests.support.responder import free_port
from tests.support.service import Service

from varmentaja.adapters.post.mailbox import SimulatedMailbox
from varmentaja.apps.access import party
from varmentaja.apps.status.actions.publish_status import publish_status
from varmentaja.card.driver import CardDriver, HashAlgorithm, KeyRole
from varmentaja.card.drivers import open_card
from varmentaja.pki.ceremony import demo_plan, perform_ceremony
from varmentaja.pki.keystore import open_software_store
from varmentaja.pki.publication import PublicationReader, verifier
from varmentaja.ports.connected import connect
from varmentaja.responder.app import Responder
from varmentaja.responder.watch import Watch
from varmentaja.signer.keys import PUBLICATION_KEY

HOST = "localhost:8000"


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


def _whole(application: Responder) -> WSGIApplication:
    """Hand over request bodies that end, as granian does and wsgiref does not."""

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"] or 0)))
        return application(environ, start_response)

    return call


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A hierarchy whose responder's address is a port of our own: certificates name it."""
    folder = tmp_path_factory.mktemp("holder-pki")
    store = open_software_store(folder / "keys", b"passphrase", random=os.urandom)
    now = datetime.now(UTC).replace(microsecond=0)
    plan = demo_plan(f"http://127.0.0.1:{free_port()}")
    return Demo(perform_ceremony(plan, store, folder / "hierarchy", now=now, random=os.urandom), store, now)


@dataclass
class Holder:
    """A physician with an activated card, and the browser."""

    service: Service
    client: Client
    driver: CardDriver
    card: Any
    watch: Watch | None = None

    def get(self, path: str, **more: Any) -> Any:
        """Open a page."""
        return self.client.get(path, headers={"host": HOST}, **more)

    def post(self, path: str, data: dict[str, Any], **more: Any) -> Any:
        """Send a form."""
        return self.client.post(path, data, headers={"host": HOST}, **more)

    def fields(self, path: str = "/en/sign-in/") -> dict[str, str]:
        """What the first form of a page holds."""
        return form_of(self.get(path))

    def answer(self, content: str, role: KeyRole = KeyRole.AUTHENTICATION, **changes: Any) -> str:
        """What the card reader program would answer."""
        pin = PIN1 if role is KeyRole.AUTHENTICATION else PIN2
        value = self.driver.sign(role, base64.b64decode(content), HashAlgorithm.SHA256, pin)
        contents = self.driver.read()
        leaf = contents.certificate(role) or b""
        document = {
            "version": "1.2",
            "status": "ok",
            "signatureType": "signature",
            "signatureAlgorithm": "SHA256withECDSA",
            "signature": base64.b64encode(value).decode(),
            "chain": [base64.b64encode(leaf).decode()],
        }
        return json.dumps(document | changes)

    def sign_in(self, next: str = "") -> Any:
        """Sign in as a person would."""
        fields = self.fields(f"/en/sign-in/?next={next}")
        return self.post("/en/sign-in/", {**fields, "answer": self.answer(fields["content"])})

    def publish(self) -> None:
        """Publish what has changed, and let the responder see it."""
        publish_status(now=datetime.now(UTC))
        assert self.watch is not None
        self.watch.look()


def form_of(response: Any) -> dict[str, str]:
    """The fields of the first form in main."""
    form: Any = html.fromstring(response.content).find(".//main//form")
    assert form is not None
    return {name: value or "" for name, value in form.fields.items() if name}


def text_of(response: Any) -> str:
    """What the main part of a page says."""
    return " ".join(str(html.fromstring(response.content).xpath("string(//main)")).split())


@pytest.fixture
def portal_of_service(
    service: Service, settings: Any, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The service with letter boxes, its hierarchy known to the portal."""
    settings.HIERARCHY = next(tmp_path_factory.getbasetemp().glob("holder-pki[0-9]*")) / "hierarchy"
    settings.DEMO = tmp_path / "demo.json"
    connect(replace(service.outside, mailbox=SimulatedMailbox(service.post)))
    for cached in (party._hierarchy, party.relying_party):
        cached.cache_clear()
    yield service
    for cached in (party._hierarchy, party.relying_party):
        cached.cache_clear()


@pytest.fixture
def watch(portal_of_service: Service, settings: Any) -> Iterator[Watch]:
    """A responder at the address that the certificates name."""
    service = portal_of_service
    key = verifier(service.demo.store.public_key(PUBLICATION_KEY))
    watch = Watch(PublicationReader(Path(settings.PUBLICATION), key))
    port = urlsplit(service.demo.hierarchy.base_url).port
    assert port is not None
    server = make_server("127.0.0.1", port, _whole(Responder(watch)), handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield watch
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def holder(portal_of_service: Service, watch: Watch, client: Client) -> Iterator[Holder]:
    """The physician of the cast, whose card has come by post and is activated."""
    card = portal_of_service.made_card()
    with card_in_hand(portal_of_service, card) as driver:
        made = Holder(portal_of_service, client, driver, card, watch)
        made.publish()
        yield made


@contextmanager
def card_in_hand(service: Service, card: Any) -> Iterator[CardDriver]:
    """A card that its holder has activated."""
    assert service.outside.custody is not None
    code = service.outside.custody.activation_code(card.chip_serial, 8)
    transport = service.cards.connect(card.chip_serial)
    driver = open_card(transport)
    driver.activate(code, PIN1, PIN2)
    yield driver
    transport.close()
