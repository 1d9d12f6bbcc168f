# SPDX-License-Identifier: EUPL-1.2
"""What a page gets when it asks for a signature, and what the person is asked."""

import base64
import json
import threading
import time
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from tests.support.reader_fakes import PIN1, PIN2, MemoryCard, OneReader, TinyHierarchy, Typist

from varmentaja.card.driver import KeyRole, PinRole
from varmentaja.reader.attention import MOST_WAITING
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.events import Events
from varmentaja.reader.pad import Pad
from varmentaja.reader.prompts import PinAnswer, PinRequest
from varmentaja.reader.signing import ScsService

ORIGIN = "https://portal.example"
CHALLENGE = f"{ORIGIN};{'n' * 96}".encode()
AUTHENTICATION = {"keyusages": ["digitalSignature"]}
SIGNATURE = {"keyusages": ["nonRepudiation"]}


def request(content: bytes = CHALLENGE, **members: Any) -> bytes:
    data = {"version": "1.2", "content": base64.b64encode(content).decode(), "selector": AUTHENTICATION}
    return json.dumps(data | members).encode()


def reader(card: MemoryCard) -> OneReader:
    return OneReader([InsertedCard("1", card)])


def key_of(answer: dict[str, Any]) -> ec.EllipticCurvePublicKey:
    key = x509.load_der_x509_certificate(base64.b64decode(answer["chain"][0])).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


def test_a_bound_challenge_is_signed_with_the_authentication_key(memory_card: MemoryCard) -> None:
    typist = Typist([PIN1])
    answer = ScsService(reader(memory_card), typist).sign(request(), origin=ORIGIN)
    assert answer["status"] == "ok"
    assert answer["signatureAlgorithm"] == "SHA256withECDSA"
    assert len(answer["chain"]) == 3
    key_of(answer).verify(base64.b64decode(answer["signature"]), CHALLENGE, ec.ECDSA(hashes.SHA256()))
    asked = typist.asked[0]
    assert asked.asker == ORIGIN
    assert [(choice.role, choice.holder, choice.tries_left) for choice in asked.choices] == [
        (KeyRole.AUTHENTICATION, "Aino Virtanen", 5)
    ]


def test_any_content_is_signed_with_the_signature_key(memory_card: MemoryCard) -> None:
    answer = ScsService(reader(memory_card), Typist([PIN2])).sign(
        request(b"document", selector=SIGNATURE, hashAlgorithm="SHA384"), origin=ORIGIN
    )
    key_of(answer).verify(base64.b64decode(answer["signature"]), b"document", ec.ECDSA(hashes.SHA384()))


def test_a_plain_signature_is_r_and_s_of_the_curves_length(memory_card: MemoryCard) -> None:
    answer = ScsService(reader(memory_card), Typist([PIN1])).sign(
        request(signatureType="signature-plain"), origin=ORIGIN
    )
    plain = base64.b64decode(answer["signature"])
    assert len(plain) == 96
    signature = encode_dss_signature(int.from_bytes(plain[:48], "big"), int.from_bytes(plain[48:], "big"))
    key_of(answer).verify(signature, CHALLENGE, ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize(
    ("content", "origin", "members"),
    [
        (b"hello" * 40, ORIGIN, {}),
        (CHALLENGE, "https://evil.example", {}),
        (CHALLENGE, None, {}),
        (CHALLENGE, "null", {}),
        (CHALLENGE[:-60], ORIGIN, {}),
        (bytes(32), ORIGIN, {"contentType": "digest"}),
    ],
)
def test_the_authentication_key_refuses_what_is_not_bound_and_nobody_is_asked(
    memory_card: MemoryCard, content: bytes, origin: str | None, members: dict[str, str]
) -> None:
    typist = Typist([PIN1])
    answer = ScsService(reader(memory_card), typist).sign(request(content, **members), origin=origin)
    assert (answer["status"], answer["reasonCode"], answer["problem"]) == ("failed", 403, "wrong_origin")
    assert typist.asked == []
    assert memory_card.signatures == 0


def test_an_open_selector_offers_both_keys_only_for_bound_content(memory_card: MemoryCard) -> None:
    typist = Typist(["cancel", "cancel"])
    service = ScsService(reader(memory_card), typist)
    service.sign(request(selector={}), origin=ORIGIN)
    service.sign(request(b"anything", selector={}), origin=ORIGIN)
    assert [[choice.role for choice in asked.choices] for asked in typist.asked] == [
        [KeyRole.AUTHENTICATION, KeyRole.SIGNATURE],
        [KeyRole.SIGNATURE],
    ]


def test_a_program_without_an_origin_may_use_the_signature_key(memory_card: MemoryCard) -> None:
    typist = Typist([PIN2])
    answer = ScsService(reader(memory_card), typist).sign(request(b"x", selector=SIGNATURE), origin=None)
    assert answer["status"] == "ok"
    assert typist.asked[0].asker == ""


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ({"issuers": ["CN=TEST Professionals, C=FI"]}, True),
        ({"issuers": ["C=FI,CN=TEST Professionals"]}, True),
        ({"issuers": ["CN=Somebody Else,C=FI", "c = fi, cn = test professionals"]}, True),
        ({"issuers": ["CN=Somebody Else,C=FI"]}, False),
        ({"keyalgorithms": ["ec"]}, True),
        ({"keyalgorithms": ["RSA"]}, False),
        ({"keyusages": ["digitalsignature", "nonrepudiation"]}, True),
        ({"keyusages": ["keyagreement"]}, False),
        ({"akis": ["AAAA"]}, False),
        ({"akis": ["?"]}, False),
    ],
)
def test_selectors_choose_certificates(memory_card: MemoryCard, selector: object, found: bool) -> None:
    answer = ScsService(reader(memory_card), Typist([])).sign(request(selector=selector), origin=ORIGIN)
    assert answer["problem"] == ("cancelled" if found else "no_certificate")


