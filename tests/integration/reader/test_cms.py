# SPDX-License-Identifier: EUPL-1.2
"""CMS made with a card, verified by programs that did not make it: openssl, pdfsig, pyHanko's validator."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import SignatureObject
from pypdf import PdfWriter
from tests.support.reader_fakes import PIN2, MemoryCard, OneReader, TinyHierarchy, Typist

from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.signing import ScsService

ORIGIN = "https://portal.example"
NOW = datetime(2026, 11, 20, 12, 30, 15, 250, tzinfo=UTC)


@pytest.fixture(scope="module")
def hierarchy() -> TinyHierarchy:
    return TinyHierarchy()


@pytest.fixture
def card(hierarchy: TinyHierarchy) -> MemoryCard:
    return MemoryCard(hierarchy)


def sign(card: MemoryCard, content: bytes, **members: Any) -> dict[str, Any]:
    request = {
        "version": "1.2",
        "content": base64.b64encode(content).decode(),
        "selector": {"keyusages": ["nonRepudiation"]},
        "hashAlgorithm": "SHA384",
        "signatureType": "cms",
    }
    service = ScsService(OneReader([InsertedCard("1", card)]), Typist([PIN2]), now=lambda: NOW)
    return service.sign(json.dumps(request | members).encode(), origin=ORIGIN)


def signed_data(answer: dict[str, Any]) -> tuple[bytes, Any]:
    der = base64.b64decode(answer["signature"])
    return der, cms.ContentInfo.load(der)["content"]


def attributes(answer: dict[str, Any]) -> dict[str, Any]:
    signer = signed_data(answer)[1]["signer_infos"][0]
    return {each["type"].native: each["values"] for each in signer["signed_attrs"]}


@pytest.mark.parametrize("hash_algorithm", ["SHA256", "SHA384", "SHA512"])
@pytest.mark.parametrize("content_type", ["data", "digest"])
def test_openssl_verifies_a_detached_signature(
    hierarchy: TinyHierarchy, card: MemoryCard, tmp_path: Path, hash_algorithm: str, content_type: str
) -> None:
    document = b"a prescription\n"
    content = document if content_type == "data" else hashlib.new(hash_algorithm.lower(), document).digest()
    answer = sign(card, content, hashAlgorithm=hash_algorithm, contentType=content_type)
    assert (answer["status"], answer["signatureType"]) == ("ok", "cms")
    assert answer["signatureAlgorithm"] == f"{hash_algorithm}withECDSA"
    (tmp_path / "document").write_bytes(document)
    (tmp_path / "cms").write_bytes(base64.b64decode(answer["signature"]))
    (tmp_path / "root").write_bytes(hierarchy.root.public_bytes(Encoding.PEM))
    command = ["openssl", "cms", "-verify", "-inform", "DER", "-in", "cms", "-content", "document", "-binary"]
    command += ["-CAfile", "root", "-cades", "-purpose", "any", "-attime", str(int(NOW.timestamp()))]
    done = subprocess.run([*command, "-out", "out"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (tmp_path / "document").write_bytes(b"another prescription\n")
    assert subprocess.run([*command, "-out", "out"], cwd=tmp_path, capture_output=True).returncode != 0


def test_the_attributes_are_those_of_cades(card: MemoryCard) -> None:
    answer = sign(card, b"document")
    found = attributes(answer)
    assert set(found) == {"content_type", "message_digest", "signing_time", "signing_certificate_v2"}
    assert found["signing_time"][0].native == NOW.replace(microsecond=0)
    assert found["message_digest"][0].native == hashlib.sha384(b"document").digest()
    leaf = base64.b64decode(answer["chain"][0])
    identified = found["signing_certificate_v2"][0]["certs"][0]
    assert identified["cert_hash"].native == hashlib.sha384(leaf).digest()
    data = signed_data(answer)[1]
    assert data["encap_content_info"]["content"].native is None
    kept = {each.dump() for each in data["certificates"]}
    assert kept == {base64.b64decode(each) for each in answer["chain"]}


def test_pades_leaves_the_time_to_the_pdf_file(card: MemoryCard) -> None:
    digest = hashlib.sha384(b"x").digest()
    answer = sign(card, digest, contentType="digest", signatureType="cms-pades")
    assert set(attributes(answer)) == {"content_type", "message_digest", "signing_certificate_v2"}


def test_pdfsig_verifies_a_pdf_file_signed_through_scs(
    hierarchy: TinyHierarchy, card: MemoryCard, tmp_path: Path
) -> None:
    page = PdfWriter()
    page.add_blank_page(200, 200)
    plain = io.BytesIO()
    page.write(plain)
    writer = IncrementalPdfFileWriter(plain)
    made = PdfCMSEmbedder().write_cms(field_name="Signature", writer=writer)
    next(made)
    place = SignatureObject(subfilter=SigSeedSubFilter.PADES, timestamp=NOW, bytes_reserved=16384)
    made.send(SigObjSetup(sig_placeholder=place))
    prepared, output = made.send(SigIOSetup(md_algorithm="sha384"))
    answer = sign(card, prepared.document_digest, contentType="digest", signatureType="cms-pades")
    made.send(base64.b64decode(answer["signature"]))
    (tmp_path / "signed.pdf").write_bytes(output.getvalue())
    done = subprocess.run(["pdfsig", "-nocert", "signed.pdf"], cwd=tmp_path, capture_output=True, text=True)
    assert "Signature is Valid." in done.stdout, done.stdout + done.stderr
    assert "ETSI.CAdES.detached" in done.stdout
    assert "Total document signed" in done.stdout


def test_the_authentication_key_signs_no_document(card: MemoryCard) -> None:
    challenge = f"{ORIGIN};{'n' * 96}".encode()
    for signature_type in ("cms", "cms-pades"):
        answer = sign(
            card,
            challenge,
            selector={"keyusages": ["digitalSignature"]},
            hashAlgorithm="SHA256",
            signatureType=signature_type,
        )
        assert (answer["reasonCode"], answer["problem"]) == (403, "wrong_origin")
    assert card.signatures == 0
    assert "signature" not in answer


def test_the_certificate_in_the_answer_is_the_signature_keys(card: MemoryCard) -> None:
    leaf = x509.load_der_x509_certificate(base64.b64decode(sign(card, b"x")["chain"][0]))
    assert leaf.extensions.get_extension_for_class(x509.KeyUsage).value.content_commitment
