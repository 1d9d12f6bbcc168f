# SPDX-License-Identifier: EUPL-1.2
"""A Debian computer that was set up for log-in with the card, by the recipe in docs/integration.

It stands in the mount and network namespace of ``pcsc``, with /etc/pam.d and its like laid over the machine's
own: the machine's log-in is never touched. Needs root, as every test with pcscd does.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from tests.support.cards import CODE, GENERATION, PIN1, PIN2, chip_key, order
from tests.support.demo_cards import PROFILES, certify
from tests.support.pcsc import Pcsc
from tests.support.pki import BASE_URL, PHYSICIAN, Demo

from varmentaja.card.driver import KeyAlgorithm, KeyRole
from varmentaja.card.drivers import open_card
from varmentaja.card.personalise import personalise, run
from varmentaja.pki.ceremony import demo_plan, perform_ceremony
from varmentaja.pki.crl import Reason, encode_entry, sign_crl
from varmentaja.pki.keystore import open_software_store
from varmentaja.pki.serials import serial_text

ROOT = Path(__file__).parents[3]
RECIPE = ROOT / "docs" / "integration" / "debian-login.md"
EXAMPLE_ADDRESS = "https://status.varmentaja.example"
ISSUER = "professionals-ecc"
PASSWORD = "right-password"
LAID_OVER = ("/etc/pam.d", "/etc/pam_pkcs11", "/usr/share/pam-configs", "/var/lib/pam")
OVER_PIN = bytes.fromhex("00 20 00 01 00")
"""VERIFY without a PIN: tells whether PIN 1 is verified, or how many tries it has."""


class Computer:
    """Where somebody logs in."""

    def __init__(self, pcsc: Pcsc, demo: Demo) -> None:
        self.pcsc = pcsc
        self._demo = demo
        self._published = pcsc.folder / "published"
        self._lay_over()
        self.publish_authorities()
        self.publish_list()
        port = BASE_URL.rpartition(":")[2]
        server = ["python3", "-m", "http.server", port, "--bind", "127.0.0.1", "--directory"]
        pcsc.start([*server, str(self._published)])
        _until(lambda: pcsc.run(["curl", "--silent", BASE_URL]).returncode == 0)
        for block in recipe():
            here = f"cd {ROOT}\n" + block.replace(EXAMPLE_ADDRESS, BASE_URL)
            done = pcsc.run(["sh", "-euc", here])
            assert done.returncode == 0, done.stderr

    def log_in(self, typed: str, *, service: str = "card-only", account: str = "aino") -> bool:
        """Whether an account opens for what is typed at the prompts of a service."""
        steps = ["authenticate", "acct_mgmt"]
        done = self.pcsc.run(["pamtester", service, account, *steps], input=f"{typed}\n")
        assert ("successfully authenticated" in done.stdout) == (done.returncode == 0)
        return done.returncode == 0

    def pin1_state(self) -> str:
        """Status word of PIN 1 between log-ins: 63Cn with n tries left, 9000 if it stayed verified."""
        told = self.pcsc.run(["opensc-tool", "--reader", "0", "--send-apdu", OVER_PIN.hex()]).stdout
        words = re.search(r"SW1=0x(\w\w), SW2=0x(\w\w)", told)
        assert words, told
        return words[1] + words[2]

    @contextmanager
    def setting(self, line: str, instead: str) -> Iterator[None]:
        """For a while, another line in the module's settings."""
        file = self.pcsc.folder / "etc" / "pam_pkcs11" / "pam_pkcs11.conf"
        before = file.read_text()
        assert line in before
        file.write_text(before.replace(line, instead))
        try:
            yield
        finally:
            file.write_text(before)

    def publish_authorities(self) -> None:
        """What the responder serves under /ca."""
        folder = self._published / "ca"
        folder.mkdir(parents=True)
        for name, authority in self._demo.hierarchy.authorities.items():
            (folder / f"{name}.crt").write_bytes(authority.certificate_der)

    def publish_list(self, *revoked: x509.Certificate) -> None:
        """The issuing authority's list."""
        now = datetime.now(UTC).replace(microsecond=0)
        entries = [
            encode_entry(serial_text(each.serial_number), now, Reason.KEY_COMPROMISE) for each in revoked
        ]
        signed = sign_crl(
            self._demo.hierarchy.authority(ISSUER),
            0,
            entries,
            self._demo.store,
            number=1,
            this_update=now,
            next_update=now + timedelta(days=2),
        )
        self.list_file.parent.mkdir(parents=True, exist_ok=True)
        self.list_file.write_bytes(signed)

    @property
    def list_file(self) -> Path:
        """Where the list lies that certificates of the authority name."""
        return self._published / "crl" / ISSUER / "0.crl"

    def _lay_over(self) -> None:
        """Copies of the machine's files, with one more account, over the machine's own."""
        for place in LAID_OVER:
            copy = self.pcsc.folder / place.lstrip("/")
            shutil.copytree(place, copy, symlinks=True)
            self._bind(copy, place)
        hashed = subprocess.run(
            ["openssl", "passwd", "-6", PASSWORD], capture_output=True, text=True, check=True
        ).stdout.strip()
        lines = {
            "/etc/passwd": "aino:x:29999:29999:Aino:/:/bin/sh",
            "/etc/shadow": f"aino:{hashed}:20000:0:99999:7:::",
        }
        for place, line in lines.items():
            copy = self.pcsc.folder / place.lstrip("/")
            copy.write_text(f"{Path(place).read_text()}{line}\n")
            copy.chmod(Path(place).stat().st_mode)
            self._bind(copy, place)
        (self.pcsc.folder / "etc" / "pam.d" / "workstation").write_text(
            "@include common-auth\n@include common-account\n"
        )

    def _bind(self, copy: Path, place: str) -> None:
        done = self.pcsc.run(["mount", "--bind", str(copy), place])
        assert done.returncode == 0, done.stderr