def test_an_authority_key_identifier_selects_as_hex_and_as_base64(
    memory_card: MemoryCard, hierarchy: TinyHierarchy
) -> None:
    key_id = hierarchy.issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    service = ScsService(reader(memory_card), Typist([]))
    for text in (key_id.hex(), key_id.hex(":").upper(), base64.b64encode(key_id).decode()):
        assert service.sign(request(selector={"akis": [text]}), origin=ORIGIN)["problem"] == "cancelled"


def test_no_card_is_told_by_version_and_by_sign(memory_card: MemoryCard) -> None:
    service = ScsService(OneReader(), Typist([PIN1]))
    assert service.version()["hashAlgorithms"] == ""
    answer = service.sign(request(), origin=ORIGIN)
    assert (answer["reasonCode"], answer["problem"]) == (404, "no_card")
    assert ScsService(reader(memory_card), Typist([])).version()["hashAlgorithms"] != ""


def test_a_wrong_pin_is_asked_again_with_the_tries_left(memory_card: MemoryCard) -> None:
    typist = Typist(["1357", PIN1])
    answer = ScsService(reader(memory_card), typist).sign(request(), origin=ORIGIN)
    assert answer["status"] == "ok"
    assert str(typist.asked[1].error) == "PIN 1 was wrong. 4 tries left."
    assert typist.asked[1].choices[0].tries_left == 4


def test_the_last_wrong_pin_locks_and_ends_the_request(memory_card: MemoryCard) -> None:
    typist = Typist(["1357"] * 9)
    answer = ScsService(reader(memory_card), typist).sign(request(), origin=ORIGIN)
    assert (answer["reasonCode"], answer["problem"]) == (401, "pin_locked")
    assert len(typist.asked) == 5


def test_a_card_that_is_not_activated_says_so(hierarchy: TinyHierarchy) -> None:
    fresh = MemoryCard(hierarchy, activated=False)
    answer = ScsService(reader(fresh), Typist([PIN1])).sign(request(), origin=ORIGIN)
    assert (answer["reasonCode"], answer["problem"]) == (401, "not_activated")


def two_readers(hierarchy: TinyHierarchy, first: MemoryCard) -> OneReader:
    """``first`` and a card in use beside it."""
    return OneReader([InsertedCard("1", first), InsertedCard("2", MemoryCard(hierarchy))])


def test_a_fresh_card_beside_one_in_use_stops_no_signature(hierarchy: TinyHierarchy) -> None:
    typist = Typist([PIN1])
    readers = two_readers(hierarchy, MemoryCard(hierarchy, activated=False))
    assert ScsService(readers, typist).sign(request(), origin=ORIGIN)["status"] == "ok"
    assert [choice.slot for choice in typist.asked[0].choices] == ["2"]


