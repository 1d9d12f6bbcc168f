# SPDX-License-Identifier: EUPL-1.2
"""OpenSSL accepts what we make: paths, CRLs and OCSP answers of both lines."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.answers import sign_answers
from tests.support.pki import LINES, PERSON_PROFILES, Demo

from varmentaja.pki.algorithms import PrivateKey
from varmentaja.pki.crl import Reason, encode_entry, sign_crl
from varmentaja.pki.hierarchy import Authority
from varmentaja.pki.ocsp import CertIdHash, CertificateStatus, Condition
from varmentaja.pki.ocsp_request import OcspRequest, parse_request
from varmentaja.pki.presigning import Presigner
from varmentaja.pki.serials import serial_text


def _run(*command: str | Path) -> str:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def _pem(path: Path, *certificates: x509.Certificate) -> Path:
    path.write_bytes(b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates))
    return path


def _crl(demo: Demo, authority: Authority, *revoked: x509.Certificate) -> bytes:
    return sign_crl(
        authority,
        0,
        [
            encode_entry(serial_text(certificate.serial_number), demo.now, Reason.KEY_COMPROMISE)
            for certificate in revoked
        ],
        demo.store,
        number=1,
        this_update=demo.now,
        next_update=demo.now + timedelta(days=2),
    )


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("profile", PERSON_PROFILES)
def test_openssl_verifies_the_path_strictly(
    demo: Demo, card_keys: dict[str, PrivateKey], tmp_path: Path, profile: str, line: str
) -> None:
    leaf = _pem(tmp_path / "leaf.pem", demo.issue(profile, line, card_keys[line]))
    issuing, root = demo.hierarchy.chain(f"professionals-{line}")
    chain, anchor = _pem(tmp_path / "ca.pem", issuing), _pem(tmp_path / "root.pem", root)
    out = _run("openssl", "verify", "-x509_strict", "-CAfile", anchor, "-untrusted", chain, leaf)
    assert out.strip().endswith("OK")


@pytest.mark.parametrize("line", LINES)
def test_openssl_checks_the_path_against_our_crls(
    demo: Demo, card_keys: dict[str, PrivateKey], tmp_path: Path, line: str
) -> None:
    good, revoked = (demo.issue("professional-auth", line, card_keys[line]) for _ in range(2))
    issuing, root = (demo.hierarchy.authority(f"{role}-{line}") for role in ("professionals", "root"))
    bundle = tmp_path / "crls.pem"
    bundle.write_bytes(
        b"".join(
            x509.load_der_x509_crl(crl).public_bytes(Encoding.PEM)
            for crl in (_crl(demo, issuing, revoked), _crl(demo, root))
        )
    )
    arguments = (
        ["openssl", "verify", "-x509_strict", "-extended_crl", "-crl_check_all"],
        ["-CRLfile", bundle, "-CAfile", _pem(tmp_path / "root.pem", root.certificate)],
        ["-untrusted", _pem(tmp_path / "ca.pem", issuing.certificate)],
    )
    command = [part for group in arguments for part in group]
    assert "OK" in _run(*command, _pem(tmp_path / "good.pem", good))
    refused = subprocess.run(
        [str(part) for part in [*command, _pem(tmp_path / "revoked.pem", revoked)]],
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode != 0 and "certificate revoked" in refused.stderr


@pytest.mark.parametrize("line", LINES)
def test_openssl_sees_in_a_delta_what_the_base_does_not_hold(
    demo: Demo, card_keys: dict[str, PrivateKey], tmp_path: Path, line: str
) -> None:
    good, revoked = (demo.issue("professional-auth", line, card_keys[line]) for _ in range(2))
    authority = demo.hierarchy.authority(f"professionals-{line}")
    entry = encode_entry(serial_text(revoked.serial_number), demo.now, Reason.KEY_COMPROMISE)
    base, delta = (
        sign_crl(
            authority,
            0,
            entries,
            demo.store,
            number=number,
            base_number=base_number,
            this_update=demo.now,
            next_update=demo.now + timedelta(days=2),
        )
        for entries, number, base_number in (([], 1, None), ([entry], 2, 1))
    )
    bundle = tmp_path / "crls.pem"
    bundle.write_bytes(
        b"".join(x509.load_der_x509_crl(crl).public_bytes(Encoding.PEM) for crl in (base, delta))
    )
    issuer = _pem(tmp_path / "ca.pem", authority.certificate)
    command = ["openssl", "verify", "-x509_strict", "-partial_chain", "-extended_crl", "-crl_check"]
    command += ["-CRLfile", str(bundle), "-CAfile", str(issuer)]
    leaves = _pem(tmp_path / "good.pem", good), _pem(tmp_path / "revoked.pem", revoked)
    for leaf in leaves:
        assert "OK" in _run(*command, leaf), "the base alone knows of nothing"
    assert "OK" in _run(*command, "-use_deltas", leaves[0])
    refused = subprocess.run(
        [*command, "-use_deltas", str(leaves[1])], capture_output=True, text=True, check=False
    )
    assert refused.returncode != 0 and "certificate revoked" in refused.stderr


@pytest.mark.parametrize("line", LINES)
def test_openssl_verifies_the_signature_of_a_crl(demo: Demo, tmp_path: Path, line: str) -> None:
    authority = demo.hierarchy.authority(f"temporary-{line}")
    crl = tmp_path / "list.crl"
    crl.write_bytes(_crl(demo, authority))
    issuer = _pem(tmp_path / "ca.pem", authority.certificate)
    out = _run("openssl", "crl", "-inform", "DER", "-in", crl, "-noout", "-CAfile", issuer)
    assert "verify OK" in out


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("name", list(CertIdHash))
@pytest.mark.parametrize("condition", list(Condition))
def test_openssl_reads_the_status_from_a_signed_answer(
    demo: Demo,
    card_keys: dict[str, PrivateKey],
    tmp_path: Path,
    line: str,
    name: CertIdHash,
    condition: Condition,
) -> None:
    certificate = demo.issue("professional-sign", line, card_keys[line])
    authority = demo.hierarchy.authority(f"professionals-{line}")
    revoked_at = demo.now if condition is Condition.REVOKED else None
    status = CertificateStatus(
        serial_text(certificate.serial_number), condition, revoked_at, Reason.CESSATION_OF_OPERATION
    )
    answers = Presigner(
        authority, demo.store, this_update=demo.now, next_update=demo.now + timedelta(hours=48)
    ).sign(status)
    answer = tmp_path / "answer.der"
    answer.write_bytes(answers.sha1 if name is CertIdHash.SHA1 else answers.sha256)
    issuer = _pem(tmp_path / "ca.pem", authority.certificate)
    leaf = _pem(tmp_path / "leaf.pem", certificate)
    root = _pem(tmp_path / "root.pem", *demo.hierarchy.roots)
    out = _run(
        *("openssl", "ocsp", "-respin", answer, "-issuer", issuer, f"-{name}", "-cert", leaf),
        *("-CAfile", root, "-verify_other", issuer, "-no_nonce"),
    )
    assert f"leaf.pem: {condition}" in out and "Response verify OK" in out
    assert ("Reason: cessationOfOperation" in out) is (condition is Condition.REVOKED)


def test_openssl_accepts_a_joined_answer_with_its_nonce(
    demo: Demo, card_keys: dict[str, PrivateKey], tmp_path: Path
) -> None:
    certificates = [demo.issue("professional-auth", "ecc", card_keys["ecc"]) for _ in range(2)]
    authority = demo.hierarchy.authority("professionals-ecc")
    issuer = _pem(tmp_path / "ca.pem", authority.certificate)
    leaves = [_pem(tmp_path / f"leaf{n}.pem", certificate) for n, certificate in enumerate(certificates)]
    request = tmp_path / "request.der"
    asked = [part for leaf in leaves for part in ("-cert", leaf)]
    _run("openssl", "ocsp", "-issuer", issuer, *asked, "-nonce", "-reqout", request)
    parsed = parse_request(request.read_bytes())
    assert isinstance(parsed, OcspRequest) and parsed.nonce and len(parsed.certificates) == 2
    answer = tmp_path / "answer.der"
    answer.write_bytes(
        sign_answers(
            authority,
            [CertificateStatus(serial_text(certificate.serial)) for certificate in parsed.certificates],
            demo.store,
            name=CertIdHash.SHA1,
            this_update=demo.now,
            next_update=demo.now + timedelta(hours=1),
            nonce=parsed.nonce,
        )
    )
    root = _pem(tmp_path / "root.pem", *demo.hierarchy.roots)
    out = _run(
        *("openssl", "ocsp", "-reqin", request, "-respin", answer, "-issuer", issuer, *asked),
        *("-CAfile", root, "-verify_other", issuer, "-no_nonce"),
    )
    assert out.count(": good") == 2 and "WARNING" not in out
