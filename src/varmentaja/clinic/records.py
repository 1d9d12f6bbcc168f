# SPDX-License-Identifier: EUPL-1.2
"""The clinic's prescriptions: a folder each, files that are written once.

    <id>/prescription.json      as it was written
    <id>/prescription.xml       the signed CDA R2 document       <id>/prescription.xml.ocsp
    <id>/prescription.pdf       the signed PDF                   <id>/prescription.pdf.ocsp

The ``.ocsp`` files are the status answers that were in hand when the signatures were accepted.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from varmentaja.clinic.inspection import Form
from varmentaja.clinic.prescription import Prescription
from varmentaja.domain.errors import conflict, not_found
from varmentaja.files import write_new
from varmentaja.relying_party import CardIdentity, CardKind

_FILES = {Form.CDA: "prescription.xml", Form.PDF: "prescription.pdf"}
_WRITTEN = "prescription.json"


class Records:
    """All prescriptions in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def add(self, prescription: Prescription) -> None:
        """Keep a new prescription."""
        place = self._folder / prescription.id
        place.mkdir(mode=0o700)
        text = json.dumps(asdict(prescription), default=str, ensure_ascii=False, indent=1)
        write_new(place / _WRITTEN, text.encode())

    def of(self, prescriber: CardIdentity) -> list[Prescription]:
        """Everything that a person has written, newest first."""
        found = [self._read(path) for path in self._folder.glob(f"*/{_WRITTEN}")]
        own = [each for each in found if each[1].prescriber.subject == prescriber.subject]
        return [each for _, each in sorted(own, key=lambda pair: pair[0], reverse=True)]

    def get(self, record: str, prescriber: CardIdentity) -> Prescription:
        """One of a person's own prescriptions; not_found for everything else."""
        path = self._folder / record / _WRITTEN
        if not _is_id(record) or not path.is_file():
            raise not_found("There is no such prescription.")
        prescription = self._read(path)[1]
        if prescription.prescriber.subject != prescriber.subject:
            raise not_found("There is no such prescription.")
        return prescription

    def signed(self, record: str, form: Form) -> bytes | None:
        """The signed document, once there is one."""
        path = self._folder / record / _FILES[form]
        return path.read_bytes() if path.is_file() else None

    def keep(self, record: str, form: Form, document: bytes, status: bytes) -> None:
        """Keep a signed document that was checked, with the status answer; conflict when one is there."""
        path = self._folder / record / _FILES[form]
        if not write_new(path, document):
            raise conflict("This prescription has been signed already.")
        write_new(path.with_name(f"{path.name}.ocsp"), status)

    @staticmethod
    def _read(path: Path) -> tuple[int, Prescription]:
        data: dict[str, Any] = json.loads(path.read_text("utf-8"))
        who = data.pop("prescriber")
        who["kind"] = CardKind(who["kind"])
        data["written_on"] = date.fromisoformat(data["written_on"])
        return path.stat().st_mtime_ns, Prescription(prescriber=CardIdentity(**who), **data)


def _is_id(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
