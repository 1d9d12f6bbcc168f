# SPDX-License-Identifier: EUPL-1.2
"""The Python of docs/guide/relying-party.md, run as it stands, with a card and the card reader program."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.cards import PIN1
from tests.support.demo_cards import demo_card
from tests.support.pki import PHYSICIAN, Demo
from tests.support.reader_fakes import OneReader, Typist
from tests.unit.relying_party.test_verify import Responder

from varmentaja.card.drivers import open_card
from varmentaja.card.transport import InProcessTransport
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.signing import ScsService
from varmentaja.relying_party import Outcome, Refused
from varmentaja.relying_party.trust import fingerprint_of

GUIDE = (Path(__file__).parents[3] / "docs" / "guide" / "relying-party.md").read_text("utf-8")
ORIGIN = "https://me.example"


@pytest.fixture
def responder(demo: Demo) -> Responder:
    return Responder(demo)


@pytest.fixture
def guide(
    demo: Demo, responder: Responder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """Everything that the page's Python defines, run as a stranger: he has the root's fingerprint and what
    the service serves to everybody, and no folder of the service's."""
    root = demo.hierarchy.authority("root-ecc").certificate
    (tmp_path / "root-ecc.sha256").write_text(fingerprint_of(root) + "\n")
    monkeypatch.chdir(tmp_path)

    def answer(request: httpx.Request) -> httpx.Response:
        kind, _, name = request.url.path.strip("/").partition("/")
        if kind == "ca":
            content = demo.hierarchy.authority(name.removesuffix(".crt")).certificate_der
        elif kind == "crl":
            content = demo.list_of(name.partition("/")[0])
        else:
            content = responder(str(request.url), request.content)
        return httpx.Response(200, content=content)

    client = httpx.Client(transport=httpx.MockTransport(answer))
    monkeypatch.setattr(httpx, "Client", lambda timeout: client)
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL):
        exec(block, names)  # the page's own code is what this test is about
    return names


@pytest.fixture
def card(demo: Demo) -> InsertedCard:
    return InsertedCard("1", open_card(InProcessTransport(demo_card(demo))))


def asked(content: bytes, card: InsertedCard) -> str:
    """What the page brings back when the person has typed the PIN."""
    request = {
        "version": "1.2",
        "content": b64encode(content).decode(),
        "selector": {"keyusages": ["digitalSignature"]},
    }
    program = ScsService(OneReader([card]), Typist([PIN1]))
    return json.dumps(program.sign(json.dumps(request).encode(), origin=ORIGIN))


def test_the_page_s_python_signs_a_person_in(guide: dict[str, Any], card: InsertedCard) -> None:
    content = guide["ask"]("a session").content
    person = guide["answered"](content, asked(content, card), "a session")
    assert person.identity.registration_number == PHYSICIAN.serial_number
    assert person.identity.profession == PHYSICIAN.title
    with pytest.raises(Refused):
        guide["answered"](content, asked(content, card), "another session")


def test_the_page_s_python_checks_a_certificate_that_nginx_hands_over(
    guide: dict[str, Any], card: InsertedCard, demo: Demo, responder: Responder
) -> None:
    content = guide["ask"]("").content
    pem = guide["read_answer"](asked(content, card)).certificate.public_bytes(Encoding.PEM).decode()
    assert guide["shown"](quote(pem)).identity.name == f"{PHYSICIAN.given_names} {PHYSICIAN.surname}"
    responder.revoked_at = demo.now
    with pytest.raises(Refused) as refusal:
        guide["shown"](quote(pem))
    assert refusal.value.outcome is Outcome.REVOKED


def test_the_page_s_code_for_dotnet_names_every_algorithm_that_we_accept() -> None:
    code = GUIDE.partition("```csharp")[2].partition("```")[0]
    for name in ("SHA256", "SHA384", "SHA512"):
        assert f'"{name}withECDSA"' in code and f'"{name}withRSA"' in code
    assert "GetRSAPublicKey" in code and "not run in our tests" in GUIDE


def test_the_page_names_every_outcome() -> None:
    table = GUIDE.partition("| outcome |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", table)) == set(Outcome)
