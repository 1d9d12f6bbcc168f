# SPDX-License-Identifier: EUPL-1.2
"""The officer finds people, reads what has happened, and ends a card for a caller."""

from __future__ import annotations

import re

from varmentaja.tour.browser import Browser
from varmentaja.tour.card.people import name_of
from varmentaja.tour.card.story import Story
from varmentaja.tour.card.trust import becomes_revoked
from varmentaja.tour.engine import Facts, StepFailed

OFFICE = "/en/office/"
_REGISTRATION_NUMBER = re.compile(r"=(\d{11})(?:,|$)")


def find_by_registration_number(story: Story) -> Facts:
    """One hit opens the person's file; the whole history is behind a link."""
    subject = story.her_papers.certificate.subject.rfc4514_string()
    found = _REGISTRATION_NUMBER.search(subject)
    if found is None:
        raise StepFailed(f"there is no registration number in {subject}")
    number = found[1]
    page = _search(story.officer, number).expect(story.hero.family_name)
    address = page.url
    page.follow("Whole history")
    rows = page.page.xpath("//main//table//tbody/tr")
    if len(rows) < 5:
        raise StepFailed(f"{page.url}: the history has {len(rows)} lines only:\n{page.text}")
    return {"registration number": number, "file": address, "lines of history": str(len(rows))}


def revoke_by_telephone(story: Story) -> Facts:
    """The caller cannot sign in; the officer writes down who called and ends the card."""
    fill_in_call(story.officer, story.other_card, story.caller.family_name)
    found = confirm_call(story.officer)
    for serial in found:
        becomes_revoked(story, serial)
    return {"holder": name_of(story.caller), "openssl ocsp": "revoked", "serials": ", ".join(found)}


def fill_in_call(officer: Browser, card: str, family_name: str, product: str = "Professional card") -> None:
    """Find the card by its chip's serial, and fill in the telephone form; what remains is to confirm."""
    page = _search(officer, card).expect(family_name)
    page.follow(product).follow("Revoke by telephone")
    page.submit({"ground": "stolen", "caller": page.choices("caller")[0], "note": "The bag was stolen."})
    page.expect("Check before revoking")


def confirm_call(officer: Browser) -> list[str]:
    """Revoke; the serial numbers of the card's certificates."""
    page = officer.submit(button=("confirmed", "1")).expect("The card has been revoked")
    serials = page.page.xpath(
        "//dt[contains(., 'Serial number of the certificate')]/following-sibling::dd[1]"
    )
    found = [serial.text_content().strip() for serial in serials]
    if not found:
        raise StepFailed(f"{page.url}: no serial numbers on the page:\n{page.text}")
    return found


def _search(browser: Browser, text: str) -> Browser:
    return browser.open(OFFICE).submit({"text": text}, action_ends="/search/")
