# SPDX-License-Identifier: EUPL-1.2
"""Transactions of SCS 1.3, with a site whose JOSE is made by another library (joserfc)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from tests.support.reader_fakes import PIN1, PIN2, MemoryCard, OneReader, TinyHierarchy, Typist
from tests.support.transaction_site import NONCE, Site

from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.signing import ScsService
from varmentaja.reader.transaction import PATIENCE, Transactions

ORIGIN = "https://portal.example"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
EVIL = "https://evil.example"


class Clock:
    """A clock that is moved on by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def site() -> Site:
    return Site(ORIGIN, now=NOW)


@pytest.fixture
def clock() -> Clock:
    return Clock()


Step = Callable[..., Any]


@pytest.fixture
def typist() -> Typist:
    return Typist([PIN1, PIN1, PIN1])


@pytest.fixture
def step(memory_card: MemoryCard, typist: Typist, clock: Clock) -> Step:
    """One step of a transaction at a reader with a card."""
    service = ScsService(OneReader([InsertedCard("1", memory_card)]), typist, now=clock)
    transactions = Transactions(service)

    def take(body: bytes, origin: str | None = ORIGIN) -> Any:
        return transactions.handle(body, origin=origin, given_up=lambda: False)

    return take


def code(answer: Any) -> int:
    assert isinstance(answer, dict), answer
    assert (answer["status"], answer["version"]) == ("failed", "1.3")
    assert "signature" not in answer
    return int(answer["reasonCode"])


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_a_challenge_is_signed_in_a_sealed_transaction(step: Step, typist: Typist, kind: str) -> None:
    site = Site(ORIGIN, now=NOW, kind=kind)
    begun = site.agree(step(site.begin()))
    assert (begun["status"], begun["reasonText"]) == ("ok", "Transaction started")
    answer = site.opened(step(site.execute()))
    assert (answer["status"], answer["signatureAlgorithm"]) == ("ok", "SHA384withECDSA")
    key = x509.load_der_x509_certificate(base64.b64decode(answer["chain"][0])).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    content = f"{ORIGIN};{NONCE};{site.server_key}".encode()
    key.verify(base64.b64decode(answer["signature"]), content, ec.ECDSA(hashes.SHA384()))
    assert [question.asker for question in typist.asked] == [ORIGIN, ORIGIN]


def test_the_signature_key_signs_any_document(step: Step, site: Site, typist: Typist) -> None:
    typist.answers = [PIN2, PIN2]
    site.agree(step(site.begin("nonRepudiation")))
    answer = site.opened(step(site.execute(b"document", signatureType="cms")))
    assert (answer["status"], answer["signatureType"]) == ("ok", "cms")


@pytest.mark.parametrize("origin", [None, "", "null", "http://portal.example", "https://pörtal.example"])
def test_only_https_pages_may_begin(step: Step, site: Site, typist: Typist, origin: str | None) -> None:
    assert code(step(site.begin(), origin)) == 403
    assert typist.asked == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"version": "1.2"}, 400),
        ({"serverKey": "AAAA"}, 400),
        ({"serverKey": 1}, 400),
        ({"serverKey": "?"}, 400),
        ({"serverCert": "AAAA"}, 400),
        ({"serverCert": None}, 400),
        ({"selector": {"keyusages": ["digitalSignature", "nonRepudiation"]}}, 400),
        ({"selector": {"keyusages": ["keyAgreement"]}}, 404),
        ({"selector": {"keyalgorithms": ["rsa"]}, "strictKeyPolicy": True}, 400),
        ({"strictKeyPolicy": "true"}, 400),
    ],
)
def test_a_wrong_beginning_asks_for_no_pin(
    step: Step, site: Site, typist: Typist, changes: dict[str, Any], expected: int
) -> None:
    assert code(step(site.begin(**changes))) == expected
    assert typist.asked == []


@pytest.mark.parametrize(
    "wrong", [Site(ORIGIN, now=NOW, name="evil.example"), Site(ORIGIN, now=NOW, lasts=-1)]
)
def test_the_certificate_has_to_be_the_pages_own_and_valid(step: Step, wrong: Site) -> None:
    assert code(step(wrong.begin())) == 403


def test_a_wildcard_names_hosts_of_one_more_label(step: Step) -> None:
    site = Site(ORIGIN, now=NOW, name="*.example")
    assert isinstance(step(site.begin()), str)
    assert code(step(site.begin(), "https://a.portal.example")) == 403


def test_a_beginning_signed_by_another_key_is_refused(step: Step, site: Site) -> None:
    other = Site(ORIGIN, now=NOW)
    other.certificate = site.certificate
    assert code(step(other.begin())) == 403


@pytest.mark.parametrize(
    "content",
    [
        f"{ORIGIN};{NONCE}",
        f"{ORIGIN};{NONCE};other",
        f"https://evil.example;{NONCE};KEY",
        f"{ORIGIN};{NONCE[1:]};KEY",
        f"{ORIGIN}\n{NONCE};KEY",
        "KEY",
    ],
)
def test_the_authentication_key_signs_origin_nonce_and_server_key_alone(
    step: Step, site: Site, content: str
) -> None:
    site.agree(step(site.begin()))
    assert code(step(site.execute(content.replace("KEY", site.server_key).encode()))) == 403


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"signatureType": "cms"}, 403),
        ({"contentType": "digest", "content": base64.b64encode(bytes(48)).decode()}, 403),
        ({"signatureAlgorithm": "RSA"}, 501),
        ({"hashAlgorithm": "SHA1"}, 501),
        ({"version": "1.2"}, 400),
        ({"content": "?"}, 400),
    ],
)
def test_a_wrong_execution_is_refused(step: Step, site: Site, changes: dict[str, Any], expected: int) -> None:
    site.agree(step(site.begin()))
    assert code(step(site.execute(**changes))) == expected


