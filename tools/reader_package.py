# SPDX-License-Identifier: EUPL-1.2
"""Builds what the portal's page of the card reader program offers: a wheel, a .deb, their signatures.

The .deb holds the program and the packages that it imports, each copied from this virtual environment after
its files have been held against the hashes they were installed with. Nothing is fetched. The service's
address and its authorities' certificates go along, so that the program trusts this service.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import json
import platform
import re
import shutil
import string
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PARTS = ROOT / "deploy" / "reader"
PACKAGES = ("asn1crypto", "cryptography", "httpx", "jinja2", "pydantic-settings", "pyscard", "typer")
"""What the program imports; their own needs follow."""
CHANGE_MARK = "Card reader program: "
WINDOWS = "pyside6-essentials"
WINDOWS_DEPENDS = (
    "libegl1",
    "libgl1",
    "libglib2.0-0",
    "libwayland-cursor0",
    "libwayland-egl1",
    "libxkbcommon0",
    "libxkbcommon-x11-0",
    "libdbus-1-3",
    "libfontconfig1",
    "libxcb-cursor0",
    "libxcb-icccm4",
    "libxcb-image0",
    "libxcb-keysyms1",
    "libxcb-randr0",
    "libxcb-render-util0",
    "libxcb-shape0",
    "libxcb-xinerama0",
)
UNUSED = re.compile(
    r"^PySide6/(Qt/(qml|translations|metatypes|libexec)/|include/|typesystems/|glue/|scripts/|doc/|support/"
    r"|(assistant|designer|linguist|lrelease|lupdate|qml\w+|svgtoqml|rcc|uic|balsam\w*|qsb)$"
    r"|.*\.pyi$|Qt/plugins/(designer|qmltooling|sqldrivers|vectorimageformats|wayland-graphics-integration-server)/"
    r"|(Qt/lib/lib)?Qt6?(Qml|Quick|Designer|Help|Sql|Test|UiTools|Labs|ShaderTools|WaylandCompositor)\w*\."
    r"|libpyside6qml)"
)
"""Parts of Qt that windows of widgets do without: nine tenths of its files."""


def needed(names: Iterator[str] | tuple[str, ...]) -> dict[str, Distribution]:
    """The distributions of these names and all that they need, by canonical name."""
    found: dict[str, Distribution] = {}
    waiting = list(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        found[name] = distribution(name)
        for line in found[name].requires or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return found


def require_pinned(packages: dict[str, Distribution]) -> None:
    """Every package is of the version that requirements/reader.txt pins by hash."""
    pinned = dict(
        re.findall(r"^([a-z0-9][a-z0-9.-]*)==(\S+)", (ROOT / "requirements/reader.txt").read_text(), re.M)
    )
    for name, package in packages.items():
        if pinned.get(name) != package.version:
            raise SystemExit(f"{name} {package.version} is not the one of requirements/reader.txt")


def copy(package: Distribution, target: Path) -> None:
    """Copy a package's files, each held against its hash in the package's RECORD."""
    record = csv.reader((package.read_text("RECORD") or "").splitlines())
    for name, digest, _size in record:
        if name.startswith(("..", "/")) or name.endswith(".pyc") or not digest or UNUSED.match(name):
            continue
        content = Path(str(package.locate_file(name))).read_bytes()
        algorithm, _, wanted = digest.partition("=")
        found = base64.urlsafe_b64encode(hashlib.new(algorithm, content).digest()).decode().rstrip("=")
        if found != wanted:
            raise SystemExit(f"{name} of {package.name} is not what was installed")
        file = target / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def build_wheel(out: Path) -> Path:
    """The program as a wheel."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return max(out.glob("varmentaja-*.whl"), key=lambda path: path.stat().st_mtime_ns)


def build_deb(wheel: Path, out: Path, *, issuers: Path, settings: dict[str, str], windows: bool) -> Path:
    """The program with its packages for this machine's Debian."""
    version = wheel.name.split("-")[1]
    architecture = _output("dpkg", "--print-architecture")
    deb = out / f"varmentaja-reader_{version}_{architecture}.deb"
    packages = needed((*PACKAGES, WINDOWS) if windows else PACKAGES)
    require_pinned(packages)
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        tree.chmod(0o755)
        _fill(tree, wheel, packages, issuers, settings)
        _describe(tree, version, architecture, windows=windows)
        # Quick to make; the wheels of Qt hardly shrink further.
        pack = ["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", str(tree), str(deb)]
        subprocess.run(pack, check=True, stdout=subprocess.DEVNULL)
    return deb


