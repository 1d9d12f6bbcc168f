# SPDX-License-Identifier: EUPL-1.2
"""The holder's own pages: the card, its certificates, its end, and signed documents."""

from __future__ import annotations

import subprocess
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from lxml import html
from tests.integration.web_holder.conftest import Holder, form_of, text_of

from varmentaja.apps.access.party import Origin
from varmentaja.apps.cards.actions.end_card import end_card
from varmentaja.apps.cards.models import Card
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.signatures.actions.read_documents import check_again
from varmentaja.apps.signatures.models import SignedDocument
from varmentaja.apps.signatures.queries import document_file
from varmentaja.card.driver import KeyRole
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.cards import CardState
from varmentaja.domain.revocation import Ground

pytestmark = pytest.mark.django_db

NEW, SIGN = "/en/my-card/documents/new/", "/en/my-card/documents/sign/"


@pytest.fixture
def at_home(holder: Holder) -> Holder:
    """The holder, signed in."""
    assert holder.sign_in().status_code == 302
    return holder


def sign(holder: Holder, title: str = "Statement", text: str = "I agree.\r\nÄ") -> Any:
    page = holder.post(NEW, {"title": title, "text": text})
    fields = form_of(page)
    return holder.post(SIGN, {**fields, "answer": holder.answer(fields["content"], KeyRole.SIGNATURE)})


@pytest.mark.parametrize("path", ["", "1/face.png", "1/end/", "documents/", "documents/new/", "documents/1/"])
def test_a_stranger_signs_in_first(holder: Holder, path: str) -> None:
    assert holder.get(f"/en/my-card/{path}").headers["Location"].startswith("/en/sign-in/?next=")


@pytest.mark.parametrize(("days", "warned"), [(60, False), (20, True), (0, True)])
def test_the_end_of_the_card_is_told_in_the_month_before_it(at_home: Holder, days: int, warned: bool) -> None:
    Card.objects.filter(pk=at_home.card.pk).update(valid_until=at_home.service.today + timedelta(days=days))
    assert ("The card ends soon" in text_of(at_home.get("/en/my-card/"))) is warned


def test_the_card_tells_its_way_and_what_is_on_it(at_home: Holder) -> None:
    text = text_of(at_home.get("/en/my-card/"))
    for words in (
        "Professional card",
        "In use",
        "Card posted",
        "Sign-in certificate",
        "Signature certificate",
    ):
        assert words in text
    assert at_home.card.printed_serial in text


def test_the_picture_of_the_card_is_kept_by_nobody(at_home: Holder) -> None:
    face = at_home.get(f"/en/my-card/{at_home.card.pk}/face.png")
    assert face.content.startswith(b"\x89PNG")
    assert "no-store" in face.headers["Cache-Control"]


@pytest.mark.parametrize("form", ["pem", "der"])
def test_certificates_are_handed_out(at_home: Holder, form: str) -> None:
    row = Certificate.objects.filter(card=at_home.card, purpose="signature").get()
    content = at_home.get(f"/en/my-card/{at_home.card.pk}/certificates/{row.pk}.{form}").content
    read = x509.load_pem_x509_certificate if form == "pem" else x509.load_der_x509_certificate
    assert read(content).serial_number == int(row.serial, 16)


def test_another_persons_card_stays_closed(at_home: Holder) -> None:
    other = at_home.service.made_card("prescribing_nurse")
    for path in ("face.png", "end/"):
        assert at_home.get(f"/en/my-card/{other.pk}/{path}").status_code == 403
    assert at_home.post(f"/en/my-card/{other.pk}/end/", {"ground": "lost"}).status_code == 403
    other.refresh_from_db()
    assert other.state == CardState.DISPATCHED


def test_a_lost_card_is_stopped_and_the_session_with_it(at_home: Holder) -> None:
    page = at_home.get(f"/en/my-card/{at_home.card.pk}/end/")
    assert "This cannot be undone" in text_of(page)
    done = at_home.post(f"/en/my-card/{at_home.card.pk}/end/", {"ground": "lost"})
    assert done.headers["Location"] == "/en/my-card/ended/"
    at_home.card.refresh_from_db()
    assert at_home.card.state == CardState.LOST
    assert set(Certificate.objects.filter(card=at_home.card).values_list("state", flat=True)) == {"revoked"}
    assert "has been stopped" in text_of(at_home.get("/en/my-card/ended/"))
    assert at_home.get("/en/my-card/").status_code == 302


@pytest.mark.parametrize("ground", ["", "holder_died", "nonsense"])
def test_a_ground_that_is_not_offered_changes_nothing(at_home: Holder, ground: str) -> None:
    assert at_home.post(f"/en/my-card/{at_home.card.pk}/end/", {"ground": ground}).status_code == 400
    at_home.card.refresh_from_db()
    assert at_home.card.state == CardState.ACTIVATED