def test_a_transaction_is_executed_once(step: Step, site: Site) -> None:
    site.agree(step(site.begin()))
    assert isinstance(step(site.execute()), str)
    assert code(step(site.execute())) == 400


def test_another_page_can_neither_execute_nor_disturb_it(step: Step, site: Site) -> None:
    site.agree(step(site.begin()))
    evil = Site(EVIL, now=NOW)
    assert code(step(evil.begin(), EVIL)) == 403
    assert code(step(site.execute(), EVIL)) == 403
    assert isinstance(step(site.execute()), str)


def test_a_page_that_begins_again_forgets_the_first(step: Step, site: Site) -> None:
    site.agree(step(site.begin()))
    early = site.execute()
    site.agree(step(site.begin()))
    assert code(step(early)) == 403


def test_a_transaction_does_not_wait_for_ever(step: Step, site: Site, clock: Clock) -> None:
    site.agree(step(site.begin()))
    clock.now = NOW + PATIENCE
    assert code(step(site.execute())) == 400
    other = Site(EVIL, now=NOW)
    site.agree(step(site.begin()))
    clock.now = NOW + 2 * PATIENCE
    assert isinstance(step(other.begin(), EVIL), str)


def test_a_card_that_was_changed_meanwhile_does_not_sign(
    memory_card: MemoryCard, typist: Typist, clock: Clock, hierarchy: TinyHierarchy, site: Site
) -> None:
    reader = OneReader([InsertedCard("1", memory_card)])
    transactions = Transactions(ScsService(reader, typist, now=clock))
    site.agree(transactions.handle(site.begin(), origin=ORIGIN, given_up=lambda: False))
    reader.inserted[0].pulled()
    reader.inserted = [InsertedCard("1", MemoryCard(hierarchy))]
    answer = transactions.handle(site.execute(), origin=ORIGIN, given_up=lambda: False)
    assert isinstance(answer, dict)
    assert answer["problem"] == "card_removed"


_PARTS = st.text('abcXYZ0189-_=.{}"', max_size=24)


@given(st.binary(max_size=100) | st.lists(_PARTS, min_size=3, max_size=5).map(lambda p: ".".join(p).encode()))
def test_junk_is_refused(junk: bytes) -> None:
    transactions = Transactions(ScsService(OneReader(), Typist([])))
    assert code(transactions.handle(junk, origin=ORIGIN, given_up=lambda: False)) in (400, 403)


@given(st.binary(max_size=60), st.binary(max_size=60), st.binary(max_size=60))
def test_junk_in_the_form_of_a_beginning_is_refused(header: bytes, payload: bytes, value: bytes) -> None:
    parts = (base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, payload, value))
    transactions = Transactions(ScsService(OneReader(), Typist([])))
    assert code(transactions.handle(b".".join(parts), origin=ORIGIN, given_up=lambda: False)) in (400, 403)


@pytest.mark.parametrize("algorithms", [["ec"], ["rsa"], ["rsa", "ec"]])
@pytest.mark.parametrize("strict", [True, False])
def test_kinds_of_key_are_a_wish_unless_the_policy_is_strict(
    step: Step, site: Site, typist: Typist, algorithms: list[str], strict: bool
) -> None:
    selector = {"keyusages": ["digitalSignature"], "keyalgorithms": algorithms}
    answer = step(site.begin(selector=selector, strictKeyPolicy=strict))
    if strict and "ec" not in algorithms:
        assert code(answer) == 400
        assert typist.asked == []
    else:
        assert site.agree(answer)["status"] == "ok"


def test_of_two_pages_that_begin_at_once_one_is_turned_away(memory_card: MemoryCard, clock: Clock) -> None:
    """The second while the person has not yet given the first its PIN."""
    others: list[Any] = []
    typist = Typist([PIN1, PIN1])
    transactions = Transactions(ScsService(OneReader([InsertedCard("1", memory_card)]), typist, now=clock))

    def begin(site: Site) -> Any:
        return transactions.handle(site.begin(), origin=site.origin, given_up=lambda: False)

    first, second = Site(ORIGIN, now=NOW), Site("https://other.example", now=NOW)
    typist.before_answer = lambda: others.append(begin(second))
    begun = begin(first)
    assert [code(answer) for answer in others] == [403]
    assert others[0]["problem"] == "busy"
    typist.before_answer = lambda: None
    first.agree(begun)
    answer = transactions.handle(first.execute(), origin=ORIGIN, given_up=lambda: False)
    assert first.opened(answer)["status"] == "ok"
    assert isinstance(begin(second), dict), "no PIN is left to be typed: the beginning fails"
    typist.answers = [PIN1]
    assert isinstance(begin(first), str), "a beginning that failed keeps nobody out"