def test_a_card_that_does_not_answer_is_not_offered(hierarchy: TinyHierarchy) -> None:
    silent, typist = MemoryCard(hierarchy), Typist([PIN1])
    readers = two_readers(hierarchy, silent)
    silent.removed = True
    assert ScsService(readers, typist).sign(request(), origin=ORIGIN)["status"] == "ok"
    assert [choice.slot for choice in typist.asked[0].choices] == ["2"]


@pytest.mark.parametrize(("chosen", "problem"), [(0, "card_removed"), (1, None)])
def test_pulling_a_card_ends_the_request_only_where_it_is_the_chosen_one(
    hierarchy: TinyHierarchy, chosen: int, problem: str | None
) -> None:
    readers = two_readers(hierarchy, MemoryCard(hierarchy))
    typist = Typist([PIN1], choice=chosen, before_answer=readers.inserted[0].pulled)
    answer = ScsService(readers, typist).sign(request(), origin=ORIGIN)
    assert answer.get("problem") == problem


def test_a_cancel_is_refused_with_401(memory_card: MemoryCard) -> None:
    answer = ScsService(reader(memory_card), Typist(["cancel"])).sign(request(), origin=ORIGIN)
    assert (answer["reasonCode"], answer["problem"]) == (401, "cancelled")


def test_a_card_pulled_while_the_pin_is_asked_ends_the_request(memory_card: MemoryCard) -> None:
    readers = reader(memory_card)
    typist = Typist([PIN1], before_answer=lambda: readers.cards()[0].pulled())
    answer = ScsService(readers, typist).sign(request(), origin=ORIGIN)
    assert answer["problem"] == "card_removed"
    assert memory_card.signatures == 0


def test_a_card_pulled_while_it_signs_ends_the_request(memory_card: MemoryCard) -> None:
    memory_card.on_sign = lambda: setattr(memory_card, "removed", True)
    answer = ScsService(reader(memory_card), Typist([PIN1])).sign(request(), origin=ORIGIN)
    assert (answer["problem"], "signature" in answer) == ("card_removed", False)


def test_certificates_that_do_not_parse_are_passed_over(hierarchy: TinyHierarchy) -> None:
    card = MemoryCard(hierarchy)
    junk = type(card.certificates)(b"\x30\x03junk", card.certificates.signature, None, None)
    card.certificates = junk
    answer = ScsService(reader(card), Typist([PIN1])).sign(request(), origin=ORIGIN)
    assert answer["problem"] == "no_certificate"


def test_requests_have_the_person_one_at_a_time_and_too_many_are_turned_away(memory_card: MemoryCard) -> None:
    pad = Pad(Events())
    service = ScsService(reader(memory_card), pad)
    answers: list[dict[str, Any]] = []
    threads = [
        threading.Thread(target=lambda: answers.append(service.sign(request(), origin=ORIGIN)))
        for _ in range(MOST_WAITING + 4)
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 60
    while len(answers) < len(threads) and time.monotonic() < deadline:
        if pending := pad.pending:
            pad.answer(pending.number, PinAnswer(0, PIN1))
        time.sleep(0.01)
    busy = [answer for answer in answers if answer["status"] == "failed"]
    assert len(answers) == len(threads)
    assert {answer["problem"] for answer in busy} == {"busy"}
    assert len(busy) == 3
    assert memory_card.signatures == MOST_WAITING + 1


def test_a_page_that_goes_away_takes_its_question_from_the_pad(memory_card: MemoryCard) -> None:
    pad = Pad(Events())
    answer = ScsService(reader(memory_card), pad).sign(request(), origin=ORIGIN, given_up=lambda: True)
    assert answer["problem"] == "cancelled"
    assert pad.pending is None


def test_a_pin_never_shows_in_a_representation() -> None:
    assert PIN2 not in repr(PinAnswer(0, PIN2))


def test_tries_are_shown_after_a_wrong_change(memory_card: MemoryCard) -> None:
    card = InsertedCard("1", memory_card)
    with pytest.raises(Exception, match="4 tries left"):
        card.change(PinRole.AUTHENTICATION, "1357", "8642")
    assert card.contents.pin1.tries_left == 4


def test_an_old_answer_does_not_reach_a_new_question(memory_card: MemoryCard) -> None:
    pad = Pad(Events(), patience=0.3)
    choices = ()
    assert pad.ask(PinRequest("", choices), given_up=lambda: False) is None
    with pytest.raises(Exception, match="Nobody asks"):
        pad.answer("old", PinAnswer(0, PIN1))