def recipe() -> list[str]:
    """The recipe's shell blocks, in their order."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", RECIPE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 5 and EXAMPLE_ADDRESS in blocks[0]
    return [str(block) for block in blocks]


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, "waited in vain for the published lists"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def as_root() -> None:
    """Says what is wrong before pcscd is waited for in vain."""
    assert os.geteuid() == 0, "log-in tests need root: they lay an /etc/pam.d of their own over the machine's"


@pytest.fixture(scope="module")
def computer(as_root: None, pcsc: Pcsc, demo: Demo) -> Computer:
    """Set up once."""
    return Computer(pcsc, demo)


Insert = Callable[..., x509.Certificate]


@pytest.fixture
def insert(pcsc: Pcsc, demo: Demo, computer: Computer) -> Iterator[Insert]:
    """``insert(...)`` makes a card, puts it into the reader and tells its authentication certificate."""
    made: list[str] = []

    def new_card(
        algorithm: KeyAlgorithm = KeyAlgorithm.P384,
        issuers: Demo = demo,
        *,
        activated: bool = True,
        user_principal_name: str | None = None,
    ) -> x509.Certificate:
        subject, profiles = PHYSICIAN, PROFILES
        if user_principal_name:
            subject = replace(PHYSICIAN, user_principal_name=user_principal_name)
            profiles = PROFILES | {KeyRole.AUTHENTICATION: "professional-auth-logon"}
        serial = os.urandom(10).hex().upper()
        pcsc.host.create(serial, chip_key(serial), GENERATION)
        transport = pcsc.host.connect(serial)
        try:
            steps = personalise(order(algorithm, serial), chip_key(serial))
            done = run(
                steps,
                transport.transmit,
                lambda request: certify(issuers, request, subject=subject, profiles=profiles),
            )
            if activated:
                open_card(transport).activate(CODE, PIN1, PIN2)
        finally:
            transport.close()
        pcsc.insert(serial)
        made.append(serial)
        return x509.load_der_x509_certificate(done.certified.certificates.authentication or b"")

    yield new_card
    for serial in made:
        pcsc.pull(serial)


@pytest.fixture(scope="module")
def namesake(tmp_path_factory: pytest.TempPathFactory, demo: Demo) -> Demo:
    """Another service, whose authorities bear the very names of ours."""
    folder = tmp_path_factory.mktemp("namesake")
    store = open_software_store(folder / "keys", b"passphrase", random=os.urandom)
    plan = demo_plan(BASE_URL)
    hierarchy = perform_ceremony(plan, store, folder / "hierarchy", now=demo.now, random=os.urandom)
    return Demo(hierarchy, store, demo.now)
