# SPDX-License-Identifier: EUPL-1.2
"""``varmentaja ceremony``: an agency's own file becomes the hierarchy that its cards are certified by."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest
from cryptography import x509
from tests.support.pki import Demo
from tests.support.service import Service
from tests.support.whole_service import WholeService

from varmentaja.apps.audit.models import Entry
from varmentaja.apps.certificates.models import Certificate
from varmentaja.config import Settings
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.ground.ceremony import ceremony, record_ceremony
from varmentaja.ground.demo_hierarchy import demo_hierarchy
from varmentaja.pki.hierarchy import load_hierarchy
from varmentaja.pki.keystore import open_software_store
from varmentaja.ports.connected import connect
from varmentaja.signer.in_process import InProcessCustody

DEMO = (files("varmentaja.profiles") / "hierarchy" / "demo.toml").read_text("utf-8")
RSA_LINE = DEMO[DEMO.index('[[line]]\nid = "rsa"') : DEMO.index("[[authority]]")]
ADDRESS = "http://127.0.0.1:8001"


def agencys_file(folder: Path, *changes: tuple[str, str]) -> Path:
    """An agency's TEST ceremony, in the elliptic line alone: made in a moment."""
    text = DEMO.replace(RSA_LINE, "").replace('id = "demo"', 'id = "agency"')
    policies = (
        '"professional-auth" = "1.2.246.517.99.10.901.1"\nprofessional-sign = "1.2.246.517.99.10.901.2"'
    )
    changes = (("[policies.by_profile]", f"[policies.by_profile]\n{policies}"), *changes)
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    file = folder / "agency.toml"
    file.write_text(text, "utf-8")
    return file