def _fill(
    tree: Path, wheel: Path, packages: dict[str, Distribution], issuers: Path, settings: dict[str, str]
) -> None:
    home = tree / "usr/lib/varmentaja-reader"
    for package in packages.values():
        copy(package, home / "packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(home / "packages")
    # Where the program is installed it may not write: its catalogues are compiled here.
    compiling = "from varmentaja.locale import compile_catalogues; compile_catalogues()"
    environment = {"PYTHONPATH": f"{home / 'packages'}:{distribution('babel').locate_file('')}"}
    subprocess.run([sys.executable, "-P", "-c", compiling], env=environment, check=True)
    for unwanted in (home / "packages").rglob("__pycache__"):
        shutil.rmtree(unwanted)
    (home / "issuers").mkdir()
    for file in [issuers / "manifest.json", *sorted(issuers.glob("*.crt"))]:
        shutil.copy(file, home / "issuers")
    _place(PARTS / "varmentaja-reader", tree / "usr/bin/varmentaja-reader").chmod(0o755)
    _place(PARTS / "varmentaja-reader.desktop", tree / "usr/share/applications/varmentaja-reader.desktop")
    _place(PARTS / "autostart.desktop", tree / "etc/xdg/autostart/varmentaja-reader.desktop")
    icon = tree / "usr/share/icons/hicolor/scalable/apps/varmentaja-reader.svg"
    _place(ROOT / "src/varmentaja/ui/assets/mark.svg", icon)
    _place(ROOT / "LICENSE", tree / "usr/share/doc/varmentaja-reader/copyright")
    chosen = _place(PARTS / "settings", tree / "etc/varmentaja-reader/settings")
    lines = [f"{name}={value}\n" for name, value in settings.items()]
    chosen.write_text(chosen.read_text() + "".join(lines))


def _describe(tree: Path, version: str, architecture: str, *, windows: bool) -> None:
    files = [path for path in tree.rglob("*") if path.is_file()]
    major, minor = sys.version_info[:2]
    control = string.Template((PARTS / "control").read_text()).substitute(
        version=version,
        architecture=architecture,
        kilobytes=sum(path.stat().st_size for path in files) // 1024,
        python=f"{major}.{minor}",
        next_python=f"{major}.{minor + 1}",
        windows="".join(f", {name}" for name in WINDOWS_DEPENDS) if windows else "",
    )
    about = tree / "DEBIAN"
    about.mkdir(mode=0o755)
    (about / "control").write_text(control)
    settings = [path for path in files if path.is_relative_to(tree / "etc")]
    (about / "conffiles").write_text("".join(f"/{path.relative_to(tree)}\n" for path in settings))


def _place(source: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(source, target))


class Signer:
    """gpg with a key of its own, made at the first use."""

    def __init__(self, home: Path) -> None:
        self._home = home
        if not home.exists():
            home.mkdir(mode=0o700, parents=True)
            name = "Varmentaja packages (TEST)"
            self._gpg("--passphrase", "", "--quick-generate-key", name, "ed25519", "sign", "5y")

    def sign(self, file: Path) -> Path:
        """A detached signature beside the file."""
        signature = file.with_name(f"{file.name}.asc")
        self._gpg("--yes", "--armor", "--output", str(signature), "--detach-sign", str(file))
        return signature

    def export(self, file: Path) -> str:
        """Write the public key to a file; its fingerprint."""
        file.write_text(self._gpg("--armor", "--export"))
        return next(
            line.split(":")[9]
            for line in self._gpg("--with-colons", "--fingerprint").splitlines()
            if line.startswith("fpr")
        )

    def close(self) -> None:
        """End gpg's agent."""
        subprocess.run(["gpgconf", "--homedir", str(self._home), "--kill", "gpg-agent"], check=True)

    def _gpg(self, *arguments: str) -> str:
        return _output("gpg", "--homedir", str(self._home), "--batch", "--quiet", *arguments)


def publish(files: list[Path], version: str, out: Path, signer: Signer) -> Path:
    """Sign each file, and list all of them for the portal's page, in their order."""
    fingerprint = signer.export(out / "varmentaja-packages.asc")
    entries = [
        {
            "name": file.name,
            "size": file.stat().st_size,
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
            "signature": signer.sign(file).name,
        }
        for file in files
    ]
    listed = {
        "version": version,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "system": f"Debian, {platform.machine()}, Python {sys.version_info.major}.{sys.version_info.minor}",
        "key": "varmentaja-packages.asc",
        "fingerprint": fingerprint,
        "changes": changes((ROOT / "CHANGELOG.md").read_text("utf-8")),
        "files": entries,
    }
    listing = out / "packages.json"
    listing.write_text(json.dumps(listed, indent=1) + "\n")
    return listing


def changes(changelog: str) -> list[str]:
    """What the newest part of the change log says of this program: its entries with the mark."""
    newest = changelog.split("\n## [", 2)[1]
    entries = re.findall(rf"^- {CHANGE_MARK}(.+(?:\n  .+)*)", newest, re.M)
    told = (" ".join(entry.replace("`", "").split()) for entry in entries)
    return [entry[0].upper() + entry[1:] for entry in told]


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def main() -> None:
    """Build into var/downloads for the service of this machine."""
    from varmentaja.config import settings

    chosen = settings()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--issuers", type=Path, default=chosen.hierarchy_folder)
    parser.add_argument("--portal", default=chosen.portal_address)
    parser.add_argument("--out", type=Path, default=chosen.downloads)
    parser.add_argument("--signing-key", type=Path, default=chosen.keys / "packages")
    parser.add_argument("--without-windows", action="store_true", help="Commands alone, without Qt.")
    given = parser.parse_args()
    if not (given.issuers / "manifest.json").exists():
        raise SystemExit("There are no authorities to trust yet: start the service once (make run).")
    given.out.mkdir(parents=True, exist_ok=True)
    address = {"VARMENTAJA_ENVIRONMENT": chosen.environment.value, "VARMENTAJA_PUBLIC_URL": given.portal}
    windows = not given.without_windows
    wheel = build_wheel(given.out)
    deb = build_deb(wheel, given.out, issuers=given.issuers, settings=address, windows=windows)
    signer = Signer(given.signing_key.resolve())
    try:
        publish([deb, wheel], wheel.name.split("-")[1], given.out, signer)
    finally:
        signer.close()
    print(f"{wheel}\n{deb}")


if __name__ == "__main__":
    main()
