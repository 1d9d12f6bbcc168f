# SPDX-License-Identifier: EUPL-1.2
"""The way of an application at the desk, from identity code to decision."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pypdf import PdfReader
from tests.integration.web_registration.conftest import PASSPORT, TO_POINT, Desk, code_of, picture

from varmentaja.apps.applications.models import Application
from varmentaja.apps.audit.models import Entry


def test_a_physician_gets_a_card(desk: Desk) -> None:
    desk.start("physician")
    assert desk.path == "/N/person/"
    assert "Elina Mäntykangas" in desk.text and "17 April 1988" in desk.text and "In force" in desk.text
    assert desk.send().path == "/N/document/"
    assert Application.objects.get().right_code == "001"
    assert desk.send(PASSPORT).path == "/N/photo/"
    assert desk.send(with_photo="no").path == "/N/delivery/"
    assert desk.send(card_to="home", letter_to="point").path == "/N/terms/"
    assert "Kortin käyttöehdot" in desk.text
    assert desk.send(accept="on").path == "/N/check/"
    for answer in ("Finnish passport, XP1234567", "No photograph", "Esimerkkikatu 12 A 3", "99981 Mallila"):
        assert answer in desk.text
    assert desk.send().path == "/N/"
    assert "The application has been approved" in desk.text and "Card posted" in desk.text
    assert Application.objects.get().state == "ordered"


@pytest.mark.parametrize(
    "role", ["nurse_time_limited", "social_worker", "sami_nurse", "long_name", "english_speaker"]
)
def test_people_with_a_right_get_a_card_whatever_their_name(desk: Desk, role: str) -> None:
    desk.fill(role)
    person = Application.objects.get().person
    assert desk.send().path == "/N/"
    assert "has been approved" in desk.text
    assert f"{person.first_name} {person.family_name}".replace("'", "&#x27;") in desk.text


@pytest.mark.parametrize(
    ("role", "reason"),
    [
        ("nurse_ended", "The right to practise ended on 31 December 2025."),
        ("future_dentist", "The right to practise begins only on 1 June 2030. Apply then."),
        ("without_right", "The professional registers (Terhikki, Suosikki) show no right to practise."),
    ],
)
def test_who_has_no_right_is_told_at_once_and_refused_on_submit(desk: Desk, role: str, reason: str) -> None:
    desk.start(role)
    assert "would be refused" in desk.text and reason in desk.text
    assert desk.fill(role).path == "/N/check/"
    assert desk.send().path == "/N/"
    assert "The application has been refused." in desk.text and reason in desk.text
    assert Application.objects.get().state == "refused"


def test_a_restricted_right_goes_to_an_officer(desk: Desk) -> None:
    desk.start("restricted_physician")
    assert "An officer would look at the application" in desk.text and "restricted" in desk.text
    desk.fill("restricted_physician").send()
    assert "An officer of the certificate service reviews the application." in desk.text


def test_several_rights_are_chosen_among(desk: Desk) -> None:
    assert desk.start("physician_dentist").send().path == "/N/right/"
    assert desk.send(right_code="999").path == "/N/right/"
    assert "There is a problem" in desk.text
    assert desk.send(right_code="002").path == "/N/document/"
    assert Application.objects.get().right_code == "002"


def test_a_second_card_for_the_same_profession_is_refused(desk: Desk) -> None:
    desk.fill("physician").send()
    desk.start("physician")
    assert "already has a professional card" in desk.text
    desk.fill("physician").send()
    assert "already has a professional card" in desk.text
    assert sorted(Application.objects.values_list("state", flat=True)) == ["ordered", "refused"]


def test_a_home_under_non_disclosure_is_neither_shown_nor_taken(desk: Desk) -> None:
    desk.start("non_disclosure")
    assert "Non-disclosure order" in desk.text
    desk.send().send(PASSPORT).send(with_photo="no")
    assert "Provgränden" not in desk.text and 'value="home"' not in desk.page.content.decode()
    assert desk.send(card_to="home", letter_to="point").path == "/N/delivery/"
    assert Application.objects.get().delivery is None
    desk.send(TO_POINT).send(accept="on")
    assert "Provgränden" not in desk.text


def test_an_employer_needs_an_address(desk: Desk) -> None:
    desk.start("physician").send().send(PASSPORT).send(with_photo="no")
    desk.send(card_to="employer", letter_to="home", employer_name="Klinikka Ŋ", employer_postal_code="123")
    assert desk.path == "/N/delivery/"
    assert "A postal code has five digits" in desk.text and "street address" in desk.text
    assert 'value="Klinikka Ŋ"' in desk.page.content.decode()
    address = {"employer_street": "Tie 2", "employer_postal_code": "00100", "employer_town": "Mallila"}
    desk.send(card_to="employer", letter_to="home", employer_name="Klinikka Ŋ", **address)
    assert desk.path == "/N/terms/"
    assert "Klinikka Ŋ, Tie 2, 00100 Mallila" in desk.send(accept="on").text


def test_the_terms_can_be_read_in_each_language(desk: Desk) -> None:
    number = desk.start("physician").number
    for language, title in (("fi", "Kortin käyttöehdot"), ("en", "Terms of use of the card")):
        assert title in desk.open(f"{number}/terms/?language={language}").text
    assert desk.send().path == "/N/terms/"
    assert "unless the terms are accepted" in desk.text


def test_a_changed_answer_leads_back_to_the_check(desk: Desk) -> None:
    desk.fill("physician").go("document")
    assert 'value="XP1234567"' in desk.page.content.decode()
    assert desk.send(PASSPORT, number="XP7654321").path == "/N/check/"
    assert "XP7654321" in desk.text


def test_what_is_missing_stands_on_the_check_page_and_stops_submitting(desk: Desk) -> None:
    desk.start("physician").send().go("check")
    assert "Some answers are still missing" in desk.text
    assert desk.send().path == "/N/check/"
    assert Application.objects.get().state == "draft"


def test_an_expired_document_and_a_driving_licence_are_refused_with_the_input_kept(desk: Desk) -> None:
    desk.start("physician").send().send(PASSPORT, valid_until_2="2020")
    assert "expired on 1 January 2020" in desk.text and 'value="XP1234567"' in desk.page.content.decode()
    assert "A driving licence is not accepted" in desk.send(PASSPORT, kind="driving_licence").text
    assert (
        "Enter the last day"
        in desk.send(
            {**PASSPORT, **dict.fromkeys(("valid_until_0", "valid_until_1", "valid_until_2"), "")}
        ).text
    )
    assert desk.send(PASSPORT, kind="european_passport", country="SE").path == "/N/photo/"


def test_a_photograph_is_shown_before_going_on_and_carries_nothing_hidden(desk: Desk) -> None:
    desk.start("physician").send().send(PASSPORT)
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8825] = {1: "N", 2: (60.0, 10.0, 0.0)}
    sent = SimpleUploadedFile("me.jpg", picture((940, 720), exif=exif.tobytes()), "image/jpeg")
    desk.send(with_photo="yes", photo=sent)
    assert desk.path == "/N/photo/" and "photo.jpg?" in desk.page.content.decode()
    answer = desk.client.get(f"/en/registration/{desk.number}/photo.jpg")
    assert answer["Cache-Control"] == "private, no-store"
    image = Image.open(io.BytesIO(answer.content))
    assert image.size == (540, 705) and not image.getexif()
    assert desk.send(with_photo="yes").path == "/N/delivery/"
    desk.go("photo").send(with_photo="no")
    assert Application.objects.get().photo is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xd8" + bytes(40 * 1024 * 1024), "at most"),
        (b"Dear registrar, this is no picture.", "not a photograph"),
        (b"", "empty"),
    ],
    ids=["40 MB", "text", "empty"],
)
def test_what_is_no_photograph_is_refused(desk: Desk, content: bytes, reason: str) -> None:
    desk.start("physician").send().send(PASSPORT)
    desk.send(with_photo="yes", photo=SimpleUploadedFile("me.jpg", content, "image/jpeg"))
    assert desk.path == "/N/photo/" and "There is a problem" in desk.text
    assert reason in desk.text or "10 MB at most" in desk.text
    assert Application.objects.get().with_photo is None


def test_a_photograph_is_asked_for_where_one_is_wanted(desk: Desk) -> None:
    desk.start("physician").send().send(PASSPORT)
    assert "Choose the file of the photograph" in desk.send(with_photo="yes").text


@pytest.mark.parametrize(
    ("role", "page", "words"),
    [
        ("physician", "sv", ("Ammattikortti", "Kortti on tilattu tehtaalta", "Suomen passi")),
        ("non_disclosure", "en", ("Yrkeskort", "Kortet har beställts", "Finländskt pass")),
        ("english_speaker", "fi", ("Professional card", "The card has been ordered", "Finnish passport")),
    ],
)
def test_the_receipt_is_in_the_applicants_language_whatever_the_page_s(
    desk_of: Callable[..., Desk], role: str, page: str, words: tuple[str, ...]
) -> None:
    desk = desk_of(language=page)
    number = desk.fill(role, photo=True).number
    address = f"/{page}/registration/{number}/receipt.pdf"
    assert desk.client.get(address).status_code == 409
    desk.send()
    answer = desk.client.get(address)
    assert answer["Content-Type"] == "application/pdf"
    sheets = PdfReader(io.BytesIO(answer.content)).pages
    told = " ".join(" ".join(sheet.extract_text() for sheet in sheets).split())
    assert [word for word in words if word not in told] == []


def test_an_application_can_be_cancelled(desk: Desk) -> None:
    desk.start("physician").go("cancel").send()
    assert desk.path == "/" and "has been cancelled" in desk.text
    assert Application.objects.get().state == "cancelled"
    assert code_of("physician")[:7] in desk.text


def test_every_look_leaves_a_trace(desk: Desk, desk_of: Callable[..., Desk]) -> None:
    desk.fill("physician").send()
    before = Entry.objects.filter(content__contains='"application.read"').count()
    desk.go()
    assert Entry.objects.filter(content__contains='"application.read"').count() == before + 1
