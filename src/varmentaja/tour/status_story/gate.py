# SPDX-License-Identifier: EUPL-1.2
"""A fault in the records would revoke every card of the country; the gate keeps it from relying parties."""

from __future__ import annotations

from varmentaja.tour.card.office import OFFICE, confirm_call, fill_in_call
from varmentaja.tour.engine import Facts, StepFailed, wait_until
from varmentaja.tour.status_story import asking, fault
from varmentaja.tour.status_story.story import StatusStory

HOLDS = f"{OFFICE}holds/"
TOO_MANY, CANARY = "Too many revocations at once", "A certificate of known status is told wrongly"
OVER = "Over"
PERSONNEL_CARD = "Personnel card"


def crowd_is_published(story: StatusStory) -> Facts:
    """Rows of the story's own database; the worker signs and publishes their answers with the new card's."""
    serials = fault.add_crowd(story)
    story.neighbour = f"0x{serials[-1]}"
    return {"cards": str(len(serials)), "one of them": story.neighbour}


def poison_is_held(story: StatusStory) -> Facts:
    """The records call every card revoked when the next revocation is to be published."""
    spoilt = fault.spoil_records(story)
    _revoke_card_of(story, "second_registrar")
    lines = wait_until(lambda: _holds(story, TOO_MANY, CANARY), "the holds on the office's page")
    if any(line[2] == OVER for line in lines):
        raise StepFailed(f"the publication was not held: {lines}")
    story.officer.open(OFFICE).expect("Held publications of statuses")
    return {
        "certificates that the records call revoked": str(len(spoilt)),
        "held": "; ".join(f"{why}: {count}" for why, count, *_ in lines),
        "page": f"{story.place.portal}{HOLDS}",
    }


def old_set_stays(story: StatusStory) -> Facts:
    """Nobody outside is told the fault."""
    return {**asking.is_told_rightly(story), "set": asking.published_set(story)}


def mended_records_pass(story: StatusStory) -> Facts:
    """The records are put right; the next publication passes, and nothing of what waited is lost."""
    mended = fault.mend_records(story)
    waited = story.papers_of(story.staff_card("second_registrar").serial)
    _revoke_card_of(story, "registrar")
    wait_until(lambda: waited.is_listed() or None, "the revocation that waited")
    wait_until(lambda: _are_over(story), "the end of the holds")
    return {
        "certificates put right": str(len(mended)),
        "holds": OVER,
        "the revocation that waited": "published",
        **asking.is_told_rightly(story),
    }


def _revoke_card_of(story: StatusStory, role: str) -> None:
    """A revocation as on any day."""
    member = story.cast.member(role)
    fill_in_call(story.officer, story.staff_card(role).serial, member.family_name, PERSONNEL_CARD)
    confirm_call(story.officer)


def _holds(story: StatusStory, *reasons: str) -> list[list[str]] | None:
    """The lines of the page of holds (why, how many, state, since), once it tells all these reasons."""
    page = story.officer.open(HOLDS)
    lines = [
        [" ".join(cell.text_content().split()) for cell in row.xpath("./th|./td")]
        for row in page.page.xpath("//main//table//tbody/tr")
    ]
    return lines if {line[0] for line in lines} >= set(reasons) else None


def _are_over(story: StatusStory) -> bool | None:
    lines = _holds(story, TOO_MANY, CANARY) or []
    return True if lines and all(line[2] == OVER for line in lines) else None
