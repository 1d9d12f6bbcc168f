# SPDX-License-Identifier: EUPL-1.2
"""The .deb, installed into a root of its own, activates a card; nothing of this checkout helps it."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.cards import CODE, GENERATION, PIN1, PIN2, SERIAL, chip_key, order
from tests.support.demo_cards import certify
from tests.support.pcsc import Pcsc
from tests.support.pki import Demo

from varmentaja.card.driver import KeyAlgorithm
from varmentaja.card.personalise import personalise, run

pytestmark = [pytest.mark.pcsc, pytest.mark.xdist_group("pcsc")]

TOOL = Path(__file__).parents[3] / "tools" / "reader_package.py"


@dataclass(frozen=True)
class Built:
    """What the portal would offer, and the root into which the .deb was installed."""

    downloads: Path
    root: Path

    @property
    def listing(self) -> dict[str, object]:
        listing: dict[str, object] = json.loads((self.downloads / "packages.json").read_text())
        return listing

    def file(self, ending: str) -> Path:
        return next(self.downloads.glob(f"*{ending}"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, demo: Demo) -> Built:
    """Built without the network and installed by dpkg."""
    folder = tmp_path_factory.mktemp("deb")
    downloads, root = folder / "downloads", folder / "root"
    build = [sys.executable, str(TOOL), "--portal", "http://127.0.0.1:9", "--out", str(downloads)]
    build += ["--issuers", str(demo.folder), "--signing-key", str(folder / "key")]
    alone = ["unshare", "--net", "--", *build]
    subprocess.run(alone, check=True, capture_output=True, timeout=120)
    database = root / "var/lib/dpkg"
    (database / "updates").mkdir(parents=True)
    (database / "info").mkdir()
    (database / "status").touch()
    built = Built(downloads, root)
    # Its root holds nothing else, so what it depends on is this machine's.
    install = ["dpkg", f"--root={root}", "--force-depends", "--install", str(built.file(".deb"))]
    subprocess.run(install, check=True, capture_output=True, timeout=60)
    return built


@pytest.fixture
def inserted(pcsc: Pcsc, demo: Demo) -> Iterator[Pcsc]:
    """A fresh card by the demo's authorities in a reader."""
    pcsc.host.create(SERIAL, chip_key(), GENERATION)
    transport = pcsc.host.connect(SERIAL)
    run(personalise(order(), chip_key()), transport.transmit, lambda request: certify(demo, request))
    transport.close()
    pcsc.insert()
    yield pcsc
    pcsc.pull()


