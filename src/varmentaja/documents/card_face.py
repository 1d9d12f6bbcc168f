# SPDX-License-Identifier: EUPL-1.2
"""A card's face: front and back in the size of ISO/IEC 7810 ID-1, with the photograph or without."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from varmentaja.documents.sender import Sender
from varmentaja.documents.typesetting import set_pages, set_pdf
from varmentaja.ports.card_factory import Face

PIXELS_PER_INCH = 300


@dataclass(frozen=True, slots=True)
class Pictures:
    """The two sides as PNG (1011 x 638 pixels), and both as one PDF for the printer."""

    front: bytes
    back: bytes
    pdf: bytes


def draw(face: Face, printed_serial: str, sender: Sender) -> Pictures:
    """Draw both sides; a face without a photograph has a layout of its own. Found cards go to ``sender``."""
    data = {
        "product": face.product,
        "family_name": face.family_name,
        "first_name": face.first_name,
        "title": face.title,
        "number": face.number,
        "valid_until": f"{face.valid_until.day}.{face.valid_until.month}.{face.valid_until.year}",
        # Typst is handed text only; the template wraps this in an SVG image.
        "photo": base64.b64encode(face.photo or b"").decode(),
        "serial": printed_serial,
        "sender": sender.name,
        "return_to": f"{sender.name}, {sender.address}",
        "test": sender.test,
    }
    front, back = set_pages("card_face.typ", data, ppi=PIXELS_PER_INCH)
    return Pictures(front, back, set_pdf("card_face.typ", data, face.valid_until))
