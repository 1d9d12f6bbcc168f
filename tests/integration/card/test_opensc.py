# SPDX-License-Identifier: EUPL-1.2
"""Our card in other people's hands: Debian's pcscd, vpcd and OpenSC, as they come."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support import cards
from tests.support.pcsc import MODULE, Pcsc

from varmentaja.card.driver import CardCertificates, KeyAlgorithm

pytestmark = [pytest.mark.pcsc, pytest.mark.xdist_group("pcsc")]

ECDSA = ["-m", "ECDSA-SHA256", "--signature-format", "openssl"]
MECHANISMS = {
    KeyAlgorithm.RSA_3072: ["-m", "SHA256-RSA-PKCS"],
    KeyAlgorithm.P384: ECDSA,
    KeyAlgorithm.P256: ECDSA,
}
SERIALS = dict(zip(MECHANISMS, ("A1" * 10, "A2" * 10, "A3" * 10), strict=True))


class Opensc:
    """OpenSC's programs and one card in the first reader."""

    def __init__(self, pcsc: Pcsc, algorithm: KeyAlgorithm) -> None:
        self.pcsc = pcsc
        self.algorithm = algorithm
        self.serial = SERIALS[algorithm]
        self.certificates: CardCertificates = pcsc.make(algorithm, self.serial).certified.certificates
        pcsc.insert(self.serial)

    def pkcs15(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.pcsc.run(["pkcs15-tool", "--reader", "0", *arguments])

    def unblock(self, auth_id: str, code: str, pin: str) -> subprocess.CompletedProcess[str]:
        return self.pkcs15("--unblock-pin", "--auth-id", auth_id, "--puk", code, "--new-pin", pin)

    def sign(
        self, slot: int, key: str, pin: str, out: Path, mechanism: list[str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        content = out.with_suffix(".content")
        content.write_bytes(b"content")
        where = ["--module", str(MODULE), "--slot-index", str(slot), "--login", "--pin", pin]
        what = ["--sign", "--id", key, *(mechanism or MECHANISMS[self.algorithm])]
        return self.pcsc.run(["pkcs11-tool", *where, *what, "-i", str(content), "-o", str(out)])

    def drawer(self) -> dict[str, object]:
        """The card's file as the host stores it."""
        document: dict[str, object] = json.loads(
            (self.pcsc.folder / "cards" / f"{self.serial}.json").read_text()
        )
        return document


@pytest.fixture(scope="module", params=list(MECHANISMS))
def opensc(pcsc: Pcsc, request: pytest.FixtureRequest) -> Iterator[Opensc]:
    """A card of each kind, activated with the stock tool."""
    tools = Opensc(pcsc, request.param)
    for auth_id, pin in (("01", cards.PIN1), ("02", cards.PIN2)):
        done = tools.unblock(auth_id, cards.CODE, pin)
        assert done.returncode == 0, done.stderr
    yield tools
    pcsc.pull(tools.serial)


def verified_by_openssl(signature: Path, certificate: bytes | None, *options: str) -> bool:
    assert certificate
    public_key = signature.with_suffix(".pem")
    key = x509.load_der_x509_certificate(certificate).public_key()
    public_key.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    files = ["-verify", str(public_key), "-signature", str(signature)]
    content = str(signature.with_suffix(".content"))
    command = ["openssl", "dgst", "-sha256", *options, *files, content]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_the_dump_shows_every_object(opensc: Opensc) -> None:
    dump = opensc.pkcs15("--dump")
    assert dump.returncode == 0
    assert dump.stderr == ""
    assert opensc.serial in dump.stdout.upper()
    for line in ("PIN [PIN1]", "PIN [PIN2]", "PIN [Activation code]", "min_len:8, max_len:8"):
        assert line in dump.stdout
    kind = "RSA" if opensc.algorithm is KeyAlgorithm.RSA_3072 else "EC"
    for role in ("Authentication", "Signature"):
        assert f"Private {kind} Key [{role} key]" in dump.stdout
        assert f"Public {kind} Key [{role} key]" in dump.stdout
    assert dump.stdout.count("X.509 Certificate") == 4
    assert dump.stdout.count("neverExtract") == 2


@pytest.mark.parametrize(("identifier", "name"), [("45", "authentication"), ("46", "signature")])
def test_certificates_are_read_as_they_were_written(opensc: Opensc, identifier: str, name: str) -> None:
    pem = opensc.pkcs15("--read-certificate", identifier).stdout
    read = x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)
    assert read == getattr(opensc.certificates, name)


def test_the_authentication_key_signs_with_pin1(opensc: Opensc, tmp_path: Path) -> None:
    signed = opensc.sign(0, "45", cards.PIN1, tmp_path / "signature")
    assert signed.returncode == 0, signed.stderr
    assert verified_by_openssl(tmp_path / "signature", opensc.certificates.authentication)


def test_the_signature_key_signs_with_pin2_alone(opensc: Opensc, tmp_path: Path) -> None:
    signed = opensc.sign(1, "46", cards.PIN2, tmp_path / "signature")
    assert signed.returncode == 0, signed.stderr
    assert verified_by_openssl(tmp_path / "signature", opensc.certificates.signature)
    assert not verified_by_openssl(tmp_path / "signature", opensc.certificates.authentication)
    refused = opensc.sign(1, "46", cards.PIN1, tmp_path / "refused")
    assert refused.returncode != 0
    assert "CKR_PIN_INCORRECT" in refused.stderr


def test_the_code_unlocks_a_pin_that_was_locked(opensc: Opensc, tmp_path: Path) -> None:
    for _ in range(5):
        assert opensc.pkcs15("--verify-pin", "--auth-id", "01", "--pin", "9999").returncode != 0
    locked = opensc.sign(0, "45", cards.PIN1, tmp_path / "signature")
    assert "CKR_PIN_LOCKED" in locked.stderr
    assert opensc.unblock("01", cards.CODE, cards.PIN1).returncode == 0
    assert opensc.sign(0, "45", cards.PIN1, tmp_path / "signature").returncode == 0


def test_a_trivial_pin_is_refused_by_the_card(opensc: Opensc) -> None:
    assert opensc.unblock("01", cards.CODE, "1111").returncode != 0
    assert opensc.pkcs15("--verify-pin", "--auth-id", "01", "--pin", cards.PIN1).returncode == 0


def test_a_finished_card_cannot_be_erased(opensc: Opensc) -> None:
    before = opensc.drawer()
    for pins in ([], ["--pin", cards.PIN1, "--so-pin", cards.CODE]):
        erase = opensc.pcsc.run(["pkcs15-init", "--reader", "0", "--erase-card", *pins])
        assert erase.returncode != 0
    after = opensc.drawer()
    assert after["files"] == before["files"]
    assert after["life_cycle"] == "operational"


def test_pin_change_needs_the_old_pin(opensc: Opensc) -> None:
    change = ("--change-pin", "--auth-id", "01")
    assert opensc.pkcs15(*change, "--pin", "9999", "--new-pin", "3691").returncode != 0
    assert opensc.pkcs15(*change, "--pin", cards.PIN1, "--new-pin", "3691").returncode == 0
    assert opensc.pkcs15(*change, "--pin", "3691", "--new-pin", cards.PIN1).returncode == 0


def test_a_pulled_card_is_gone_and_comes_back_with_its_tries_counted(opensc: Opensc) -> None:
    opensc.unblock("02", cards.CODE, cards.PIN2)
    opensc.pkcs15("--verify-pin", "--auth-id", "02", "--pin", "999999")
    opensc.pcsc.pull(opensc.serial)
    assert opensc.pkcs15("--dump").returncode != 0
    opensc.pcsc.insert(opensc.serial)
    probe = opensc.pcsc.run(["opensc-tool", "--reader", "0", "--send-apdu", "0020000200"])
    assert "SW1=0x63, SW2=0xC4" in probe.stdout


@pytest.mark.parametrize("opensc", [KeyAlgorithm.RSA_3072], indirect=True)
def test_rsa_cards_sign_with_pss_as_tls_1_3_wants(opensc: Opensc, tmp_path: Path) -> None:
    pss = ["-m", "SHA256-RSA-PKCS-PSS", "--mgf", "MGF1-SHA256", "--salt-len", "32"]
    signed = opensc.sign(0, "45", cards.PIN1, tmp_path / "signature", pss)
    assert signed.returncode == 0, signed.stderr
    options = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"]
    assert verified_by_openssl(tmp_path / "signature", opensc.certificates.authentication, *options)
