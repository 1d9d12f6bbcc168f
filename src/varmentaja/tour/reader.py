# SPDX-License-Identifier: EUPL-1.2
"""What a person does with a card at a computer: puts it in the reader, and types PINs when a page asks."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from varmentaja.reader.control_client import ReaderControl
from varmentaja.tour.browser import Browser
from varmentaja.tour.engine import StepFailed

SIGNS_IN, SIGNS_DOCUMENTS = "digitalSignature", "nonRepudiation"


@dataclass(frozen=True, slots=True)
class CardInHand:
    """A card of the sandbox and the PINs that its holder remembers."""

    serial: str
    pin1: str
    pin2: str


@contextmanager
def inserted(reader: ReaderControl, card: CardInHand) -> Iterator[str]:
    """The card is in a slot that was free, whose name is given; pulled out afterwards."""
    free = [slot["slot"] for slot in reader.state()["slots"] if slot["card"] is None]
    if not free:
        raise StepFailed("every slot of the card reader has a card in it; pull one out")
    reader.insert(card.serial, free[0])
    try:
        yield free[0]
    finally:
        reader.pull(free[0])


def sign_page(browser: Browser, reader: ReaderControl, card: CardInHand) -> bytes:
    """Do with the open page's SCS form what its script does; the holder types the PIN. The certificate."""
    form = browser.page.xpath("//form[@data-scs]")
    if not form:
        raise StepFailed(f"{browser.url}: the page does not ask the card for anything:\n{browser.text}")
    asked = {name.removeprefix("data-scs-"): value for name, value in form[0].attrib.items()}
    with inserted(reader, card) as slot:
        answer = ask_card(reader, asked, origin=browser.origin, slot=slot, card=card)
    browser.submit({"answer": json.dumps(answer)}, action_ends=(form[0].action or browser.url).split("?")[0])
    return base64.b64decode(answer["chain"][0])


def ask_card(
    reader: ReaderControl, asked: Mapping[str, str], *, origin: str, slot: str, card: CardInHand
) -> Mapping[str, Any]:
    """Ask SCS as a page does, and answer its question on the PIN pad at the same time."""
    request = {
        "version": "1.2",
        "selector": {"keyusages": [asked["usage"]]},
        "content": asked["content"],
        "contentType": asked.get("content-type", "data"),
        "hashAlgorithm": asked.get("hash", "SHA256"),
        "signatureType": "signature",
    }
    url = f"http://127.0.0.1:{reader.state()['scs_port']}/sign"
    pin = card.pin1 if asked["usage"] == SIGNS_IN else card.pin2
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(_post, url, request, origin)
        try:
            _type_pin(reader, slot, pin)
        finally:
            answer = waiting.result()
    if answer.get("status") != "ok":
        raise StepFailed(f"SCS: {answer.get('reasonText')}")
    return answer


def _post(url: str, request: Mapping[str, Any], origin: str) -> dict[str, Any]:
    headers = {"Origin": origin}
    answer: dict[str, Any] = httpx.post(
        url, json=request, headers=headers, timeout=20, trust_env=False
    ).json()
    return answer


def _type_pin(reader: ReaderControl, slot: str, pin: str) -> None:
    question = reader.wait_for_question(timeout=10)
    choices = [number for number, choice in enumerate(question["choices"]) if choice["slot"] == slot]
    if not choices:
        reader.cancel(question["number"])
        raise StepFailed("the PIN is asked for another card")
    reader.answer(question["number"], pin, choices[0])
