# SPDX-License-Identifier: EUPL-1.2
"""Certificates with a broken octet: on a card, in what a page brings back, in an answer about status.

The library that parses them says in many ways that it cannot; each is met here on purpose, then at random.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st
from tests.support.amount import examples
from tests.support.pki import Demo
from tests.support.reader_fakes import PIN1, PIN2, MemoryCard, OneReader, TinyHierarchy, Typist
from tests.unit.reader.test_examination import Service

from varmentaja.card.driver import CardCertificates
from varmentaja.pki.algorithms import PrivateKey
from varmentaja.pki.foreign import load_foreign
from varmentaja.pki.hierarchy import Hierarchy
from varmentaja.pki.profile import Purpose
from varmentaja.pki.reader import describe
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.examination import Seen, examine
from varmentaja.reader.observed import Contact
from varmentaja.reader.right_to_use import ending, why_not
from varmentaja.reader.scs import Selector, SignatureType
from varmentaja.reader.service_link import ServiceLink
from varmentaja.reader.signing import ScsService
from varmentaja.relying_party import AuthorityLists, Outcome, Refused, RelyingParty, read_answer
from varmentaja.relying_party.status import ask_status

ORIGIN = "https://clinic.example"
ASKED = (
    ("digitalSignature", PIN1, SignatureType.SIGNATURE),
    ("nonRepudiation", PIN2, SignatureType.PLAIN),
    ("nonRepudiation", PIN2, SignatureType.CMS),
)

WAYS = {
    "a version that there is not": (b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x7d"),
    "a kind of key that nobody knows": (bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648ce3d0207")),
    "an extension that comes twice": (bytes.fromhex("0603551d0e"), bytes.fromhex("0603551d20")),
    "a name that is a number": (bytes.fromhex("06035504061302"), bytes.fromhex("06035504060202")),
    "a name that is a row of bits": (bytes.fromhex("06035504061302"), bytes.fromhex("06035504060302")),
    "an address of an old network": (b"\x86\x31http", b"\xa3\x31http"),
    "an end that is no date": (b"\x17\x0d", b"\x17\x0c"),
}


@pytest.fixture(scope="module")
def good(demo: Demo, card_keys: dict[str, PrivateKey]) -> bytes:
    """A certificate as it lies on a card."""
    return demo.issue("professional-auth", "ecc", card_keys["ecc"]).public_bytes(Encoding.DER)


@pytest.fixture(scope="module")
def service(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> ServiceLink:
    return Service(demo, tmp_path_factory.mktemp("service")).link()


def broken(good: bytes) -> st.SearchStrategy[bytes]:
    """One or two octets changed, or the end cut off."""
    octet = st.tuples(st.integers(0, len(good) - 1), st.integers(0, 255))

    def change(octets: list[tuple[int, int]], end: int | None) -> bytes:
        changed = bytearray(good)
        for position, value in octets:
            changed[position] = value
        return bytes(changed[:end])

    ends = st.one_of(st.none(), st.none(), st.none(), st.integers(0, len(good)))
    return st.builds(change, st.lists(octet, min_size=1, max_size=2), ends)


PLACES: tuple[Callable[[CardCertificates, bytes], CardCertificates], ...] = (
    lambda _, content: CardCertificates(content, content, content, content),
    lambda whole, content: replace(whole, authentication=content),
    lambda whole, content: replace(whole, issuer=content, root=content),
)
"""Where on the card the broken one lies."""


def use_card(driver: MemoryCard, service: ServiceLink) -> None:
    """Everything that the program does with a card, whatever its certificates are."""
    card, now = InsertedCard("1", driver), datetime.now(UTC)
    ending(card, now=now)
    why_not(card, service, now=now)
    assert not any(each.matches(Selector(issuers=("CN=Nobody",))) for each in card.certificates)
    assert examine(Seen(("Reader",), Contact.READ, card), service, now=now).findings
    for usage, pin, signature_type in ASKED:
        answer = asked(card, usage, pin, signature_type)
        assert answer["status"] == "ok" or answer["reasonText"]


def asked(card: InsertedCard, usage: str, pin: str, signature_type: str) -> dict[str, object]:
    """What a page is answered."""
    request = {
        "version": "1.2",
        "selector": {"keyusages": [usage]},
        "content": base64.b64encode(f"{ORIGIN};{'n' * 96}".encode()).decode(),
        "signatureType": signature_type,
    }
    scs = ScsService(OneReader([card]), Typist([pin]))
    return scs.sign(json.dumps(request).encode(), origin=ORIGIN)


def refused_or_read(content: bytes, hierarchy: Hierarchy, now: datetime) -> Outcome | None:
    """What a relying party makes of a page's answer with this certificate."""
    chain = [base64.b64encode(content).decode()]
    answer = {"status": "ok", "signature": "AAAA", "signatureAlgorithm": "SHA256withECDSA", "chain": chain}
    party = RelyingParty(
        hierarchy, lambda _url, _request: b"", ORIGIN, b"k" * 32, AuthorityLists(lambda _url: b"")
    )
    try:
        signature = read_answer(answer)
        party.check_certificate(signature.certificate, Purpose.AUTHENTICATION, now=now)
    except Refused as refusal:
        return refusal.outcome
    return None


