# SPDX-License-Identifier: EUPL-1.2
"""A prescription as a CDA R2 document, and its signature by the prescriber.

Built anew from prescription and time each time it is needed: what the page showed and what came back signed
cannot differ.
"""

from __future__ import annotations

import tomllib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, cast

from cryptography import x509
from lxml import etree

from varmentaja.clinic.clock import in_finland
from varmentaja.clinic.prescription import Prescription
from varmentaja.clinic.texts import written
from varmentaja.clinic.xml_signature import HL7, HL7FI, Method, add_signature, finish_signature
from varmentaja.domain.identity_code import IdentityCode

_ROOT_NAMESPACES = cast(
    "dict[str, str]",  # lxml-stubs knows no default namespace
    {None: HL7, "xsi": "http://www.w3.org/2001/XMLSchema-instance"},
)


@dataclass(frozen=True, slots=True)
class ToSign:
    """A document that lacks its signature's value, and the octets that the card signs."""

    root: etree._Element
    signed_info: bytes

    def finish(self, value: bytes, certificate: x509.Certificate) -> bytes:
        """The signed document."""
        holder = self.root.find(f"{{{HL7FI}}}localHeader/{{{HL7FI}}}signatureCollection/{{{HL7FI}}}signature")
        assert holder is not None
        finish_signature(holder, value, certificate)
        return etree.tostring(self.root, xml_declaration=True, encoding="UTF-8")


def prepare(prescription: Prescription, signed_at: datetime, method: Method) -> ToSign:
    """The document with everything but the signature's value; ``signed_at`` is aware, to the millisecond."""
    root = _document(prescription, signed_at)
    component = root.find(_hl7("component"))
    assert component is not None
    local = etree.Element(f"{{{HL7FI}}}localHeader", nsmap={"hl7fi": HL7FI})
    component.addprevious(local)
    holder, timestamp_id = _signature_holder(local, prescription, signed_at)
    signature_id = f"Signature-{prescription.id}"
    return ToSign(root, add_signature(holder, signature_id, timestamp_id, method))


def document_oid(prescription: Prescription) -> str:
    """The document's OID: under 2.25, where every UUID has a place without asking anybody."""
    return f"2.25.{uuid.UUID(prescription.id).int}"


@cache
def _codes() -> Mapping[str, Any]:
    return tomllib.loads(files("varmentaja.clinic").joinpath("cda_codes.toml").read_text("utf-8"))


def _signature_holder(
    local: etree._Element, prescription: Prescription, signed_at: datetime
) -> tuple[etree._Element, str]:
    """hl7fi:signature with description and time, as the known example has them; the time's ID."""
    moment = in_finland(signed_at)
    collection = etree.SubElement(local, f"{{{HL7FI}}}signatureCollection")
    stamp = f"{moment:%Y%m%d.%H%M%S}{moment.microsecond // 1000:03d}"
    holder = etree.SubElement(
        collection, f"{{{HL7FI}}}signature", ID=f"OID{document_oid(prescription)}.{stamp}"
    )
    told = _codes()["signature"]
    described = {
        **({"code": told["code"]} if told["code"] else {"nullFlavor": "NI"}),
        "codeSystem": told["code_system"],
        "codeSystemName": told["code_system_name"],
        "displayName": told["display_name"],
    }
    etree.SubElement(holder, f"{{{HL7FI}}}signatureDescription", described)
    timestamp_id = f"ID{moment:%Y.%m.%d.%H.%M.%S}.{moment.microsecond // 1000:04d}"
    timestamp = etree.SubElement(holder, f"{{{HL7FI}}}signatureTimestamp", ID=timestamp_id)
    timestamp.text = moment.isoformat(timespec="milliseconds")
    return holder, timestamp_id


def _document(prescription: Prescription, signed_at: datetime) -> etree._Element:
    codes = _codes()
    # xsi is declared here since CDA readers expect types by its name; nothing visibly uses it yet.
    root = etree.Element(_hl7("ClinicalDocument"), nsmap=_ROOT_NAMESPACES)
    _add(root, "typeId", root="2.16.840.1.113883.1.3", extension="POCD_HD000040")
    for template in codes["document"]["templates"]:
        _add(root, "templateId", root=template)
    _add(root, "id", root=document_oid(prescription))
    _add(root, "code", code=codes["document"]["code"], codeSystem=codes["document"]["code_system"])
    _add(root, "title").text = "Resepti"
    _add(root, "effectiveTime", value=f"{in_finland(signed_at):%Y%m%d%H%M%S%z}")
    _add(root, "confidentialityCode", code="N", codeSystem="2.16.840.1.113883.5.25")
    _add(root, "languageCode", code="fi")
    _patient(root, prescription)
    _author(root, prescription, signed_at)
    custodian = _add(_add(_add(root, "custodian"), "assignedCustodian"), "representedCustodianOrganization")
    _add(custodian, "id", nullFlavor="NI")
    _add(custodian, "name").text = "Demoklinikka"
    _body(root, prescription)
    return root


def _patient(root: etree._Element, prescription: Prescription) -> None:
    role = _add(_add(root, "recordTarget"), "patientRole")
    _add(role, "id", root=_codes()["identifiers"]["identity_code"], extension=prescription.identity_code)
    patient = _add(role, "patient")
    _add(patient, "name").text = prescription.patient
    birth = IdentityCode.parse(prescription.identity_code).birth_date
    _add(patient, "birthTime", value=f"{birth:%Y%m%d}")


def _author(root: etree._Element, prescription: Prescription, signed_at: datetime) -> None:
    who, roots = prescription.prescriber, _codes()["identifiers"]
    author = _add(root, "author")
    _add(author, "time", value=f"{in_finland(signed_at):%Y%m%d%H%M%S%z}")
    assigned = _add(author, "assignedAuthor")
    for system, number in (
        ("registration_number", who.registration_number),
        ("physician_code", who.physician_code),
    ):
        if number:
            _add(assigned, "id", root=roots[system], extension=number)
    name = _add(_add(assigned, "assignedPerson"), "name")
    _add(name, "prefix").text = who.profession
    _add(name, "given").text = who.given_names
    _add(name, "family").text = who.surname


def _body(root: etree._Element, prescription: Prescription) -> None:
    """What is signed: it names the patient and the prescriber too, since the header is not covered."""
    who = prescription.prescriber
    lines = (
        ("Potilas", f"{prescription.patient}, {prescription.identity_code}"),
        ("Lääke", f"{prescription.medicine} {prescription.strength}"),
        ("Määrä", prescription.amount),
        ("Annostus", prescription.dosage),
        ("Käyttötarkoitus", prescription.purpose),
        ("Kirjoituspäivä", written(prescription.written_on, "fi")),
        ("Lääkkeen määrääjä", f"{who.name}, {who.profession}"),
        ("Rekisteröintinumero", who.registration_number or ""),
        ("Yksilöintitunnus", who.physician_code or ""),
        ("Asiakirja", document_oid(prescription)),
    )
    body = _add(_add(root, "component"), "structuredBody")
    section = _add(_add(body, "component"), "section")
    _add(section, "code", code=_codes()["document"]["code"], codeSystem=_codes()["document"]["code_system"])
    _add(section, "title").text = "Lääkemääräys"
    text = _add(section, "text")
    for label, value in lines:
        if value:
            paragraph = _add(text, "paragraph")
            _add(paragraph, "caption").text = label
            _add(paragraph, "content").text = value


def _add(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, _hl7(name), attributes)


def _hl7(name: str) -> str:
    return f"{{{HL7}}}{name}"
