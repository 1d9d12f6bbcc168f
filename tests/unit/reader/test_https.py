# SPDX-License-Identifier: EUPL-1.2
"""The certificate for HTTPS on this computer: what it may vouch for, who may read it, when it is renewed."""

from __future__ import annotations

import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from varmentaja.reader.https import LASTS, RENEWED_BEFORE, LocalTls

NOW = datetime.now(UTC)


class Clock:
    """A clock that is moved on by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tls(tmp_path: Path, clock: Clock) -> LocalTls:
    return LocalTls(tmp_path / "tls", clock)


def served(folder: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / "tls" / "localhost.pem").read_bytes())


def test_only_the_user_can_read_what_it_keeps(tls: LocalTls, tmp_path: Path) -> None:
    tls.context()
    assert stat.S_IMODE((tmp_path / "tls").stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "tls").iterdir()}
    assert modes == {"local-authority.pem": 0o600, "local-authority.crt": 0o600, "localhost.pem": 0o600}
    assert b"PRIVATE" not in tls.authority_file.read_bytes()


def test_the_authority_is_held_to_this_computer(tls: LocalTls) -> None:
    authority = tls.authority()
    held = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert held.critical
    assert [str(each.value) for each in held.value.permitted_subtrees or ()] == ["localhost", "127.0.0.1/32"]


def test_openssl_accepts_the_certificate_and_nothing_else_of_that_authority(
    tls: LocalTls, tmp_path: Path
) -> None:
    tls.context()
    pem = tmp_path / "tls" / "localhost.pem"
    command = [
        "openssl",
        "verify",
        "-x509_strict",
        "-purpose",
        "sslserver",
        "-CAfile",
        str(tls.authority_file),
    ]
    for check in (["-verify_ip", "127.0.0.1"], ["-verify_hostname", "localhost"]):
        assert subprocess.run([*command, *check, str(pem)], capture_output=True).returncode == 0
    other = tmp_path / "other.pem"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-days", "2"]
    signed = [
        "-CA",
        str(tmp_path / "tls/local-authority.pem"),
        "-addext",
        "subjectAltName=DNS:portal.example",
    ]
    keys = ["-CAkey", str(tmp_path / "tls/local-authority.pem"), "-keyout", str(tmp_path / "other.key")]
    subprocess.run([*request, *signed, *keys, "-out", str(other)], check=True, capture_output=True)
    refused = subprocess.run([*command, str(other)], capture_output=True, text=True)
    assert "permitted subtree violation" in refused.stderr


def test_what_was_made_is_used_again_by_the_next_start(tls: LocalTls, tmp_path: Path, clock: Clock) -> None:
    tls.context()
    first, authority = served(tmp_path), tls.authority()
    LocalTls(tmp_path / "tls", clock).context()
    assert served(tmp_path) == first
    assert LocalTls(tmp_path / "tls", clock).authority() == authority


def test_the_certificate_is_renewed_while_the_program_runs(
    tls: LocalTls, tmp_path: Path, clock: Clock
) -> None:
    before, authority = tls.context(), tls.authority()
    first = served(tmp_path)
    clock.now = NOW + LASTS - RENEWED_BEFORE - timedelta(hours=1)
    assert tls.context() is before
    clock.now = NOW + LASTS - RENEWED_BEFORE + timedelta(hours=1)
    assert tls.context() is not before
    assert served(tmp_path).not_valid_after_utc > first.not_valid_after_utc
    assert tls.authority() == authority


def test_a_new_authority_is_made_before_the_old_one_ends(tls: LocalTls, tmp_path: Path, clock: Clock) -> None:
    tls.context()
    old = tls.authority()
    clock.now = old.not_valid_after_utc - LASTS + timedelta(days=1)
    tls.context()
    assert tls.authority() != old
    served(tmp_path).verify_directly_issued_by(tls.authority())


@pytest.mark.parametrize("name", ["local-authority.pem", "localhost.pem"])
def test_broken_files_are_made_anew(tls: LocalTls, tmp_path: Path, clock: Clock, name: str) -> None:
    tls.context()
    (tmp_path / "tls" / name).write_bytes(b"broken")
    again = LocalTls(tmp_path / "tls", clock)
    again.context()
    served(tmp_path).verify_directly_issued_by(again.authority())
