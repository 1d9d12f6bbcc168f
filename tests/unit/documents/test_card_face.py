# SPDX-License-Identifier: EUPL-1.2
"""Card faces: right size, right words, names of any length and letter."""

from __future__ import annotations

import io
import subprocess
from dataclasses import replace
from datetime import date

import pytest
from PIL import Image, ImageChops
from pypdf import PdfReader

from varmentaja.documents.card_face import Pictures, draw
from varmentaja.documents.sender import sandbox_sender
from varmentaja.ports.card_factory import Face

SENDER = sandbox_sender("http://localhost:8000")
FACE = Face("professional", "Mäntykangas", "Elina", "Laillistettu lääkäri", "00999000101", date(2031, 11, 24))
SERIAL = "3F0A91C27"
MILLIMETRES = 72 / 25.4


def photo() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (540, 705), (255, 0, 0)).save(file, "JPEG")
    return file.getvalue()


def words(pictures: Pictures) -> list[str]:
    """The text of each side as a screen reader gets it (pdftotext follows ActualText, pypdf does not)."""
    done = subprocess.run(["pdftotext", "-", "-"], input=pictures.pdf, capture_output=True, check=True)
    return [" ".join(side.split()) for side in done.stdout.decode().split("\f")[:2]]


def test_both_sides_have_the_size_of_a_card() -> None:
    pictures = draw(FACE, SERIAL, SENDER)
    for page in PdfReader(io.BytesIO(pictures.pdf)).pages:
        assert float(page.mediabox.width) == pytest.approx(85.6 * MILLIMETRES, abs=0.1)
        assert float(page.mediabox.height) == pytest.approx(54 * MILLIMETRES, abs=0.1)
    for side in (pictures.front, pictures.back):
        assert Image.open(io.BytesIO(side)).size == (1011, 638)


def test_front_and_back_say_what_they_must() -> None:
    front, back = words(draw(FACE, SERIAL, SENDER))
    for fact in ("Mäntykangas", "Elina", "Laillistettu lääkäri", "00999000101", "24.11.2031", "TEST CARD"):
        assert fact in front
    assert SERIAL in back
    assert "TESTKORT" in back
    assert SERIAL not in front


def test_a_card_of_production_is_not_called_a_test_card() -> None:
    front, back = words(draw(FACE, SERIAL, replace(SENDER, test=False)))
    assert "TEST" not in front + back


@pytest.mark.parametrize(
    "name",
    [
        "von Exempelhielm-Provstjerna af Mallisborg och Näytenäsudden-Šteinžeit",
        "Čuovžajokk-Ǩiõlgǥâđ Ǯuäʹnn",
        "Ó",
    ],
)
def test_a_name_of_any_length_stands_whole(name: str) -> None:
    front, _ = words(draw(replace(FACE, family_name=name, photo=photo()), SERIAL, SENDER))
    # pdftotext joins what a hyphen parts at the end of a line.
    parts = str.maketrans("", "", " -")
    assert name.translate(parts) in front.translate(parts)


def test_the_photograph_is_drawn_and_only_where_there_is_one() -> None:
    plain = Image.open(io.BytesIO(draw(FACE, SERIAL, SENDER).front)).convert("RGB")
    with_photo = Image.open(io.BytesIO(draw(replace(FACE, photo=photo()), SERIAL, SENDER).front)).convert(
        "RGB"
    )
    place = (840, 300)
    assert with_photo.getpixel(place) == pytest.approx((254, 0, 0), abs=3)
    assert plain.getpixel(place) != with_photo.getpixel(place)
    assert ImageChops.difference(plain, with_photo).getbbox() is not None


def test_a_face_without_a_number_has_no_empty_field() -> None:
    front, _ = words(draw(replace(FACE, product="personnel", number=""), SERIAL, SENDER))
    assert "Rek.nro" not in front
    assert "Henkilöstökortti" in front


def test_the_same_face_is_drawn_the_same() -> None:
    assert draw(FACE, SERIAL, SENDER) == draw(FACE, SERIAL, SENDER)
