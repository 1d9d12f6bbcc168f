# SPDX-License-Identifier: EUPL-1.2
"""Photographs as people send them, and as others would: each fault has its clear message."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from varmentaja.documents import photo
from varmentaja.documents.photo import clean_photo
from varmentaja.domain.errors import DomainError, Kind

RED, BLUE = (220, 20, 20), (20, 20, 220)
ORIENTATION, GPS = 0x0112, 0x8825


def picture(
    size: tuple[int, int] = (720, 940), form: str = "JPEG", mode: str = "RGB", **options: object
) -> bytes:
    """Upper half red, lower half blue."""
    image = Image.new("RGB", size, BLUE)
    image.paste(RED, (0, 0, size[0], size[1] // 2))
    file = io.BytesIO()
    image.convert(mode).save(file, form, **options)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(clean_photo(data).jpeg))
    image.load()
    return image


def fault(data: bytes) -> str:
    with pytest.raises(DomainError) as error:
        clean_photo(data)
    assert (error.value.kind, error.value.field) == (Kind.INVALID, "photo")
    return str(error.value)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("size", [(720, 940), (4000, 1000), (1000, 4000), (216, 282)])
def test_any_shape_becomes_a_passport_photograph(form: str, size: tuple[int, int]) -> None:
    image = opened(picture(size, form))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (photo.WIDTH, photo.HEIGHT))


def test_a_photograph_is_turned_as_the_camera_says() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    image = opened(picture((940, 940), exif=exif))
    left, right = image.getpixel((20, 300)), image.getpixel((photo.WIDTH - 20, 300))
    assert left == pytest.approx(BLUE, abs=12)
    assert right == pytest.approx(RED, abs=12)


def test_place_and_everything_else_hidden_is_gone() -> None:
    exif = Image.Exif()
    exif[0x010F] = "CameraMaker"
    exif.get_ifd(GPS)[2] = (60.0, 10.0, 0.0)
    dirty = picture(exif=exif, comment=b"secret comment", icc_profile=b"secret profile", xmp=b"<x>secret</x>")
    assert b"CameraMaker" in dirty
    image = opened(dirty)
    assert dict(image.getexif()) == {}
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert b"secret" not in clean_photo(dirty).jpeg


def test_what_was_transparent_is_white() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (540, 705), (0, 0, 0, 0)).save(file, "PNG")
    assert opened(file.getvalue()).getpixel((200, 200)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["L", "CMYK", "1"])
def test_other_colours_are_understood(mode: str) -> None:
    assert opened(picture(form="JPEG" if mode != "1" else "PNG", mode=mode)).mode == "RGB"


@pytest.mark.parametrize("data", [b"", b"This is a text renamed to .jpg", picture(form="GIF"), b"%PDF-1.7\n"])
def test_what_is_no_photograph_is_said_to_be_none(data: bytes) -> None:
    assert "not a photograph" in fault(data)


def test_a_photograph_of_40_megabytes_is_too_large() -> None:
    assert "10 MB" in fault(picture() + bytes(40 * 1024 * 1024))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("size", [(60_000, 60_000), (10_000, 9_500)])
def test_a_bomb_is_refused_before_it_unfolds(size: tuple[int, int]) -> None:
    header = struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", bytes(64)) + chunk(b"IEND", b"")
    assert "too many pixels" in fault(bomb)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def test_too_few_pixels_are_said_with_the_number_needed() -> None:
    assert "216 × 282" in fault(picture((100, 130)))


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_photograph_that_breaks_off_is_damaged(form: str) -> None:
    assert "damaged" in fault(picture((720, 940), form)[:-600])


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_file_with_any_byte_changed_is_a_photograph_or_a_clear_fault(data: st.DataObject) -> None:
    content = bytearray(picture((216, 282), "PNG"))
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=8)):
        content[place] ^= data.draw(st.integers(1, 255))
    try:
        assert clean_photo(bytes(content)).jpeg.startswith(b"\xff\xd8")
    except DomainError as error:
        assert error.kind is Kind.INVALID
