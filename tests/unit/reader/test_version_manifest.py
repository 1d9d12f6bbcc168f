# SPDX-License-Identifier: EUPL-1.2
"""The service's signed list of versions: who may sign it, what is refused, and what it rules."""

from __future__ import annotations

import base64
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.pki import PHYSICIAN, Demo

from varmentaja.card.generations import generations
from varmentaja.config import Settings
from varmentaja.domain.data_files import load
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.ground.reader_versions import content as published_content
from varmentaja.pki.publication.seal import seal
from varmentaja.reader.version_manifest import (
    SEALED_AS,
    Use,
    VersionList,
    VersionManifest,
    open_sealed,
    parts,
)
from varmentaja.signer.reader_versions import seal_versions

CONTENT = {
    "format": 1,
    "newest": "1.10.0",
    "page": "https://service.example/reader/",
    "chips": [{"generation": "2017", "least": "1.0"}, {"generation": "2020", "least": "1.9"}],
}


def sealed(
    demo: Demo, content: dict[str, Any] = CONTENT, *, days: int = 0, before: bytes | None = None
) -> bytes:
    document = seal_versions(
        content,
        before,
        authority=demo.hierarchy.authority_for("services", "ecc"),
        store=demo.store,
        now=demo.now + timedelta(days=days),
        random=os.urandom,
    )
    assert document is not None
    return document


def test_a_list_by_the_service_is_believed(demo: Demo) -> None:
    manifest = open_sealed(sealed(demo), demo.hierarchy, at=demo.now + timedelta(seconds=1))
    assert manifest == VersionManifest(
        demo.now, "1.10.0", "https://service.example/reader/", {"2017": "1.0", "2020": "1.9"}
    )


def test_nothing_is_signed_while_nothing_changes_and_the_signer_is_renewed_half_way(demo: Demo) -> None:
    first = sealed(demo)
    services = demo.hierarchy.authority_for("services", "ecc")
    later = {"authority": services, "store": demo.store, "random": os.urandom}
    assert seal_versions(CONTENT, first, now=demo.now + timedelta(days=40), **later) is None  # type: ignore[arg-type]  # keywords of one call
    changed = sealed(demo, {**CONTENT, "newest": "2.0"}, days=1, before=first)
    assert json.loads(changed)["certificate"] == json.loads(first)["certificate"]
    renewed = sealed(demo, days=50, before=first)
    assert json.loads(renewed)["certificate"] != json.loads(first)["certificate"]


def test_every_changed_byte_of_list_signature_and_certificate_is_noticed(demo: Demo) -> None:
    whole = json.loads(sealed(demo))
    texts = {
        "signed": (str.encode, bytes.decode),
        "signature": (base64.b64decode, lambda data: base64.b64encode(data).decode()),
        "certificate": (base64.b64decode, lambda data: base64.b64encode(data).decode()),
    }
    for name, (read, write) in texts.items():
        data = bytearray(read(whole[name]))
        for place in range(0, len(data), max(1, len(data) // 40)):
            data[place] ^= 1
            forged = json.dumps({**whole, name: write(bytes(data))}).encode()
            with pytest.raises(DomainError):
                open_sealed(forged, demo.hierarchy, at=demo.now)
            data[place] ^= 1


@pytest.mark.parametrize("document", [b"", b"{}", b"[]", b"null", b"{" * 5000, b'{"certificate": 1}'])
def test_what_is_no_list_is_refused(demo: Demo, document: bytes) -> None:
    with pytest.raises(DomainError) as refused:
        open_sealed(document, demo.hierarchy)
    assert refused.value.kind is Kind.INVALID


def test_a_card_holder_cannot_sign_a_list(demo: Demo) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    person = demo.issue("professional-auth", "ecc", key, PHYSICIAN)
    timed = {**CONTENT, "issued_at": demo.now.isoformat()}
    body = json.loads(seal(SEALED_AS, timed, lambda data: key.sign(data, ec.ECDSA(hashes.SHA384()))))
    body["certificate"] = base64.b64encode(person.public_bytes(Encoding.DER)).decode()
    with pytest.raises(DomainError) as refused:
        open_sealed(json.dumps(body).encode(), demo.hierarchy, at=demo.now)
    assert refused.value.kind is Kind.NOT_ALLOWED


def test_a_signer_whose_certificate_has_ended_is_refused_when_fetched(demo: Demo) -> None:
    with pytest.raises(DomainError):
        open_sealed(sealed(demo), demo.hierarchy, at=demo.now + timedelta(days=93))


def test_the_last_list_holds_while_the_service_is_away_and_an_older_one_is_refused(
    demo: Demo, tmp_path: Path
) -> None:
    file = tmp_path / "reader" / "versions.json"
    old, new = sealed(demo), sealed(demo, {**CONTENT, "newest": "2.0"}, days=1)
    versions = VersionList(file, demo.hierarchy)
    assert versions.current is None
    versions.take(new, now=demo.now + timedelta(days=1))
    again = VersionList(file, demo.hierarchy)
    assert again.current is not None and again.current.newest == "2.0"
    with pytest.raises(DomainError) as refused:
        again.take(old, now=demo.now)
    assert refused.value.kind is Kind.CONFLICT
    assert again.current.newest == "2.0" and file.read_bytes() == new


def test_a_kept_list_that_was_tampered_with_is_not_used(demo: Demo, tmp_path: Path) -> None:
    file = tmp_path / "versions.json"
    file.write_bytes(sealed(demo).replace(b"1.10.0", b"1.11.0"))
    assert VersionList(file, demo.hierarchy).current is None


@pytest.mark.parametrize(
    ("generation", "version", "use"),
    [
        ("2020", "1.8.99", Use.MUST_UPDATE),
        ("2020", "1.9", Use.WARNED),
        ("2020", "1.10", Use.MAY),
        ("2020", "1.10.0.dev1", Use.MAY),
        ("2017", "1.0.0", Use.WARNED),
        ("2017", "0.9", Use.MUST_UPDATE),
        ("", "1.10", Use.WARNED),
        (None, "1.10", Use.MAY),
    ],
)
def test_the_ruling_by_chip_and_version(demo: Demo, generation: str | None, version: str, use: Use) -> None:
    manifest = open_sealed(sealed(demo), demo.hierarchy)
    ruling = manifest.rule(generation, version)
    assert ruling.use is use
    assert (ruling.advice is None) == (use is Use.MAY)


def test_versions_compare_as_numbers() -> None:
    assert parts("1.9.12") < parts("1.10") and parts("1.0") == parts("1") and parts("x") == ()


def test_the_published_list_names_every_generation_that_cards_can_be_of() -> None:
    named = {chip["generation"] for chip in load("reader_versions")["chip"]}
    assert named == {name for name in generations() if name != "citizen-2026"}
    assert published_content(Settings())["chips"][0]["least"] == "0.1.0"
