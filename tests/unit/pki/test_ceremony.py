# SPDX-License-Identifier: EUPL-1.2
"""The ceremony: one reviewed file, a hierarchy on disk, and no confusion between TEST and production."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest
from cryptography import x509
from tests.support.pki import BASE_URL, LINES, Demo

from varmentaja.domain.errors import DomainError, Kind
from varmentaja.pki.ceremony import Plan, demo_plan, perform_ceremony, read_plan
from varmentaja.pki.hierarchy import load_hierarchy
from varmentaja.pki.keystore import SoftwareKeyStore, open_software_store

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def _ecc_plan() -> Plan:
    """The elliptic half of the demo: made in a moment."""
    plan = demo_plan(BASE_URL)
    return replace(plan, certificates=tuple(p for p in plan.certificates if p.line == "ecc"))


def _store(folder: Path) -> SoftwareKeyStore:
    return open_software_store(folder / "keys", b"x", random=os.urandom)


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_both_lines_have_all_authorities_and_responders(demo: Demo) -> None:
    roles = ("root", "professionals", "temporary", "services")
    assert set(demo.hierarchy.authorities) == {f"{role}-{line}" for role in roles for line in LINES}
    for authority in demo.hierarchy.authorities.values():
        issuer = demo.hierarchy.authority(authority.issued_by)
        authority.certificate.verify_directly_issued_by(issuer.certificate)
        assert (authority.responder is None) is authority.is_root
        if authority.responder:
            authority.responder.certificate.verify_directly_issued_by(authority.certificate)
            usage = authority.responder.certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
            assert list(usage.value) == [x509.ExtendedKeyUsageOID.OCSP_SIGNING]
            assert authority.responder.certificate.extensions.get_extension_for_class(x509.OCSPNoCheck)


def test_every_authoritys_name_carries_test(demo: Demo) -> None:
    for authority in demo.hierarchy.authorities.values():
        assert "TEST" in authority.certificate.subject.rfc4514_string()


def test_addresses_come_from_the_ceremony(demo: Demo) -> None:
    issuer = demo.hierarchy.authority("professionals-ecc").issuer
    assert issuer.ocsp_url == f"{BASE_URL}/ocsp/professionals-ecc"
    assert issuer.crl_url(0) == f"{BASE_URL}/crl/professionals-ecc/0.crl"
    assert issuer.certificate_url == f"{BASE_URL}/ca/professionals-ecc.crt"


def test_a_finished_ceremony_is_only_read_back(tmp_path: Path) -> None:
    store = _store(tmp_path)
    made = perform_ceremony(_ecc_plan(), store, tmp_path / "h", now=NOW, random=os.urandom)
    before = _contents(tmp_path / "h")
    again = perform_ceremony(_ecc_plan(), store, tmp_path / "h", now=NOW, random=os.urandom)
    assert again == made and _contents(tmp_path / "h") == before


def test_a_ceremony_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    store = _store(tmp_path)
    perform_ceremony(_ecc_plan(), store, tmp_path / "h", now=NOW, random=os.urandom)
    before = _contents(tmp_path / "h")
    for name in ("manifest.json", "minutes.txt", "services-ecc.crt", "services-ecc-ocsp.crt"):
        (tmp_path / "h" / name).unlink()
    again = perform_ceremony(_ecc_plan(), store, tmp_path / "h", now=NOW, random=os.urandom)
    after = _contents(tmp_path / "h")
    kept = [name for name in before if name.endswith(".crt") and "services" not in name]
    assert len(kept) == 5 and all(after[name] == before[name] for name in kept)
    services = again.authority("services-ecc")
    services.certificate.verify_directly_issued_by(again.authority("root-ecc").certificate)


def test_another_address_in_the_same_folder_is_a_conflict(tmp_path: Path) -> None:
    store = _store(tmp_path)
    perform_ceremony(_ecc_plan(), store, tmp_path / "h", now=NOW, random=os.urandom)
    with pytest.raises(DomainError) as refused:
        perform_ceremony(
            demo_plan("http://127.0.0.1:9001"), store, tmp_path / "h", now=NOW, random=os.urandom
        )
    assert refused.value.kind is Kind.CONFLICT


@pytest.mark.parametrize("finished", [True, False])
def test_another_key_store_for_the_same_folder_is_a_conflict(tmp_path: Path, finished: bool) -> None:
    perform_ceremony(_ecc_plan(), _store(tmp_path), tmp_path / "h", now=NOW, random=os.urandom)
    if not finished:
        (tmp_path / "h" / "manifest.json").unlink()
    with pytest.raises(DomainError) as refused:
        perform_ceremony(_ecc_plan(), _store(tmp_path / "other"), tmp_path / "h", now=NOW, random=os.urandom)
    assert refused.value.kind is Kind.CONFLICT


def test_a_test_hierarchy_is_refused_where_production_is_required(tmp_path: Path) -> None:
    perform_ceremony(_ecc_plan(), _store(tmp_path), tmp_path / "h", now=NOW, random=os.urandom)
    assert load_hierarchy(tmp_path / "h", production=False).test
    with pytest.raises(DomainError) as refused:
        load_hierarchy(tmp_path / "h", production=True)
    assert refused.value.kind is Kind.NOT_ALLOWED


def test_a_production_hierarchy_is_refused_where_a_test_is_required(tmp_path: Path) -> None:
    text = (files("varmentaja.profiles") / "hierarchy" / "demo.toml").read_text(encoding="utf-8")
    text = text.replace("Varmentaja TEST", "Esimerkki").replace("test = true", "test = false")
    plan = read_plan(text, base_url="http://ca.example.fi")
    plan = replace(plan, certificates=tuple(p for p in plan.certificates if p.line == "ecc"))
    made = perform_ceremony(plan, _store(tmp_path), tmp_path / "h", now=NOW, random=os.urandom)
    assert not made.test
    with pytest.raises(DomainError) as refused:
        load_hierarchy(tmp_path / "h", production=False)
    assert refused.value.kind is Kind.NOT_ALLOWED


def test_a_mark_changed_in_the_manifest_does_not_make_a_test_production(tmp_path: Path) -> None:
    perform_ceremony(_ecc_plan(), _store(tmp_path), tmp_path / "h", now=NOW, random=os.urandom)
    manifest = tmp_path / "h" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"test": true', '"test": false'))
    for production in (True, False):
        with pytest.raises(DomainError):
            load_hierarchy(tmp_path / "h", production=production)


def test_a_changed_certificate_file_is_noticed(tmp_path: Path) -> None:
    perform_ceremony(_ecc_plan(), _store(tmp_path), tmp_path / "h", now=NOW, random=os.urandom)
    path = tmp_path / "h" / "root-ecc.crt"
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    with pytest.raises(DomainError, match=r"root-ecc\.crt"):
        load_hierarchy(tmp_path / "h", production=False)


def test_no_manifest_is_no_hierarchy(tmp_path: Path) -> None:
    with pytest.raises(DomainError) as missing:
        load_hierarchy(tmp_path, production=False)
    assert missing.value.kind is Kind.NOT_FOUND


def test_the_minutes_and_the_manifest_name_every_certificate(tmp_path: Path) -> None:
    made = perform_ceremony(_ecc_plan(), _store(tmp_path), tmp_path / "h", now=NOW, random=os.urandom)
    minutes = (tmp_path / "h" / "minutes.txt").read_text(encoding="utf-8")
    manifest = json.loads((tmp_path / "h" / "manifest.json").read_text(encoding="utf-8"))
    assert "TEST, not for production" in minutes and manifest["plan_sha256"] in minutes
    for authority in made.authorities.values():
        assert authority.certificate.subject.rfc4514_string() in minutes
    for entry in manifest["authorities"]:
        assert entry["sha256"] in minutes and entry["profile"]["content_hash"] in minutes


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("test = true", "test = false"),
        ("Varmentaja TEST Root", "Varmentaja Root"),
        ('authority_key = "p-384"', 'authority_key = "p-521"'),
        ("arc = ", "ark = "),
    ],
)
def test_a_ceremony_file_that_is_not_right_is_refused(before: str, after: str) -> None:
    text = (files("varmentaja.profiles") / "hierarchy" / "demo.toml").read_text(encoding="utf-8")
    assert before in text
    with pytest.raises(DomainError, match="ceremony file is not right"):
        read_plan(text.replace(before, after, 1))


def test_an_agencys_policy_replaces_ours(tmp_path: Path) -> None:
    plan = replace(_ecc_plan(), policy_by_profile=(("ocsp-responder", "1.2.246.517.99.10.1.1"),))
    made = perform_ceremony(plan, _store(tmp_path), tmp_path / "h", now=NOW, random=os.urandom)
    responder = made.authority("services-ecc").responder
    assert responder is not None
    policies = responder.certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert [policy.policy_identifier.dotted_string for policy in policies] == ["1.2.246.517.99.10.1.1"]
