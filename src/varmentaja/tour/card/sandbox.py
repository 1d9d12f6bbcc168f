# SPDX-License-Identifier: EUPL-1.2
"""Days pass: business time is moved on in the test service until the code letter has been delivered."""

from __future__ import annotations

from varmentaja.tour.browser import Browser
from varmentaja.tour.card.mailbox import code_letter
from varmentaja.tour.card.story import Story
from varmentaja.tour.engine import Facts, StepFailed, wait_until

MOST_DAYS = 30
_LOOK_SECONDS = 1.5


def days_pass(story: Story) -> Facts:
    """A day at a time; the letter lies in the mailbox before the page says that it has arrived."""
    days = 0
    while not _posted(story):
        if days == MOST_DAYS:
            raise StepFailed(f"no code letter was posted in {days} days")
        _one_day(story.holder)
        days += 1
    posted = wait_until(lambda: code_letter(story), "the code letter")
    for _ in range((posted.delivery_on - posted.posted_on).days):
        _one_day(story.holder)
        days += 1
    return {"days": str(days), "posted": str(posted.posted_on), "delivered": str(posted.delivery_on)}


def _posted(story: Story) -> bool:
    """Whether the letter has been posted on the day that it now is; the worker needs a moment for it."""
    try:
        wait_until(lambda: code_letter(story), "the code letter", _LOOK_SECONDS)
    except StepFailed:
        return False
    return True


def _one_day(browser: Browser) -> None:
    browser.open("/en/sandbox/move-on/").submit({"days": "1"}).expect("The date in this service is now")
