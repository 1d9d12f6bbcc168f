# SPDX-License-Identifier: EUPL-1.2
"""What openssl, curl and a stranger's client get from the responder."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tests.integration.responder.conftest import GOOD, REVOKED
from tests.support.responder import RunningResponder, request_for
from tests.support.status import Authority


def _openssl(
    responder: RunningResponder, tmp_path: Path, issuer: Authority, *asked: str, at: str = "people"
) -> str:
    issuer_file = tmp_path / f"{issuer.name}.pem"
    issuer_file.write_bytes(issuer.certificate.public_bytes(Encoding.PEM))
    command = ["openssl", "ocsp", "-url", f"{responder.url}/ocsp/{at}", "-issuer", str(issuer_file)]
    command += ["-CAfile", str(issuer_file), "-partial_chain", *asked]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    return done.stdout + done.stderr


@pytest.mark.parametrize("hash_option", [[], ["-sha1"], ["-sha256"]])
def test_openssl_verifies_good_and_revoked(
    responder: RunningResponder, tmp_path: Path, people: Authority, hash_option: list[str]
) -> None:
    for serial, status in ((GOOD, "good"), (REVOKED, "revoked")):
        output = _openssl(responder, tmp_path, people, *hash_option, "-serial", f"0x{serial:x}")
        assert "Response verify OK" in output
        assert f": {status}" in output
        assert "WARNING: no nonce in response" in output
        assert output.count("WARNING") == 1


def test_openssl_asks_by_certificate(responder: RunningResponder, tmp_path: Path, people: Authority) -> None:
    certificate = tmp_path / "subject.pem"
    certificate.write_bytes(people.issue(GOOD).public_bytes(Encoding.PEM))
    assert "subject.pem: good" in _openssl(responder, tmp_path, people, "-cert", str(certificate))


@pytest.mark.parametrize(
    "asked",
    [
        ["-serial", "4711"],
        ["-serial", f"0x{GOOD:x}", "-serial", f"0x{REVOKED:x}"],
        ["-sha512", "-serial", f"0x{GOOD:x}"],
    ],
)
def test_openssl_is_told_unauthorized(
    responder: RunningResponder, tmp_path: Path, people: Authority, asked: list[str]
) -> None:
    assert "unauthorized (6)" in _openssl(responder, tmp_path, people, *asked)


def test_a_right_serial_under_a_wrong_issuer_is_never_good(
    responder: RunningResponder, tmp_path: Path, people: Authority, services: Authority
) -> None:
    for issuer, at in ((services, "people"), (people, "services"), (services, "services")):
        output = _openssl(responder, tmp_path, issuer, "-serial", f"0x{GOOD:x}", at=at)
        assert "unauthorized (6)" in output


def test_curl_posts_a_request(responder: RunningResponder, tmp_path: Path, people: Authority) -> None:
    (tmp_path / "request").write_bytes(request_for(people.certificate, GOOD))
    command = ["curl", "-sS", "-D", "-", "-o", str(tmp_path / "answer"), "--data-binary", "@request"]
    command += ["-H", "Content-Type: application/ocsp-request", f"{responder.url}/ocsp/people"]
    head = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True).stdout
    assert "content-type: application/ocsp-response" in head.lower()
    text = subprocess.run(
        ["openssl", "ocsp", "-respin", "answer", "-resp_text", "-noverify"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    ).stdout
    assert "Cert Status: good" in text


def test_openssl_reads_the_crl(responder: RunningResponder, tmp_path: Path, people: Authority) -> None:
    subprocess.run(
        ["curl", "-sSf", "-o", "list.crl", f"{responder.url}/crl/people/0.crl"], cwd=tmp_path, check=True
    )
    (tmp_path / "ca.pem").write_bytes(people.certificate.public_bytes(Encoding.PEM))
    command = ["openssl", "crl", "-inform", "DER", "-in", "list.crl", "-CAfile", "ca.pem", "-noout", "-text"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    assert "verify OK" in done.stderr
    assert f"{REVOKED:X}" in done.stdout
