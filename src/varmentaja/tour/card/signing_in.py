# SPDX-License-Identifier: EUPL-1.2
"""Sign-in with a card and PIN 1, as people and as the story's parts."""

from __future__ import annotations

from varmentaja.tour.browser import Browser
from varmentaja.tour.card.papers import papers
from varmentaja.tour.card.story import Story
from varmentaja.tour.engine import Facts, StepFailed
from varmentaja.tour.reader import CardInHand, sign_page

SIGN_IN = "/en/sign-in/"


def registrar_signs_in(story: Story) -> Facts:
    """The registrar at the desk."""
    return _sign_in(story, story.registrar, story.staff_card("registrar"), "Registrar")


def officer_signs_in(story: Story) -> Facts:
    """The officer at the telephone."""
    return _sign_in(story, story.officer, story.staff_card("officer"), "Officer")


def holder_signs_in(story: Story) -> Facts:
    """The holder of the new card; from here on its certificate can be examined."""
    certificate = _answer(story, story.holder, story.her_card)
    story.holder.open("/en/my-card/").expect("My card")
    story.signs_in = papers(certificate, story.folder)
    subject = story.signs_in.certificate.subject.rfc4514_string()
    return {"page": story.holder.url, "subject": subject, "serial": story.signs_in.serial}


def sign_in_is_refused(story: Story) -> Facts:
    """The lost card does not open the door any more."""
    _answer(story, story.holder, story.her_card)
    story.holder.expect("The certificate on the card has been revoked.")
    return {"page": story.holder.url, "refused": "the certificate on the card has been revoked"}


def _sign_in(story: Story, browser: Browser, card: CardInHand, role: str) -> Facts:
    _answer(story, browser, card)
    if browser.url.endswith(SIGN_IN):
        raise StepFailed(f"sign-in did not succeed:\n{browser.text}")
    if role not in " ".join(browser.page.text_content().split()):
        raise StepFailed(f"{browser.url}: signed in, but not as {role}")
    return {"card": card.serial, "page": browser.url}


def _answer(story: Story, browser: Browser, card: CardInHand) -> bytes:
    return sign_page(browser.open(SIGN_IN), story.reader, card)
