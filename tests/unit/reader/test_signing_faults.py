# SPDX-License-Identifier: EUPL-1.2
"""Signing through SCS with cards that fail: pulled at any command, or answering whatever they like.

The page always gets an answer of SCS, and no PIN stays verified on the card.
"""

from __future__ import annotations

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import cards
from tests.support.reader_fakes import OneReader, Typist
from tests.unit.card.test_driver_faults import KINDS, Rig

from varmentaja.card.driver import CardError, KeyAlgorithm
from varmentaja.card.drivers import open_card
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.events import Events
from varmentaja.reader.pad import Pad
from varmentaja.reader.scs import Problem, SignatureType
from varmentaja.reader.signing import ScsService

ORIGIN = "https://portal.example"
CONTENT = base64.b64encode(f"{ORIGIN};{'n' * 96}".encode()).decode()
USAGES = {"digitalSignature": cards.PIN1, "nonRepudiation": cards.PIN2}
NONSENSE = st.one_of(
    st.none(),
    st.binary(max_size=300),
    st.builds(
        lambda data, status: data + status.to_bytes(2), st.binary(max_size=260), st.integers(0, 0xFFFF)
    ),
    st.builds(lambda data: data + b"\x90\x00", st.binary(max_size=260)),
)


def active(kind: tuple[str, KeyAlgorithm]) -> Rig:
    """An activated card as it is pushed in."""
    generation, algorithm = kind
    rig = Rig(cards.finished_card(algorithm, generation=generation))
    open_card(rig).activate(cards.CODE, cards.PIN1, cards.PIN2)
    rig.insert()
    return rig


def signed(card: InsertedCard, usage: str, signature_type: str = SignatureType.SIGNATURE) -> dict[str, Any]:
    """What the page gets; the person types the right PIN each time."""
    request = {
        "version": "1.2",
        "content": CONTENT,
        "selector": {"keyusages": [usage]},
        "signatureType": signature_type,
    }
    service = ScsService(OneReader([card]), Typist([USAGES[usage]] * 9))
    return service.sign(json.dumps(request).encode(), origin=ORIGIN)


@pytest.mark.parametrize("usage", USAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_card_pulled_at_any_command_ends_the_request_and_signs_the_next(
    kind: tuple[str, KeyAlgorithm], usage: str
) -> None:
    rig = active(kind)
    number, answer = 0, dict[str, Any](status="failed")
    while answer["status"] != "ok":
        card = InsertedCard("1", open_card(rig))
        rig.pull_at(number)
        answer = signed(card, usage)
        if answer["status"] != "ok":
            assert (answer["reasonCode"], answer["problem"]) == (404, Problem.CARD_REMOVED)
            assert not card.is_present
        rig.insert()
        assert not rig.card.verified
        number += 1
    assert number > 2, "no command was counted"
    assert signed(InsertedCard("1", open_card(rig)), usage)["status"] == "ok"


CASES = {
    "kind": st.sampled_from(KINDS),
    "usage": st.sampled_from(list(USAGES)),
    "signature_type": st.sampled_from(list(SignatureType)),
    "is_known": st.booleans(),
    "answers": st.lists(NONSENSE, max_size=24),
}


@given(**CASES)
def test_a_card_that_talks_nonsense_never_stops_the_program(
    kind: tuple[str, KeyAlgorithm],
    usage: str,
    signature_type: str,
    is_known: bool,
    answers: list[bytes | None],
) -> None:
    survive(kind, usage, signature_type, is_known, answers)


def survive(
    kind: tuple[str, KeyAlgorithm],
    usage: str,
    signature_type: str,
    is_known: bool,
    answers: list[bytes | None],
) -> None:
    """Nonsense from the moment the card is pushed in, or once the program knows it."""
    rig = active(kind)
    card = InsertedCard("1", open_card(rig)) if is_known else None
    rig.start(lambda number: answers[number] if number < len(answers) else None)
    try:
        card = card or InsertedCard("1", open_card(rig))
    except CardError:
        return  # the reader says what is wrong with it (test_examination.py)
    answer = signed(card, usage, signature_type)
    assert answer["status"] in ("ok", "failed")
    assert ("signature" in answer) is (answer["status"] == "ok")
    if not any(said and said.endswith(b"\x90\x00") for said in answers):
        assert not rig.card.verified  # a lie about having forgotten can't be noticed


def test_a_card_pulled_while_others_wait_their_turn_ends_them_all() -> None:
    card = InsertedCard("1", open_card(active(KINDS[0])))
    readers, pad = OneReader([card]), Pad(Events())
    service = ScsService(readers, pad)
    body = json.dumps({"version": "1.2", "content": CONTENT}).encode()
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(service.sign, body, origin=ORIGIN) for _ in range(3)]
        deadline = time.monotonic() + 20
        while pad.pending is None and time.monotonic() < deadline:
            time.sleep(0.01)
        readers.inserted.clear()
        card.pulled()
        problems = sorted(each.result(20)["problem"] for each in asked)
    assert problems == [Problem.CARD_REMOVED, Problem.NO_CARD, Problem.NO_CARD]
    assert pad.pending is None