def reader(pcsc: Pcsc, built: Built, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run the installed program beside pcscd, in an environment that knows nothing of this checkout."""
    program = built.root / "usr/bin/varmentaja-reader"
    environment = {"HOME": str(built.root), "LANG": "en_GB.UTF-8", "PATH": "/usr/bin:/bin"}
    return pcsc.run([str(program), *arguments], env=environment, cwd="/", input=typed)


def test_the_installed_program_activates_a_card_and_finds_it_in_order(inserted: Pcsc, built: Built) -> None:
    alone = ["/usr/bin/python3", "-I", "-c", "import varmentaja"]
    assert b"ModuleNotFoundError" in subprocess.run(alone, capture_output=True, cwd="/").stderr
    typed = json.dumps({"code": CODE, "pin1": PIN1, "pin2": PIN2}) + "\n"
    activated = reader(inserted, built, "activate", "--reader", "Test reader", "--pin-fd", "0", typed=typed)
    assert (activated.returncode, activated.stderr) == (0, "")
    report = reader(inserted, built, "diagnose", "--reader", "Test reader", "--report")
    assert "Both PINs can be used." in report.stdout
    assert "The card's certificates come from an issuer of this service." in report.stdout
    assert report.returncode == 7 and "The certificate service does not answer." in report.stdout
    shown = reader(inserted, built, "show", "--reader", "Test reader")
    assert "Äijälä" in shown.stdout


def test_the_installed_program_leaves_cards_of_other_issuers_alone(pcsc: Pcsc, built: Built) -> None:
    other = "FF" * 10
    pcsc.make(KeyAlgorithm.P384, other)
    pcsc.insert(other)
    try:
        typed = json.dumps({"code": CODE, "pin1": PIN1, "pin2": PIN2}) + "\n"
        refused = reader(pcsc, built, "activate", "--reader", "Test reader", "--pin-fd", "0", typed=typed)
        assert refused.returncode == 5
        assert "This card is from another issuer: Test issuer." in refused.stderr
        shown = reader(pcsc, built, "show", "--reader", "Test reader")
        assert "Not activated" in shown.stdout and "from another issuer" in shown.stdout
    finally:
        pcsc.pull(other)


def test_what_is_offered_is_signed_and_listed_with_its_checksums(built: Built, tmp_path: Path) -> None:
    home = tmp_path / "gpg"
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", str(home), "--batch", "--quiet"]
    subprocess.run([*gpg, "--import", str(built.file(".asc").parent / "varmentaja-packages.asc")], check=True)
    files = built.listing["files"]
    assert isinstance(files, list) and len(files) == 2
    for entry in files:
        content = (built.downloads / entry["name"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (entry["size"], entry["sha256"])
        signature = built.downloads / entry["signature"]
        verify = [*gpg, "--status-fd", "1", "--verify", str(signature), str(built.downloads / entry["name"])]
        told = subprocess.run(verify, capture_output=True, text=True, check=True).stdout
        assert f"VALIDSIG {built.listing['fingerprint']}" in told
        changed = tmp_path / entry["name"]
        changed.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        assert subprocess.run(
            [*gpg, "--verify", str(signature), str(changed)], capture_output=True
        ).returncode


def needed_packages(control: str) -> set[str]:
    """The Debian packages that come with a package's Depends, as far as they are on this machine."""
    installed = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package}\t${Depends}, ${Pre-Depends}\n"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    depends = dict(line.split("\t") for line in installed.splitlines())
    waiting, found = [control], set[str]()
    while waiting:
        for name in re.findall(r"(?:^|[,|])\s*([a-z0-9][a-z0-9.+-]+)", waiting.pop()):
            if name not in found:
                found.add(name)
                waiting.append(depends.get(name, ""))
    return found


def test_every_library_that_the_window_loads_comes_along_or_is_depended_on(built: Built) -> None:
    qt = built.root / "usr/lib/varmentaja-reader/packages/PySide6"
    loaded = [*qt.glob("Qt[CGW]*.abi3.so"), qt / "Qt/plugins/platforms/libqxcb.so"]
    assert len(loaded) >= 4
    wanted = subprocess.run(["ldd", *map(str, loaded)], capture_output=True, text=True, check=True).stdout
    assert "not found" not in wanted
    outside = {path.name for path in map(Path, re.findall(r"=> (/\S+)", wanted)) if qt not in path.parents}
    outside -= {path.name for path in built.root.rglob("*.so*")}
    owners = subprocess.run(
        ["dpkg", "-S", *(f"*/{name}" for name in sorted(outside))], capture_output=True, text=True, check=True
    ).stdout
    owner = {line.rsplit("/", 1)[1]: line.split(":")[0] for line in owners.splitlines()}
    control = subprocess.run(
        ["dpkg-deb", "--field", str(built.file(".deb")), "Depends"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    come_along = needed_packages(control)
    assert {name: owner[name] for name in outside if owner[name] not in come_along} == {}


def test_the_window_finds_its_libraries_and_starts_by_itself(built: Built) -> None:
    asked = (
        "import sys; sys.path.insert(0, sys.argv[1]); from varmentaja.reader.window import app; print(app)"
    )
    packages = built.root / "usr/lib/varmentaja-reader/packages"
    told = subprocess.run(
        ["/usr/bin/python3", "-I", "-c", asked, str(packages)], capture_output=True, text=True, cwd="/"
    )
    assert str(packages) in told.stdout, told.stderr
    entry = (built.root / "etc/xdg/autostart/varmentaja-reader.desktop").read_text()
    assert "Exec=varmentaja-reader --hidden\n" in entry
