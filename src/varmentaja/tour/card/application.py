# SPDX-License-Identifier: EUPL-1.2
"""At the desk: the registrar fills an application for the person who stands there, page by page."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date, timedelta

from PIL import Image, ImageDraw
from pypdf import PdfReader

from varmentaja.domain.people import Person
from varmentaja.tour.browser import Browser
from varmentaja.tour.card.people import applicants, name_of, person_of
from varmentaja.tour.card.story import BY_TELEPHONE, HERO, REFUSED, Story
from varmentaja.tour.engine import Facts, StepFailed

DESK = "/en/registration/"
_STEP = re.compile(r"/registration/\d+/([a-z]+)/$")
_MOST_PAGES = 20
HAS_ONE = "person already has"
"""A card, or an application for one: in each reason of the rules and on the desk's page."""


def apply_for_hero(story: Story) -> Facts:
    """With a photograph; approved by rule on submit."""
    story.applicant, passed_over = _first_approved(story, HERO, photo=True)
    text = _receipt(story.registrar, name_of(story.hero))
    return {
        "applicant": name_of(story.hero),
        **passed_over,
        "application": _number(story.registrar),
        "receipt": f"{len(text)} characters",
    }


def apply_for_other(story: Story) -> Facts:
    """Without a photograph."""
    story.other, passed_over = _first_approved(story, BY_TELEPHONE, photo=False)
    return {"applicant": name_of(story.other), **passed_over, "application": _number(story.registrar)}


def is_refused(story: Story) -> Facts:
    """The rule says no, and the page says why."""
    person = person_of(story.cast.member(REFUSED).identity_code)
    page = _fill(story.registrar, person, photo=False)
    reasons = [each.text_content().strip() for each in page.page.xpath("//ul[@data-decision='refused']/li")]
    if not reasons:
        raise StepFailed(f"{page.url}: the application was not refused with a reason:\n{page.text}")
    return {"applicant": name_of(person), "application": _number(page), "reason": " ".join(reasons)}


def _first_approved(story: Story, role: str, *, photo: bool) -> tuple[Person, Facts]:
    """Apply for this member of the cast; who has a card already is passed over for the next physician."""
    passed_over: list[str] = []
    first, today = person_of(story.cast.member(role).identity_code), date.today()  # noqa: DTZ011 (of rights)
    for person in applicants(first, today):
        if person == story.applicant:
            continue
        page = _fill(story.registrar, person, photo=photo)
        if HAS_ONE not in page.text:
            page.expect("The application has been approved")
            return person, {"have a card already": ", ".join(passed_over)} if passed_over else {}
        passed_over.append(name_of(person))
    raise StepFailed(f"every physician of the registers has a card: {', '.join(passed_over)}")


def _fill(browser: Browser, applicant: Person, *, photo: bool) -> Browser:
    """Answer page after page, as they come, until there is a decision."""
    browser.open(DESK).submit({"identity_code": str(applicant.identity_code)})
    answers = _answers(photo)
    for _ in range(_MOST_PAGES):
        step = _STEP.search(browser.url)
        if step is None:
            return browser
        before = browser.page
        answers.get(step[1], _just_go_on)(browser)
        wrong = browser.page.xpath("//*[contains(@class, 'error-summary')]")
        if wrong:
            raise StepFailed(f"{browser.url}: {' '.join(wrong[0].text_content().split())}")
        if browser.page is before:
            raise StepFailed(f"{browser.url}: the page stayed as it was")
    raise StepFailed(f"{browser.url}: the application does not come to an end")


def _answers(photo: bool) -> dict[str, Callable[[Browser], object]]:
    valid = date.today() + timedelta(days=700)  # noqa: DTZ011 (a day that is printed on a passport)
    parts = {
        "valid_until_0": str(valid.day),
        "valid_until_1": str(valid.month),
        "valid_until_2": str(valid.year),
    }
    document = {"kind": "finnish_passport", "country": "FI", "number": "XP0000000", **parts}
    return {
        "right": lambda page: page.submit({"right_code": page.choices("right_code")[0]}),
        "document": lambda page: page.submit(document),
        "photo": lambda page: _answer_photo(page, wanted=photo),
        "delivery": lambda page: page.submit({"card_to": "point", "letter_to": "home"}),
        "terms": lambda page: page.submit({"accept": "on"}),
    }


def _just_go_on(page: Browser) -> object:
    return page.submit()


def _answer_photo(page: Browser, *, wanted: bool) -> None:
    """The photograph comes back as it will be on the card; going on is a second click."""
    if not wanted:
        page.submit({"with_photo": "no"})
        return
    page.submit({"with_photo": "yes"}, files={"photo": ("photo.jpg", photograph(), "image/jpeg")})
    page.submit()


def photograph() -> bytes:
    """A drawn face: nobody's."""
    picture = Image.new("RGB", (600, 800), "#c8d6e0")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((60, 600, 540, 1100), fill="#35506b")
    draw.ellipse((180, 170, 420, 500), fill="#e3bfa2")
    draw.pieslice((165, 130, 435, 480), 180, 360, fill="#5b3a24")
    draw.ellipse((240, 310, 262, 332), fill="#27323a")
    draw.ellipse((338, 310, 360, 332), fill="#27323a")
    draw.arc((255, 370, 345, 440), 20, 160, fill="#8c4a3f", width=6)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=90)
    return file.getvalue()


def _receipt(page: Browser, name: str) -> str:
    """The receipt for signature, which must name the applicant."""
    paper = PdfReader(io.BytesIO(page.download("receipt.pdf")))
    text = "\n".join(sheet.extract_text() for sheet in paper.pages)
    if name not in text:
        raise StepFailed(f"the receipt does not name {name}:\n{text}")
    return text


def _number(page: Browser) -> str:
    return page.url.rstrip("/").rpartition("/")[2]
