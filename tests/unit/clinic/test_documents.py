# SPDX-License-Identifier: EUPL-1.2
"""The two signed documents, as programs of others and our own page see them; and what is done to them."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto.cms import ContentInfo
from cryptography.hazmat.primitives.serialization import Encoding
from tests.unit.clinic.conftest import Clinic

from varmentaja.clinic import cda, paper, pdf_signature
from varmentaja.clinic.inspection import Form, inspect
from varmentaja.clinic.xml_signature import method_for
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.relying_party import Outcome


def signed_cda(clinic: Clinic) -> bytes:
    certificate = clinic.card.certificate("nonRepudiation")
    method = method_for(certificate)
    asked = cda.prepare(clinic.prescription(), clinic.now, method)
    return asked.finish(clinic.card.sign(asked.signed_info, method.scs_hash), certificate)


def signed_pdf(clinic: Clinic) -> bytes:
    prescription = clinic.prescription()
    prepared = pdf_signature.prepare(
        paper.prescription_pdf(prescription, "fi"),
        paper.signature_picture(prescription.prescriber, clinic.now, "fi"),
        certificate=clinic.card.certificate("nonRepudiation"),
        authorities=clinic.demo.hierarchy.chain(f"professionals-{clinic.line}"),
        name=prescription.prescriber.name,
    )
    return prepared.finish(clinic.card.sign(prepared.signed_attributes, prepared.method.scs_hash))


def authority(clinic: Clinic, name: str, folder: Path) -> Path:
    certificate = clinic.demo.hierarchy.authority(f"{name}-{clinic.line}").certificate
    file = folder / f"{name}.pem"
    file.write_bytes(certificate.public_bytes(Encoding.PEM))
    return file


def xmlsec(clinic: Clinic, document: bytes, folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "document.xml"
    file.write_bytes(document)
    root, issuer = authority(clinic, "root", folder), authority(clinic, "professionals", folder)
    return subprocess.run(
        [
            *("xmlsec1", "--verify", "--enabled-reference-uris", "empty,same-doc"),
            *("--id-attr:ID", "urn:hl7finland:signatureTimestamp"),
            *("--trusted-pem", root, "--untrusted-pem", issuer, file),
        ],
        capture_output=True,
        text=True,
        check=False,
    )


def test_xmlsec1_verifies_the_cda_document_and_refuses_a_changed_one(clinic: Clinic, tmp_path: Path) -> None:
    document = signed_cda(clinic)
    done = xmlsec(clinic, document, tmp_path)
    assert done.returncode == 0 and "References (ok/all): 2/2" in done.stderr
    assert xmlsec(clinic, document.replace(b"400 mg", b"800 mg"), tmp_path).returncode != 0


def test_the_cda_document_tells_who_signed_what_and_when(clinic: Clinic) -> None:
    found = inspect(signed_cda(clinic), clinic.party, now=clinic.now)
    assert found.form is Form.CDA and found.verified is not None
    assert found.verified.identity == clinic.prescription().prescriber
    assert found.signed_at is not None and abs((found.signed_at - clinic.now).total_seconds()) < 0.002
    assert ("Annostus", "1 tabletti  3 kertaa päivässä") in found.rows
    assert ("Käyttötarkoitus", "särky <kova> & yskä") in found.rows


def test_pdfsig_finds_a_whole_pades_signature(clinic: Clinic, tmp_path: Path) -> None:
    file = tmp_path / "document.pdf"
    file.write_bytes(signed_pdf(clinic))
    said = subprocess.run(["pdfsig", "-nocert", file], capture_output=True, text=True, check=True).stdout
    assert "Signature is Valid." in said and "Total document signed" in said
    assert "ETSI.CAdES.detached" in said and "Mäntykangas" in said


def test_openssl_verifies_the_signature_in_the_pdf_with_its_path(clinic: Clinic, tmp_path: Path) -> None:
    document = signed_pdf(clinic)
    begin = document.index(b"/Contents <") + len(b"/Contents <")
    end = document.index(b">", begin)
    signature = ContentInfo.load(bytes.fromhex(document[begin:end].decode()))  # zeros fill the place after it
    (tmp_path / "signature").write_bytes(signature.dump())
    (tmp_path / "signed").write_bytes(document[: begin - 1] + document[end + 1 :])
    done = subprocess.run(
        [
            *("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "signature"),
            *("-content", "signed", "-CAfile", authority(clinic, "root", tmp_path)),
            *("-purpose", "any", "-cades", "-out", "out"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_pdf_tells_who_signed(clinic: Clinic) -> None:
    found = inspect(signed_pdf(clinic), clinic.party, now=clinic.now)
    assert found.form is Form.PDF and found.verified is not None
    assert found.verified.identity == clinic.prescription().prescriber
    assert found.signed_at is not None and abs((found.signed_at - clinic.now).total_seconds()) < 120


def test_a_pdf_is_signed_beside_a_running_event_loop(clinic: Clinic) -> None:
    async def served() -> bytes:
        return signed_pdf(clinic)

    # In a thread of its own, since a browser's event loop may be running in this one.
    with ThreadPoolExecutor(max_workers=1) as thread:
        document = thread.submit(asyncio.run, served()).result()
    assert inspect(document, clinic.party, now=clinic.now).verified is not None


def test_a_revoked_certificate_is_told_with_its_time_unless_we_vouch_for_the_time_of_signing(
    clinic: Clinic,
) -> None:
    document = signed_cda(clinic)
    clinic.responder.revoked_at = clinic.now.replace(microsecond=0) + timedelta(seconds=1)
    told = inspect(document, clinic.party, now=clinic.responder.revoked_at)
    assert told.verified is None and told.refusal is not None
    assert told.refusal.outcome is Outcome.REVOKED and told.refusal.since == clinic.responder.revoked_at
    vouched = inspect(document, clinic.party, now=clinic.responder.revoked_at, vouched=True)
    assert vouched.verified is not None and vouched.verified.status.revoked_at is not None


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "another dose": lambda document: document.replace(b"1 tabletti", b"9 tabletti"),
    "another time": lambda document: document.replace(
        b"</hl7fi:signatureTimestamp>", b"1</hl7fi:signatureTimestamp>"
    ),
    "a second body": lambda document: document.replace(
        b"<component><structuredBody>",
        b"<component><structuredBody/></component><component><structuredBody>",
        1,
    ),
    "the body elsewhere": lambda document: document.replace(
        b"<structuredBody>", b"<x><structuredBody>", 1
    ).replace(b"</structuredBody>", b"</structuredBody></x>"),
    "another filter": lambda document: document.replace(b"ancestor-or-self::", b"self::"),
    "another reference": lambda document: document.replace(b'URI=""', b'URI="#x"'),
    "no signature": lambda document: document.replace(b"ds:Signature", b"ds:Signatur"),
    "a weak digest": lambda document: document.replace(b"xmlenc#sha256", b"xmldsig#sha1").replace(
        b"#sha384", b"#sha1"
    ),
    "an identity twice": lambda document: document.replace(
        b"<recordTarget>", b'<recordTarget ID="ID' + _id(document)
    ),
    "a document type": lambda document: document.replace(
        b"<ClinicalDocument", b"<!DOCTYPE a [<!ENTITY b 'c'>]><ClinicalDocument", 1
    ),
    "a damaged certificate": lambda document: document.replace(
        b"<ds:X509Certificate>MII", b"<ds:X509Certificate>AAA"
    ),
    "a damaged signature": lambda document: document.replace(
        b"<ds:SignatureValue>", b"<ds:SignatureValue>AAAA"
    ),
    "not XML": lambda document: document[:-20],
    "nothing": lambda _: b"x",
}


def _id(document: bytes) -> bytes:
    return document.split(b'signatureTimestamp ID="ID')[1].split(b">")[0] + b">"


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_cda_document_is_refused(clinic: Clinic, change: str) -> None:
    document = signed_cda(clinic)
    changed = CHANGES[change](document)
    assert changed != document
    with pytest.raises(DomainError) as refused:
        inspect(changed, clinic.party, now=clinic.now)
    assert refused.value.kind is Kind.INVALID


def test_the_header_is_not_covered_as_the_known_form_has_it(clinic: Clinic) -> None:
    document = signed_cda(clinic).replace(b"<title>Resepti", b"<title>Recept")
    assert inspect(document, clinic.party, now=clinic.now).verified is not None


MESSAGE_DIGEST = b"2A864886F70D010904"
"""OID of the attribute, as it stands in the hexadecimal signature."""
PDF_CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "a byte of the page": lambda document: _flipped(document, document.index(b"stream") + 20),
    "a byte of the signed attributes": lambda document: _flipped(
        document, document.index(MESSAGE_DIGEST) + 40
    ),
    "something appended": lambda document: document + b"\n% more\n",
    "an update": lambda document: document.replace(b"%%EOF", b"%%EOE", 1),
    "cut short": lambda document: document[: len(document) // 2],
    "no signature": lambda document: document[: document.index(b"%%EOF") + 5],
    "only a beginning": lambda _: b"%PDF-1.7\n",
}


def _flipped(document: bytes, place: int) -> bytes:
    changed = bytearray(document)
    changed[place] = ord("1") if changed[place] != ord("1") else ord("2")
    return bytes(changed)


@pytest.mark.parametrize("change", PDF_CHANGES)
def test_a_changed_pdf_is_refused(clinic: Clinic, change: str) -> None:
    document = signed_pdf(clinic)
    changed = PDF_CHANGES[change](document)
    assert changed != document
    with pytest.raises(DomainError) as refused:
        inspect(changed, clinic.party, now=clinic.now)
    assert refused.value.kind is Kind.INVALID


def test_the_paper_shows_the_prescription_in_three_languages(clinic: Clinic, tmp_path: Path) -> None:
    for language, word in (("fi", "Lääkemääräys"), ("sv", "Recept"), ("en", "Prescription")):
        file = tmp_path / f"{language}.pdf"
        file.write_bytes(paper.prescription_pdf(clinic.prescription(), language))
        text = subprocess.run(["pdftotext", file, "-"], capture_output=True, text=True, check=True).stdout
        assert word in text and "Oili Öinen" in text and "särky <kova> & yskä" in text
        assert text.count("\f") == 1
