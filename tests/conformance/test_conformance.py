# SPDX-License-Identifier: EUPL-1.2
"""Runs each ``*.case`` beside this file: a certificate made as the case says, and the findings it must have.

A case is TOML: ``about``, ``profile`` and ``line`` name what is made; ``[subject]`` and
``[profile_change]`` replace fields, ``base_url`` the hierarchy's address; ``findings`` lists every ERROR and
FATAL of our own rules and of the profile's linter, as code or as ``code @ location`` (pkilint's
``certificate.tbsCertificate.`` left out). A finding too many or too few fails. Of a certificate that is made
as its profile says, ``stops`` lists the findings that are not expected and stop issuance.

A subject that the profile cannot carry has ``misfits`` instead: by attribute the spelling that is offered,
empty where there is none.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.pki import PHYSICIAN, Demo

from varmentaja.pki.algorithms import KeyAlgorithm, PrivateKey, algorithm_of
from varmentaja.pki.issuance import occasions
from varmentaja.pki.lint import (
    CertificateRefused,
    Circumstances,
    Finding,
    Severity,
    judge,
    own_findings,
)
from varmentaja.pki.lint.external import lint_certificate
from varmentaja.pki.names import encode_name, misfits, subject_values
from varmentaja.pki.profile import Occasion, Profile, load_profile
from varmentaja.pki.template import Contents, build_tbs, join_signature

CASES = sorted(Path(__file__).parent.glob("*.case"))


def test_there_are_cases() -> None:
    assert len(CASES) >= 8


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(demo: Demo, card_keys: dict[str, PrivateKey], path: Path) -> None:
    case = tomllib.loads(path.read_text(encoding="utf-8"))
    profile = load_profile(case["profile"])
    made_as = replace(profile, **_profile_change(case.get("profile_change", {})))
    issuer = demo.hierarchy.authority_for("professionals", case["line"]).issuer
    issuer = replace(issuer, base_url=case.get("base_url", issuer.base_url))
    subject = replace(PHYSICIAN, **{name: text or None for name, text in case.get("subject", {}).items()})
    found = misfits(subject, made_as.attributes, made_as.character_set)
    assert {each.attribute: each.suggestion or "" for each in found} == case.get("misfits", {})
    if found:
        return
    contents = Contents(
        serial=1 << 126,
        subject=encode_name(subject_values(subject, made_as.attributes, made_as.character_set)),
        public_key=card_keys[case["line"]].public_key(),
        not_before=demo.now,
        not_after=demo.now + timedelta(days=1826),
        shard=0,
    )
    signed = join_signature(build_tbs(made_as, issuer, contents), issuer.algorithm, b"\x00")
    findings = own_findings(signed, Circumstances(profile, issuer, 0)) + lint_certificate(
        signed, profile.linter
    )
    serious = [finding for finding in findings if finding.severity in {Severity.ERROR, Severity.FATAL}]
    shown = set()
    for finding in serious:
        place = finding.location.removeprefix("certificate.tbsCertificate.")
        full = f"{finding.code} @ {place}"
        shown.add(full if full in case["findings"] else finding.code)
    assert shown == set(case["findings"])
    if made_as == profile:
        given = occasions(issuer, pseudonym=bool(subject.physician_code))
        stopping = _stopping(findings, profile, algorithm_of(contents.public_key), given)
        assert stopping == set(case.get("stops", []))


def _stopping(
    findings: Sequence[Finding], profile: Profile, algorithm: KeyAlgorithm, given: frozenset[Occasion]
) -> set[str]:
    try:
        judge(findings, profile.expected, algorithm, given)
    except CertificateRefused as refused:
        return {finding.code for finding in refused.findings}
    return set()


def _profile_change(change: dict[str, Any]) -> dict[str, Any]:
    made = {name: tuple(value) if isinstance(value, list) else value for name, value in change.items()}
    if "key_usage" in made:
        made["key_usage"] = tuple(
            (KeyAlgorithm(kind), tuple(bits)) for kind, bits in made["key_usage"].items()
        )
    return made
