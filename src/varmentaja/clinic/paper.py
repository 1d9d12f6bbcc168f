# SPDX-License-Identifier: EUPL-1.2
"""The prescription on paper: set with Typst, in memory, in the language of the page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

from varmentaja.clinic.cda import document_oid
from varmentaja.clinic.prescription import Prescription
from varmentaja.clinic.texts import gettext, moment_text, written
from varmentaja.relying_party import CardIdentity

SIGNATURE_SIZE = (300, 78)
"""Width and height of the visible signature in points."""

_HERE = Path(__file__).parent
_FONTS = _HERE.parent / "documents" / "fonts"


def prescription_pdf(prescription: Prescription, language: str) -> bytes:
    """The sheet as PDF/UA-1, not signed yet; the same prescription gives the same bytes."""
    _ = gettext(language)
    who = prescription.prescriber
    rows = (
        (_("Patient"), prescription.patient, True),
        (_("Identity code"), prescription.identity_code, False),
        (_("Medicine"), f"{prescription.medicine} {prescription.strength}", True),
        (_("Amount"), prescription.amount, False),
        (_("Dosage"), prescription.dosage, False),
        (_("Purpose of use"), prescription.purpose, False),
        (_("Prescriber"), f"{who.name}, {who.profession}", False),
        (_("Registration number"), who.registration_number or "", False),
        (_("Physician's identification code"), who.physician_code or "", False),
    )
    data = {
        "language": language,
        "clinic": _("Demo clinic"),
        "title": _("Prescription"),
        "test": _("TEST – not a real prescription"),
        "day": written(prescription.written_on, language),
        "prescriber": who.name,
        "rows": rows,
        "signature-label": _("Signature"),
        "document-label": _("Document"),
        "oid": document_oid(prescription),
    }
    made = int(datetime.combine(prescription.written_on, time(), UTC).timestamp())
    return _set("prescription.typ", data, made)


def signature_picture(signer: CardIdentity, signed_at: datetime, language: str) -> bytes:
    """What the visible signature shows, as a one-page PDF of ``SIGNATURE_SIZE``."""
    _ = gettext(language)
    numbers = (signer.registration_number, signer.physician_code, signer.organisation)
    width, height = SIGNATURE_SIZE
    data = {
        "language": language,
        "width": width,
        "height": height,
        "title": _("Signed electronically with a card"),
        "name": signer.name,
        "profession": signer.profession,
        "numbers": " · ".join(number for number in numbers if number),
        "time": moment_text(signed_at, language),
    }
    return _set("signature.typ", data, int(signed_at.timestamp()))


@cache
def _templates() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (_HERE / "papers").glob("*.typ")}


def _set(template: str, data: Mapping[str, Any], made: int) -> bytes:
    import typst  # a large library, which pages without a paper do without

    options: dict[str, Any] = {"font_paths": [str(_FONTS)], "ignore_system_fonts": True, "timestamp": made}
    inputs = {"data": json.dumps(data, ensure_ascii=False)}
    pdf = typst.compile(
        {"main.typ": _templates()[template]},
        format="pdf",
        sys_inputs=inputs,
        pdf_standards="ua-1",
        **options,
    )
    assert isinstance(pdf, bytes)
    return pdf