@pytest.mark.django_db
def test_an_agencys_ceremony_gives_cards_its_policies_and_stands_in_the_evidence(
    service: Service, tmp_path: Path
) -> None:
    outside = WholeService(tmp_path / "var")
    held = outside.say("ceremony", str(agencys_file(tmp_path)), "--base-url", ADDRESS)
    assert held.returncode == 0, held.stderr
    hierarchy = load_hierarchy(outside.state / "hierarchy", production=False)
    assert "key ceremony “agency”" in held.stdout and hierarchy.plan_hash in held.stdout
    assert "1.2.246.517.99.10.901.1" in held.stdout
    assert "the worker enters the ceremony when it starts" in held.stdout

    passphrase = (outside.state / "keys" / "authorities.passphrase").read_bytes().strip()
    store = open_software_store(outside.state / "keys" / "authorities", passphrase, random=os.urandom)
    connect(replace(service.outside, custody=InProcessCustody(hierarchy, store, os.urandom)))
    later = replace(service, now=datetime.now(UTC))  # certificates begin after their issuer's
    found = {}
    for row in Certificate.objects.filter(card=later.made_card()):
        certificate = x509.load_der_x509_certificate(bytes(row.der or b""))
        certificate.verify_directly_issued_by(hierarchy.authority("professionals-ecc").certificate)
        policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
        found[row.purpose] = [policy.policy_identifier.dotted_string for policy in policies]
    assert found == {
        "authentication": ["1.2.246.517.99.10.901.1"],
        "signature": ["1.2.246.517.99.10.901.2"],
    }

    now = Settings(state=outside.state)
    assert record_ceremony(now) and not record_ceremony(now)
    (entry,) = Entry.objects.filter(action="hierarchy.ceremony_held")
    facts = entry.document["facts"]
    assert (facts["id"], facts["plan_sha256"]) == ("agency", hierarchy.plan_hash)
    for path in (outside.state / "hierarchy").glob("*.crt"):
        assert facts["certificates"][path.stem] == hashlib.sha256(path.read_bytes()).hexdigest()

    again = outside.say("ceremony", str(agencys_file(tmp_path)), "--base-url", ADDRESS)
    assert again.returncode == 0 and again.stdout == held.stdout, "it is only read back"
    other = agencys_file(tmp_path, ('version = "1"', 'version = "2"'))
    assert outside.say("ceremony", str(other), "--base-url", ADDRESS).returncode == 6


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder in which no ceremony has been held."""
    monkeypatch.setattr("varmentaja.ground.ceremony.settings", lambda: Settings(state=tmp_path / "var"))
    return tmp_path / "var"


REFUSED: dict[str, tuple[tuple[tuple[str, str], ...], str | None, Kind, str]] = {
    "an intranet's address": ((), "http://ca.intranet", Kind.INVALID, "internal_domain_name"),
    "an address by https": ((), "https://ca.example.fi", Kind.INVALID, "crldp_distribution_point"),
    "no address": ((), "ca.example.fi", Kind.INVALID, "base_url"),
    "an unknown profile": (
        (("professional-sign =", "professional-sing ="),),
        None,
        Kind.INVALID,
        "no certificate profile professional-sing",
    ),
    "a policy that is no OID": (
        (('"1.2.246.517.99.10.901.2"', '"1.2.246..2"'),),
        None,
        Kind.INVALID,
        "policy",
    ),
    "no authority for people": (
        (('role = "professionals"', 'role = "doctors"'),),
        None,
        Kind.INVALID,
        "no authority",
    ),
    "a role twice": ((('role = "temporary"', 'role = "services"'),), None, Kind.INVALID, "twice"),
    "no root": ((('role = "root"', 'role = "top"'),), None, Kind.INVALID, "root"),
    "a root for a century": ((("years = 20", "years = 100"),), None, Kind.INVALID, "years"),
    "a line of another name": ((('id = "ecc"', 'id = "p384"'),), None, Kind.INVALID, "line p384"),
    "half a production file": ((("test = true", "test = false"),), None, Kind.INVALID, "TEST"),
    "a production file": (
        (("test = true", "test = false"), ("Varmentaja TEST", "Esimerkki")),
        "http://ca.example.fi",
        Kind.NOT_ALLOWED,
        "VARMENTAJA_ENVIRONMENT",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_be_wrong_for_twenty_years_is_told_before_a_key_is_made(
    state: Path, tmp_path: Path, name: str
) -> None:
    changes, base_url, kind, told = REFUSED[name]
    with pytest.raises(DomainError, match=told) as refused:
        ceremony(agencys_file(tmp_path, *changes), base_url)
    assert refused.value.kind is kind
    assert not state.exists()


@pytest.mark.parametrize("write", [lambda path: path.write_bytes(b"\xff\xfe"), lambda path: None])
def test_a_file_that_cannot_be_read_is_told(
    state: Path, tmp_path: Path, write: Callable[[Path], None]
) -> None:
    write(tmp_path / "odd.toml")
    with pytest.raises(DomainError, match="cannot be read"):
        ceremony(tmp_path / "odd.toml", None)


def test_another_address_than_the_services_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = Settings.model_validate({"state": tmp_path / "var", "responder_url": "http://status.example.fi"})
    monkeypatch.setattr("varmentaja.ground.ceremony.settings", lambda: now)
    with pytest.raises(DomainError, match="VARMENTAJA_RESPONDER_URL") as refused:
        ceremony(agencys_file(tmp_path), "http://ca.example.fi")
    assert refused.value.kind is Kind.CONFLICT


def test_a_demo_takes_the_hierarchy_that_a_ceremony_made(demo: Demo, tmp_path: Path) -> None:
    assert demo.folder is not None
    shutil.copytree(demo.folder, tmp_path / "hierarchy")
    manifest = tmp_path / "hierarchy" / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace('"id": "demo"', '"id": "agency"', 1), "utf-8")
    assert demo_hierarchy(Settings(state=tmp_path)).id == "agency"
    with pytest.raises(DomainError, match="9001") as refused:
        demo_hierarchy(Settings(state=tmp_path, port=9000))
    assert refused.value.kind is Kind.CONFLICT
    assert not (tmp_path / "keys").exists(), "no key is made"
