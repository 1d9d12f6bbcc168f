# SPDX-License-Identifier: EUPL-1.2
"""The holder waits for the post: first the card comes, on a later day the letter with its code."""

from __future__ import annotations

import io
import re

from pypdf import PdfReader

from varmentaja.adapters.post.simulator import Delivered
from varmentaja.domain.people import Person
from varmentaja.tour.card.people import name_of
from varmentaja.tour.card.story import PIN1, PIN2, Story
from varmentaja.tour.engine import Facts, StepFailed, wait_until
from varmentaja.tour.reader import CardInHand

CARD, CODE = "card", "code"
CARD_SECONDS = 90.0
_CODE = re.compile(r"^\s*(\d{3,4}(?: \d{4})+)\s*$", re.MULTILINE)


def card_comes(story: Story) -> Facts:
    """The factory makes the card, and the post brings it with a letter."""
    letter = wait_until(lambda: _newest(story, story.hero, CARD), "the card in the mailbox", CARD_SECONDS)
    if letter.card_serial is None:
        raise StepFailed("there is no card in the envelope")
    story.card = CardInHand(letter.card_serial, PIN1, PIN2)
    _read(letter, name_of(story.hero))
    return {
        "card": letter.card_serial,
        "posted": str(letter.posted_on),
        "to": ", ".join(letter.address_lines),
    }


def other_card_comes(story: Story) -> Facts:
    """So does the other person's."""
    letter = wait_until(lambda: _newest(story, story.caller, CARD), "the other card", CARD_SECONDS)
    story.other_card = letter.card_serial or ""
    return {"card": story.other_card, "posted": str(letter.posted_on)}


def read_code(story: Story) -> Facts:
    """The code letter comes on another day; its code is read from the paper."""
    letter = wait_until(lambda: code_letter(story), "the code letter in the mailbox")
    card = _newest(story, story.hero, CARD)
    if card is None or letter.posted_on <= card.posted_on:
        raise StepFailed("the code letter was posted no later than the card")
    found = _CODE.search(_read(letter, name_of(story.hero)))
    if found is None:
        raise StepFailed("there is no code in the code letter")
    story.code = found[1].replace(" ", "")
    return {
        "posted": str(letter.posted_on),
        "delivered": str(letter.delivery_on),
        "digits": str(len(story.code)),
    }


def code_letter(story: Story) -> Delivered | None:
    """The hero's code letter, once it has been posted."""
    return _newest(story, story.hero, CODE)


def _newest(story: Story, person: Person, kind: str) -> Delivered | None:
    """The newest envelope of this kind to this person that has come since the story began."""
    came = [
        letter
        for letter in story.post.delivered()
        if letter.kind == kind
        and letter.address_lines[0] == name_of(person)
        and letter.key not in story.old_mail
    ]
    return came[-1] if came else None


def _read(letter: Delivered, name: str) -> str:
    """The text of the letter's paper, which must be addressed to ``name``."""
    paper = next(file for file in letter.files() if file.name == "letter.pdf")
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(paper.read_bytes())).pages)
    if name not in text:
        raise StepFailed(f"the letter is not addressed to {name}:\n{text}")
    return text