@pytest.mark.parametrize("way", WAYS)
def test_each_way_of_being_unreadable_is_met(
    good: bytes, demo: Demo, hierarchy: TinyHierarchy, service: ServiceLink, way: str
) -> None:
    before, after = WAYS[way]
    assert before in good, "the certificate has changed its form: find another place"
    content = good.replace(before, after)
    with pytest.raises(ValueError):
        load_foreign(content)
    driver = MemoryCard(hierarchy)
    whole = driver.certificates
    for place in PLACES:
        driver.certificates = place(whole, content)
        use_card(driver, service)
    assert refused_or_read(content, demo.hierarchy, demo.now) is Outcome.BAD_ANSWER


def test_a_certificate_object_with_an_unreadable_part_is_none_of_ours(good: bytes, demo: Demo) -> None:
    """As a server's TLS library would hand it over: parsed, but not looked into."""
    lazy = x509.load_der_x509_certificate(good.replace(*WAYS["a name that is a row of bits"]))
    party = RelyingParty(
        demo.hierarchy, lambda _url, _request: b"", ORIGIN, b"k" * 32, AuthorityLists(lambda _url: b"")
    )
    with pytest.raises(Refused) as refused:
        party.check_certificate(lazy, Purpose.AUTHENTICATION, now=demo.now)
    assert refused.value.outcome is Outcome.UNKNOWN_ISSUER
    assert demo.hierarchy.issuer_of(lazy) is None
    with pytest.raises(Exception, match="cannot be read"):
        describe(lazy)


def test_no_broken_octet_stops_the_program_or_a_relying_party(
    good: bytes, demo: Demo, hierarchy: TinyHierarchy, service: ServiceLink
) -> None:
    driver = MemoryCard(hierarchy)
    whole = driver.certificates

    @examples(100, 20_000)
    @given(broken(good), st.sampled_from(PLACES))
    def run(content: bytes, place: Callable[[CardCertificates, bytes], CardCertificates]) -> None:
        driver.certificates = place(whole, content)
        use_card(driver, service)
        if content != good:
            assert refused_or_read(content, demo.hierarchy, demo.now) is not None

    run()


def test_no_broken_octet_in_an_answer_about_status_is_a_fault(
    good: bytes, demo: Demo, tmp_path: Path
) -> None:
    certificate = load_foreign(good)
    issuer = demo.hierarchy.authority_for("professionals", "ecc").certificate
    link = Service(demo, tmp_path).link()
    whole = ask_status(certificate, issuer, link.ask, now=demo.now).response

    @examples(150, 20_000)
    @given(broken(whole))
    def run(answer: bytes) -> None:
        try:
            status = ask_status(certificate, issuer, lambda _url, _request: answer, now=demo.now)
        except Refused as refusal:
            assert refusal.outcome is Outcome.STATUS_UNKNOWN
        else:
            assert status.revoked_at is None

    run()
