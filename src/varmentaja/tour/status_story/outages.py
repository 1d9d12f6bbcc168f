# SPDX-License-Identifier: EUPL-1.2
"""Parts of the service stop: relying parties do not notice when it is the publisher, and the observer notices
when it is the responder."""

from __future__ import annotations

import time

import httpx

from varmentaja.ground.supervisor import DATABASE
from varmentaja.tour.browser import Browser
from varmentaja.tour.engine import Facts, StepFailed, wait_until
from varmentaja.tour.status_story.asking import is_told_rightly
from varmentaja.tour.status_story.story import StatusStory

STATUS_PAGE = "/en/status/"
WORKS, DISTURBED = "All status services work.", "There is a disturbance in the status services."
NOT_YET = "nobody has looked at them lately"
"""The service's own observer looks once a minute, for the first time perhaps only then."""
_ROUNDS = "2"
"""Seconds from round to round of the story's observer; the service's own looks once a minute."""
_BACK = 60.0


def answers_without_publisher(story: StatusStory) -> Facts:
    """Worker and database stand still: responders hold no key and no login, and go on."""
    with story.place.paused("worker", DATABASE):
        told = is_told_rightly(story)
        page = _summary(story.holder.open(STATUS_PAGE))
    wait_until(lambda: _is_back(story), "the portal after the database's return", _BACK)
    return {"stopped": "worker and database", **told, "public page of the status services": page}


def observer_alarms(story: StatusStory) -> Facts:
    """The responder stops: the observer sees it from outside, and the public page tells everybody."""
    with (
        story.place.paused("observer"),
        story.place.started("observer", "--seconds", _ROUNDS),
    ):
        before = _until(story, WORKS)
        with story.place.paused("responder"):
            alarm = _until(story, DISTURBED)
            disturbed = _disturbances(story)
        over = _until(story, WORKS)
    return {
        "before": before[1],
        "told after": f"{alarm[0]:.1f} s",
        "public page": f"{alarm[1]} {disturbed}",
        "over after": f"{over[0]:.1f} s",
    }


def _until(story: StatusStory, expected: str) -> tuple[float, str]:
    begun = time.monotonic()

    def told() -> str | None:
        text = _summary(story.holder.open(STATUS_PAGE))
        return text if text == expected else None

    text = wait_until(told, f"'{expected}' on the public page", 90.0)
    return time.monotonic() - begun, text


def _summary(page: Browser) -> str:
    return next((text for text in (WORKS, DISTURBED, NOT_YET) if text in page.text), page.text)


def _disturbances(story: StatusStory) -> str:
    rows = story.holder.page.xpath("//main//table//tbody/tr")
    if not rows:
        raise StepFailed(f"{story.holder.url}: no disturbance is listed:\n{story.holder.text}")
    return "; ".join(" ".join(row.text_content().split()) for row in rows)


def _is_back(story: StatusStory) -> bool | None:
    try:
        answer = httpx.get(f"{story.place.portal}/en/office/", follow_redirects=True, trust_env=False)
    except httpx.TransportError:
        return None
    return True if answer.status_code == httpx.codes.OK else None
