# SPDX-License-Identifier: EUPL-1.2
"""The .deb, installed into a root of its own, activates a card; nothing of this checkout helps it."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.support.cards import CODE, GENERATION, PIN1, PIN2, chip_key, order
from tests.support.demo_cards import certify
from tests.support.pcsc import Pcsc
from tests.support.pki import Demo
from tests.support.reader_package import Built, build, installation_on_a_fresh_debian

from varmentaja.card.driver import KeyAlgorithm
from varmentaja.card.personalise import personalise, run

pytestmark = [pytest.mark.pcsc, pytest.mark.xdist_group("pcsc")]

_serials = itertools.count(0xD0)


@dataclass(frozen=True)
class Installed(Built):
    """The same, and the root into which the .deb was installed."""

    root: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, demo: Demo) -> Installed:
    """Built without the network and installed by dpkg."""
    folder = tmp_path_factory.mktemp("deb")
    assert demo.folder
    root = folder / "root"
    built = Installed(build(folder, demo.folder).downloads, root)
    database = root / "var/lib/dpkg"
    (database / "updates").mkdir(parents=True)
    (database / "info").mkdir()
    (database / "status").touch()
    # Its root holds nothing else, so what it depends on is this machine's.
    install = ["dpkg", f"--root={root}", "--force-depends", "--install", str(built.file(".deb"))]
    subprocess.run(install, check=True, capture_output=True, timeout=60)
    return built


@pytest.fixture
def inserted(pcsc: Pcsc, demo: Demo) -> Iterator[Pcsc]:
    """A fresh card by the demo's authorities in a reader."""
    serial = f"{next(_serials):020X}"
    pcsc.host.create(serial, chip_key(serial), GENERATION)
    transport = pcsc.host.connect(serial)
    steps = personalise(order(serial=serial), chip_key(serial))
    run(steps, transport.transmit, lambda request: certify(demo, request))
    transport.close()
    pcsc.insert(serial)
    yield pcsc
    pcsc.pull(serial)


def reader(
    pcsc: Pcsc, built: Installed, *arguments: str, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the installed program beside pcscd, in an environment that knows nothing of this checkout."""
    program = built.root / "usr/bin/varmentaja-reader"
    environment = {"HOME": str(built.root), "LANG": "en_GB.UTF-8", "PATH": "/usr/bin:/bin"}
    return pcsc.run([str(program), *arguments], env=environment, cwd="/", input=typed)


def test_the_installed_program_activates_a_card_and_finds_it_in_order(
    inserted: Pcsc, built: Installed
) -> None:
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
    assert "On Linux: varmentaja-reader trust --install" in reader(inserted, built, "trust").stdout
    asked = ["dpkg-deb", "--field", str(built.file(".deb")), "Recommends"]
    assert "libnss3-tools" in subprocess.run(asked, capture_output=True, text=True, check=True).stdout


def test_the_installed_program_leaves_cards_of_other_issuers_alone(pcsc: Pcsc, built: Installed) -> None:
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


def test_what_is_offered_is_signed_and_listed_with_its_checksums(built: Installed, tmp_path: Path) -> None:
    gpgv = ["gpgv", "--keyring", str(built.downloads / str(built.listing["key"])), "--status-fd", "1"]
    files = built.listing["files"]
    assert isinstance(files, list) and len(files) == 2
    for entry in files:
        content = (built.downloads / entry["name"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (entry["size"], entry["sha256"])
        signature = built.downloads / entry["signature"]
        verify = [*gpgv, str(signature), str(built.downloads / entry["name"])]
        told = subprocess.run(verify, capture_output=True, text=True, check=True).stdout
        assert f"VALIDSIG {built.listing['fingerprint']}" in told
        changed = tmp_path / entry["name"]
        changed.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        assert subprocess.run([*gpgv, str(signature), str(changed)], capture_output=True).returncode


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


def test_every_library_that_the_window_loads_comes_along_or_is_depended_on(built: Installed) -> None:
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


def test_the_window_finds_its_libraries_and_starts_by_itself(built: Installed) -> None:
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


def test_apt_finds_all_that_it_needs_for_a_fresh_debian(built: Installed, tmp_path: Path) -> None:
    along = installation_on_a_fresh_debian(built.file(".deb"), tmp_path)
    assert along[-1] == "varmentaja-reader"
    assert {"pcscd", "libpcsclite1", "python3", "libegl1", "libxcb-cursor0"} <= set(along)


def test_pip_installs_the_wheel_and_it_reads_a_card(inserted: Pcsc, built: Installed, tmp_path: Path) -> None:
    """Into an environment that has all other packages already, as there is no network: pip finds that the
    wheel asks for nothing else, and for no other version."""
    others = tmp_path / "others"
    others.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if "varmentaja" not in entry.name and entry.suffix != ".pth":
            (others / entry.name).symlink_to(entry)
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = environment / "bin" / "python"
    asked = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    purelib = Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
    (purelib / "others.pth").write_text(f"{others}\n")
    wheel = f"{built.file('.whl')}[reader]"
    pip = [python, "-m", "pip", "install", "--quiet", "--no-index", wheel]
    done = subprocess.run(pip, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    variables = {"PATH": "/usr/bin:/bin", "LANG": "en_GB.UTF-8", "VARMENTAJA_STATE": str(tmp_path / "state")}
    shown = inserted.run([str(environment / "bin" / "varmentaja"), "reader", "show"], env=variables, cwd="/")
    assert "Äijälä" in shown.stdout, shown.stderr


@pytest.mark.django_db
def test_the_portals_page_offers_what_was_really_built(
    built: Installed, client: Client, settings: Any
) -> None:
    settings.DOWNLOADS = built.downloads
    page = client.get("/en/reader/", headers={"host": "localhost:8000"}).content.decode()
    listing = built.listing
    assert str(listing["fingerprint"]) in page and str(listing["version"]) in page
    files = listing["files"]
    assert isinstance(files, list)
    for name in [str(listing["key"]), *(file[part] for file in files for part in ("name", "signature"))]:
        assert f"/reader/files/{name}" in page
        fetched = client.get(f"/reader/files/{name}", headers={"host": "localhost:8000"})
        assert b"".join(fetched.streaming_content) == (built.downloads / name).read_bytes()  # type: ignore[attr-defined]
    assert all(file["sha256"] in page for file in files)
