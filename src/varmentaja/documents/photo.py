# SPDX-License-Identifier: EUPL-1.2
"""A photograph for a card, made safe: upright, in a passport's proportions, with nothing hidden in it."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

from PIL import Image, ImageOps, UnidentifiedImageError

from varmentaja.domain.errors import invalid

FIELD = "photo"
MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 50_000_000
"""A small file can unfold into far more; the size it claims is read before anything is unfolded."""
RATIO = (36, 47)
"""Width and height of a passport photograph in millimetres."""
WIDTH, HEIGHT = 540, 705
"""Pixels of the clean photograph: 381 to the inch at 36 x 47 mm."""
_MIN_WIDTH, _MIN_HEIGHT = 216, 282
_FORMATS = ("JPEG", "PNG")
_QUALITY = 88


@dataclass(frozen=True, slots=True)
class CleanPhoto:
    """A JPEG of 540 x 705 pixels, sRGB, without any metadata."""

    jpeg: bytes = field(repr=False)


def clean_photo(data: bytes) -> CleanPhoto:
    """Check and remake a photograph; whatever was hidden in the file (place, time, camera) is gone.

    Raises DomainError (INVALID, field ``photo``) with the fault: too large, too small,
    not a JPEG or PNG, damaged.
    """
    if len(data) > MAX_BYTES:
        raise invalid("The photograph is too large. The file may have 10 MB at most.", field=FIELD)
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            _check_size(image)
            return CleanPhoto(_encoded(_cropped(_upright(image))))
    except UnidentifiedImageError as error:
        raise invalid("The file is not a photograph. Choose a JPEG or PNG picture.", field=FIELD) from error
    except Image.DecompressionBombError as error:
        raise _too_many_pixels() from error
    except (OSError, SyntaxError, ValueError) as error:
        # Pillow's ways of saying that a file breaks off or contradicts itself.
        raise invalid("The photograph is damaged. Save it again and try anew.", field=FIELD) from error


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise _too_many_pixels()
    if min(image.size) < _MIN_WIDTH or max(image.size) < _MIN_HEIGHT:
        raise invalid(
            "The photograph is too small. It must have at least %(width)s × %(height)s pixels.",
            field=FIELD,
            width=_MIN_WIDTH,
            height=_MIN_HEIGHT,
        )


def _too_many_pixels() -> Exception:
    return invalid("The photograph has too many pixels. Make it smaller and try again.", field=FIELD)


def _upright(image: Image.Image) -> Image.Image:
    """Turned as the camera says, on white where it was transparent."""
    turned = ImageOps.exif_transpose(image)
    if "A" not in turned.getbands() and "transparency" not in turned.info:
        return turned.convert("RGB")
    opaque = turned.convert("RGBA")
    white = Image.new("RGBA", opaque.size, "white")
    return Image.alpha_composite(white, opaque).convert("RGB")


def _cropped(image: Image.Image) -> Image.Image:
    """The middle, a little above centre, where the face is."""
    return ImageOps.fit(image, (WIDTH, HEIGHT), Image.Resampling.LANCZOS, centering=(0.5, 0.4))


def _encoded(image: Image.Image) -> bytes:
    # A fresh image carries no metadata of the old one, whatever its format kept.
    clean = Image.new("RGB", image.size)
    clean.paste(image)
    file = io.BytesIO()
    clean.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
