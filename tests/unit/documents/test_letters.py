# SPDX-License-Identifier: EUPL-1.2
"""Letters and receipts: complete, in the reader's language, accessible, the same every time."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date

import pytest
from pypdf import PdfReader

from varmentaja.documents import letters, receipts
from varmentaja.documents.sender import sandbox_sender
from varmentaja.domain.people import Language
from varmentaja.domain.pins import pin_rules

SENDER = sandbox_sender("http://localhost:8000")
DAY = date(2026, 11, 27)
ADDRESS = ("Ánneš Čáhputčearru", "Mallilan terveyskeskus", "Esimerkkikatu 1", "99981 Mallila")
CODE = letters.CodeLetter(SENDER, ADDRESS, DAY, "83519046", "3F0A91C27", pin_rules("professional", "2020"))
CARD = letters.CardLetter(
    SENDER, ADDRESS, DAY, "Laillistettu sairaanhoitaja", "3F0A91C27", date(2031, 11, 24), date(2026, 12, 2)
)
RECEIPT = receipts.Receipt(
    sender=SENDER,
    number="2026-000123",
    submitted_on=DAY,
    applicant="Ánneš Biret-Ŋiŋŋá Čáhputčearru",
    identity_code="040301A9042",
    product="Ammattikortti",
    title="Laillistettu sairaanhoitaja",
    registration_number="00999000110",
    identity_document="Passport FP1234567, FI",
    with_photo=True,
    card_address=ADDRESS,
    letter_address=ADDRESS,
    terms_version="2026-1",
    terms_hash="0123456789abcdef" * 4,
    decision="Approved.",
    reasons=("The right is valid.",),
    registrar="Marja Vastuuniemi",
    point="Mallila",
)
HEADINGS = {
    Language.FINNISH: (
        "Ota korttisi käyttöön",
        "Tässä on korttisi",
        "Korttihakemuksen vahvistus",
    ),
    Language.SWEDISH: (
        "Ta ditt kort i bruk med den här koden",
        "Här är ditt kort",
        "Bekräftelse på kortansökan",
    ),
    Language.ENGLISH: (
        "Start using your card with this code",
        "Here is your card",
        "Confirmation of a card application",
    ),
}
MAKERS = (
    lambda language: letters.activation_letter(CODE, language),
    lambda language: letters.card_letter(CARD, language),
    lambda language: receipts.application_receipt(RECEIPT, language),
)


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", range(3))
def test_each_document_is_in_the_readers_language_and_marked_as_accessible(
    kind: int, language: Language
) -> None:
    pdf = MAKERS[kind](language)
    reader = PdfReader(io.BytesIO(pdf))
    assert len(reader.pages) == 1
    assert HEADINGS[language][kind] in text_of(pdf)
    catalogue = reader.root_object
    assert str(catalogue["/Lang"]).startswith(language)
    assert catalogue["/MarkInfo"]["/Marked"].value is True
    assert b"pdfuaid:part" in pdf
    assert HEADINGS[language][kind] in (reader.metadata.title or "")


@pytest.mark.parametrize("kind", range(3))
def test_the_same_data_gives_the_same_bytes(kind: int) -> None:
    assert MAKERS[kind](Language.SWEDISH) == MAKERS[kind](Language.SWEDISH)


@pytest.mark.parametrize("language", Language)
def test_the_code_letter_shows_the_code_and_only_the_end_of_the_serial(language: Language) -> None:
    text = text_of(letters.activation_letter(CODE, language))
    assert "8351 9046" in text
    assert "1C27" in text
    assert "3F0A91C27" not in text
    assert "4–8" in text


@pytest.mark.parametrize("language", Language)
def test_the_card_letter_carries_no_code(language: Language) -> None:
    text = text_of(letters.card_letter(CARD, language))
    assert "3F0A91C27" in text
    assert letters_day(language) in text
    assert "8351" not in text


def letters_day(language: Language) -> str:
    return "2 December 2026" if language is Language.ENGLISH else "2.12.2026"


@pytest.mark.parametrize("language", Language)
def test_addresses_stand_in_the_window(language: Language) -> None:
    page = PdfReader(io.BytesIO(letters.activation_letter(CODE, language))).pages[0]
    places: dict[str, tuple[float, float]] = {}

    def note(text: str, outer: list[float], inner: list[float], *_: object) -> None:
        across = inner[4] * outer[0] + inner[5] * outer[2] + outer[4]
        up = inner[4] * outer[1] + inner[5] * outer[3] + outer[5]
        places[text.strip()] = (across / 72 * 25.4, 297 - up / 72 * 25.4)

    page.extract_text(visitor_text=note)
    for line in ADDRESS:
        across, down = places[line]
        assert 19.9 <= across <= 110
        assert 45 <= down <= 80


@pytest.mark.parametrize(
    ("code", "shown"), [("83519046", "8351 9046"), ("1234567", "123 4567"), ("1234", "1234")]
)
def test_codes_are_grouped_for_reading(code: str, shown: str) -> None:
    assert letters.grouped(code) == shown


@pytest.mark.parametrize("language", Language)
def test_the_receipt_says_what_was_applied_for_and_accepted(language: Language) -> None:
    text = text_of(receipts.application_receipt(RECEIPT, language))
    for fact in ("040301A9042", "00999000110", "2026-1", "Marja Vastuuniemi", "The right is valid.", "Ŋiŋŋá"):
        assert fact in text
    assert RECEIPT.terms_hash in text.replace(" ", "")


def test_words_that_look_like_markup_are_only_words() -> None:
    evil = ("Elina #panic() *Mänty*", "$x$ <label> @ref", "99981 Mallila")
    text = text_of(
        letters.card_letter(
            letters.CardLetter(SENDER, evil, DAY, "#sys", "3F0A91C27", DAY, DAY), Language.FINNISH
        )
    )
    assert evil[0] in text
    assert evil[1] in text


def test_a_secret_is_not_shown_by_repr() -> None:
    assert "83519046" not in repr(CODE)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (Language.FINNISH, "korvaa aiemman korttisi"),
        (Language.SWEDISH, "ersätter ditt tidigare kort"),
        (Language.ENGLISH, "replaces your earlier one"),
    ],
)
def test_the_letter_with_a_card_that_replaces_another_says_when_that_one_ends(
    language: Language, words: str
) -> None:
    assert words not in text_of(letters.card_letter(CARD, language))
    told = text_of(letters.card_letter(replace(CARD, old_ends_after=31), language))
    assert words in told and " 31 " in told
