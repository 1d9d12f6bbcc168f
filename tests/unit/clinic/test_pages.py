# SPDX-License-Identifier: EUPL-1.2
"""The clinic's pages as a browser meets them: sign-in, form, both signatures, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.unit.clinic.conftest import DOCTOR, FORM, NURSE, Card, Clinic, Visitor

from varmentaja.clinic import sessions
from varmentaja.clinic.inspection import Form
from varmentaja.pki.names import Subject

NEW = "/en/prescriptions/new"


def written(clinic: Clinic) -> tuple[Visitor, str]:
    """A doctor who has signed in and written a prescription; its page."""
    visitor = clinic.visitor()
    assert visitor.sign_in(clinic.card).status == 303
    done = visitor.post(NEW, FORM)
    assert done.status == 303, done.text
    return visitor, done.headers["Location"]


def sign(visitor: Visitor, page: str, card: Card, step: str, **changes: str) -> int:
    asked = visitor.get(page)
    form = {"answer": card.answer(asked.asked)}
    if step == "document":
        form["signed_at"] = asked.hidden("signed_at")
    return visitor.post(f"{page}/{step}", {**form, **changes}).status


def test_a_doctor_signs_in_writes_and_signs(clinic: Clinic) -> None:
    visitor, page = written(clinic)
    assert "Elina Sofia Mäntykangas, Laillistettu lääkäri" in visitor.get("/en/").text
    assert "1 tabletti 3 kertaa päivässä" in visitor.get(page).text
    assert sign(visitor, page, clinic.card, "document") == 303
    assert "Sign the paper" in visitor.get(page).text
    assert sign(visitor, page, clinic.card, "paper") == 303
    assert "Both signatures are valid" in visitor.get(page).text
    for name, beginning in (("prescription.pdf", b"%PDF-"), ("prescription.xml", b"<?xml")):
        document = visitor.get(f"{page}/{name}").body
        assert document.startswith(beginning)
        told = clinic.visitor().upload("/en/check", document).text
        assert "The signature is valid" in told and "099101" in told
    assert (clinic.records.signed(page.rpartition("/")[2], Form.PDF) or b"").startswith(b"%PDF-")


def test_errors_come_back_with_what_was_typed(clinic: Clinic) -> None:
    visitor = clinic.visitor()
    visitor.sign_in(clinic.card)
    typed = {
        **FORM,
        "identity_code": "010181-123D",
        "dosage": " ",
        "medicine": "x" * 81,
        "strength": "<b>&",
        "amount": "\u200b1",
    }
    answer = visitor.post(NEW, typed)
    assert answer.status == 422
    for text in (
        "typing error",
        "Enter how the medicine is taken.",
        "Shorten this to 80 characters.",
        "a character that cannot be printed",
    ):
        assert text in answer.text
    assert b'value="&lt;b&gt;&amp;"' in answer.body and "x" * 81 in answer.text


def test_identity_codes_of_real_people_are_refused(clinic: Clinic) -> None:
    visitor = clinic.visitor()
    visitor.sign_in(clinic.card)
    assert "Use a fictive identity code" in visitor.post(NEW, {**FORM, "identity_code": "131052-308T"}).text


def test_who_has_no_physicians_code_is_told_so_and_cannot_write(clinic: Clinic) -> None:
    nurse = Card(clinic.card.key, clinic.demo, clinic.line, NURSE)
    visitor = clinic.visitor()
    visitor.sign_in(nurse)
    assert "You cannot write prescriptions" in visitor.get("/en/").text
    for answer in (visitor.get(NEW), visitor.post(NEW, FORM)):
        assert answer.status == 403 and "Laillistettu sairaanhoitaja" in answer.text


def test_nobody_else_sees_a_prescription(clinic: Clinic) -> None:
    _, page = written(clinic)
    other = Card(clinic.card.key, clinic.demo, clinic.line, _renumbered(DOCTOR))
    visitor = clinic.visitor()
    assert visitor.get(page).status == 403
    visitor.sign_in(other)
    assert visitor.get(page).status == 404
    assert visitor.get(f"{page}/prescription.pdf").status == 404
    assert visitor.get("/en/prescriptions/..").status == 404


def _renumbered(subject: Subject) -> Subject:
    names = {name: getattr(subject, name) for name in ("given_names", "first_name", "surname", "title")}
    return Subject(serial_number="00999000199", physician_code="099199", **names)


def test_somebody_elses_card_does_not_sign(clinic: Clinic) -> None:
    visitor, page = written(clinic)
    other = Card(clinic.card.key, clinic.demo, clinic.line, _renumbered(DOCTOR))
    assert sign(visitor, page, other, "document") == 403
    assert clinic.records.signed(page.rpartition("/")[2], Form.CDA) is None
    assert sign(visitor, page, clinic.card, "document") == 303
    assert sign(visitor, page, other, "paper") == 403


@pytest.mark.parametrize("signed_at", ["", "yesterday", "2026-01-01T00:00:00", "2020-01-01T00:00:00+00:00"])
def test_a_time_of_signing_that_the_page_did_not_show_is_refused(clinic: Clinic, signed_at: str) -> None:
    visitor, page = written(clinic)
    assert sign(visitor, page, clinic.card, "document", signed_at=signed_at) == 409
    soon = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    assert sign(visitor, page, clinic.card, "document", signed_at=soon) == 422


def test_another_hash_than_the_document_names_is_refused(clinic: Clinic) -> None:
    visitor, page = written(clinic)
    asked = visitor.get(page)
    other = {"SHA256": "SHA384", "SHA384": "SHA256"}[asked.asked["hash"]]
    answer = clinic.card.answer({**asked.asked, "hash": other})
    done = visitor.post(f"{page}/document", {"answer": answer, "signed_at": asked.hidden("signed_at")})
    assert done.status == 422 and "does not match" in done.text


def test_what_is_signed_is_signed_once(clinic: Clinic) -> None:
    visitor, page = written(clinic)
    asked = visitor.get(page)
    form = {"answer": clinic.card.answer(asked.asked), "signed_at": asked.hidden("signed_at")}
    assert visitor.post(f"{page}/document", form).status == 303
    assert visitor.post(f"{page}/document", form).status == 409


def test_a_challenge_is_answered_once_and_in_its_own_browser(clinic: Clinic) -> None:
    visitor = clinic.visitor()
    asked = visitor.get("/en/").asked
    form = {"content": asked["content"], "answer": clinic.card.answer(asked)}
    assert clinic.visitor().post("/en/sign-in", form).status == 422
    first = visitor.cookie
    assert visitor.post("/en/sign-in", form).status == 303
    assert visitor.cookie != first
    assert visitor.post("/en/sign-in", form).status in (409, 422)


def test_signing_out_ends_the_session(clinic: Clinic) -> None:
    visitor, page = written(clinic)
    assert visitor.post("/en/sign-out", {}).status == 303
    assert visitor.get(page).status == 403


def test_a_revoked_certificate_ends_the_session(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor, _ = written(clinic)
    clinic.responder.revoked_at = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
    monkeypatch.setattr(sessions, "ASK_AGAIN", timedelta(0))
    told = visitor.get("/en/")
    assert told.status == 403 and "has been revoked" in told.text and "Sign in with your card" in told.text
    assert "Sign out" not in visitor.get("/en/").text


def test_an_unknown_status_is_told_as_such(clinic: Clinic) -> None:
    visitor, page = written(clinic)
    clinic.responder.down = True
    assert sign(visitor, page, clinic.card, "document") == 503


@pytest.mark.parametrize(
    "document",
    [b"", b"%PDF-1.4", b"<a/>", b"PK\x03\x04", b"<!DOCTYPE a [<!ENTITY b SYSTEM '/etc/passwd'>]><a>&b;</a>"],
)
def test_anything_may_be_uploaded_and_is_told_not_to_be_a_document(clinic: Clinic, document: bytes) -> None:
    answer = clinic.visitor().upload("/fi/check", document)
    assert answer.status == 422 and 'id="error-summary"' in answer.text


def test_forms_of_other_sites_and_other_names_of_the_site_are_turned_away(clinic: Clinic) -> None:
    visitor = clinic.visitor()
    assert visitor.post("/en/sign-out", {}, HTTP_ORIGIN="https://evil.example").status == 403
    assert visitor.get("/en/", HTTP_HOST="evil.example").status == 421
    assert visitor.get("/en/").headers["X-Frame-Options"] == "DENY"
    assert visitor.post(NEW, FORM, CONTENT_LENGTH=str(1 << 30)).status == 413
    assert visitor.get("/nowhere/").status == 404 and visitor.get("/en/nowhere").status == 404
    assert visitor.get("/assets/../pages.py").status == 404


def test_the_language_is_the_browsers_and_the_menu_leads_back_to_the_same_page(clinic: Clinic) -> None:
    visitor = clinic.visitor()
    assert visitor.get("/", HTTP_ACCEPT_LANGUAGE="sv-FI,sv;q=0.9").headers["Location"] == "/sv/"
    assert 'href="/fi/check"' in visitor.get("/sv/check").text
    signed_in, page = written(clinic)
    assert f'href="{page.replace("/en/", "/sv/")}"' in signed_in.get(page).text
    refused = signed_in.post(f"{page}/document", {"answer": "{}"})
    assert refused.status == 422 and f'href="{page.replace("/en/", "/sv/")}"' in refused.text