def test_a_document_is_signed_listed_and_found_valid(at_home: Holder) -> None:
    done = sign(at_home)
    document = SignedDocument.objects.get()
    assert done.headers["Location"] == f"/en/my-card/documents/{document.pk}/"
    assert document.content == "I agree.\nÄ".encode()
    assert "Statement" in text_of(at_home.get("/en/my-card/documents/"))
    text = text_of(at_home.get(f"/en/my-card/documents/{document.pk}/"))
    assert "The signature is valid" in text
    assert "Mäntykangas" in text


def test_openssl_verifies_the_proof_with_the_commands_of_the_page(at_home: Holder, tmp_path: Path) -> None:
    sign(at_home, "Lausunto: hoito'ohje")
    page = f"/en/my-card/documents/{SignedDocument.objects.get().pk}/"
    for part in ("document", "signature", "certificate"):
        answer = at_home.get(f"{page}{part}/")
        name = answer.headers["Content-Disposition"].partition('filename="')[2].rstrip('"')
        (tmp_path / name).write_bytes(answer.content)
    command = str(html.fromstring(at_home.get(page).content).xpath("string(//*[@id='check-command'])"))
    done = subprocess.run(["sh", "-ec", command], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.strip() == "Verified OK", done.stderr


def test_a_file_is_signed_byte_for_byte(at_home: Holder) -> None:
    file = SimpleUploadedFile("a.pdf", b"%PDF-1.7\r\n\x00\xff", "application/pdf")
    fields = form_of(at_home.post(NEW, {"title": "A file", "file": file}))
    at_home.post(SIGN, {**fields, "answer": at_home.answer(fields["content"], KeyRole.SIGNATURE)})
    document = SignedDocument.objects.get()
    assert document.content == b"%PDF-1.7\r\n\x00\xff"
    answer = at_home.get(f"/en/my-card/documents/{document.pk}/document/")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a-file.pdf"'


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"title": "", "text": "x"}, "Enter a title"),
        ({"title": "x", "text": ""}, "Write the text or choose a file"),
        ({"title": "x", "file": SimpleUploadedFile("a", b"0" * (2**20 + 1))}, "larger than 1 MB"),
    ],
)
def test_what_cannot_be_signed_is_told_at_its_field(at_home: Holder, form: Any, words: str) -> None:
    answer = at_home.post(NEW, form)
    assert answer.status_code == 400
    assert words in text_of(answer)


def test_the_sign_in_key_signs_no_documents(at_home: Holder) -> None:
    fields = form_of(at_home.post(NEW, {"title": "x", "text": "y"}))
    refused = at_home.post(SIGN, {**fields, "answer": at_home.answer(fields["content"])})
    assert refused.status_code == 403
    assert form_of(refused)["content"] == fields["content"]
    assert not SignedDocument.objects.exists()


@pytest.mark.parametrize("answer", ["", "no JSON", '{"version": "1.2"}'])
def test_an_answer_that_is_none_loses_no_document(at_home: Holder, answer: str) -> None:
    fields = form_of(at_home.post(NEW, {"title": "Ohje", "text": "Luettu.\nÄ"}))
    refused = at_home.post(SIGN, {**fields, "answer": answer})
    assert refused.status_code == 400
    assert "Luettu. Ä" in text_of(refused)
    again = form_of(refused)
    assert (again["title"], again["content"]) == ("Ohje", fields["content"])
    done = at_home.post(SIGN, {**again, "answer": at_home.answer(again["content"], KeyRole.SIGNATURE)})
    assert done.status_code == 302
    assert SignedDocument.objects.get().content == "Luettu.\nÄ".encode()


@pytest.mark.parametrize("content", [None, "", "no base64"])
def test_a_page_without_its_document_leads_to_where_it_is_chosen(
    at_home: Holder, content: str | None
) -> None:
    form = {"title": "x", "answer": "y"} | ({} if content is None else {"content": content})
    assert at_home.post(SIGN, form).headers["Location"] == NEW
    assert "came without its document" in at_home.get(NEW).text


def test_a_later_revocation_leaves_the_signature_good(at_home: Holder) -> None:
    sign(at_home)
    time.sleep(1.1)  # status answers know whole seconds only
    end_card(SYSTEM, at_home.card.pk, Ground.REPLACED, now=timezone.now(), today=at_home.service.today)
    at_home.publish()
    document = document_file(SignedDocument.objects.get().pk)
    verified = check_again(Origin("http://localhost:8000"), document, now=timezone.now())
    assert verified.status.revoked_at is not None
