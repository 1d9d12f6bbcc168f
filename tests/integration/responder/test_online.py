# SPDX-License-Identifier: EUPL-1.2
"""``varmentaja responder-online`` as openssl and GnuTLS see it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from tests.support.online import GOOD, NEVER, REVOKED, OnlineState, pem, running
from tests.support.pki import LINES, Demo
from tests.support.responder import RunningResponder

KEYS = {
    "ecc": ec.generate_private_key(ec.SECP384R1()),
    "rsa": rsa.generate_private_key(65537, 3072),
}


@dataclass
class Online:
    """The program, and the papers that a relying party has."""

    running: RunningResponder
    folder: Path

    def openssl(self, line: str, *asked: str) -> str:
        """What ``openssl ocsp`` says; it sends a nonce unless told not to."""
        command = ["openssl", "ocsp", "-url", f"{self.running.url}/ocsp/professionals-{line}"]
        command += ["-issuer", f"professionals-{line}.pem", "-CAfile", f"root-{line}.pem"]
        command += ["-verify_other", f"professionals-{line}.pem", *asked]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=self.folder)
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def online(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Online]:
    folder = tmp_path_factory.mktemp("o")
    state = OnlineState(demo, folder / "var", demo.now)
    cards = {line: demo.issue("professional-auth", line, KEYS[line]) for line in LINES}
    state.publish([(f"professionals-{line}", card.serial_number) for line, card in cards.items()])
    state.delegate()
    for line, card in cards.items():
        (folder / f"card-{line}.pem").write_bytes(pem(card))
        for name in ("root", "professionals"):
            authority = demo.hierarchy.authority(f"{name}-{line}")
            (folder / f"{name}-{line}.pem").write_bytes(pem(authority.certificate))
    with running(state) as responder:
        yield Online(responder, folder)


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("digest", ["-sha1", "-sha256"])
def test_openssl_gets_its_nonce_back_for_several_certificates(online: Online, line: str, digest: str) -> None:
    serials = [word for serial in (GOOD, REVOKED, NEVER) for word in ("-serial", f"0x{serial:x}")]
    said = online.openssl(line, digest, *serials)
    assert "Response verify OK" in said and "WARNING" not in said
    told = dict(re.findall(r"^0x([0-9a-f]+): (\w+)$", said, re.M))
    assert told == {f"{GOOD:x}": "good", f"{REVOKED:x}": "revoked", f"{NEVER:x}": "unknown"}


@pytest.mark.parametrize("line", LINES)
def test_openssl_asks_about_a_card(online: Online, line: str) -> None:
    assert f"card-{line}.pem: good" in online.openssl(line, "-sha256", "-cert", f"card-{line}.pem")


@pytest.mark.parametrize("line", LINES)
def test_gnutls_asks_with_a_nonce(online: Online, line: str) -> None:
    command = ["ocsptool", f"--ask={online.running.url}/ocsp/professionals-{line}", "--nonce"]
    command += ["--load-issuer", f"professionals-{line}.pem", "--load-cert", f"card-{line}.pem"]
    done = subprocess.run(
        [*command, "--load-trust", f"professionals-{line}.pem"],
        capture_output=True,
        text=True,
        timeout=30,
        cwd=online.folder,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Certificate Status: good" in done.stdout
    assert (
        "Response is correctly signed" in done.stdout + done.stderr or "Success" in done.stdout + done.stderr
    )


def test_metrics_tell_the_age_of_what_is_served(online: Online) -> None:
    answer = httpx.get(f"{online.running.url}/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    values = dict(line.split(" ") for line in answer.text.splitlines() if not line.startswith("#"))
    assert values["varmentaja_responder_serving"] == "1"
    assert values["varmentaja_responder_behind"] == "0"
    assert values["varmentaja_responder_set_number"] == "1"
    assert 0 <= float(values["varmentaja_responder_published_age_seconds"]) < 3600
    assert 0 < float(values["varmentaja_responder_crl_left_seconds"]) <= 48 * 3600
