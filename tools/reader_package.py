# SPDX-License-Identifier: EUPL-1.2
"""Builds what the portal's page of the card reader program offers: a wheel, a .deb, their signatures.

The .deb holds the program and the packages that it imports, each copied from this virtual environment after
its files have been held against the hashes they were installed with. The service's address and its
authorities' certificates go along, so that the program trusts this service.

An environment made by ``make run`` has neither Qt nor pyscard. Qt is then fetched by the hashes of
requirements/reader.txt (``--fetch``); pyscard, which would have to be compiled, comes from Debian.
"""

from __future__ import annotations

import argparse
import base64
import csv
import fcntl
import hashlib
import json
import platform
import re
import shutil
import signal
import string
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tools.debian_archive import pack
from tools.openpgp import Signer

from varmentaja.config import BUILDING, settings
from varmentaja.files import write_over
from varmentaja.ground.leash import leashed

ROOT = Path(__file__).resolve().parents[1]
PARTS = ROOT / "deploy" / "reader"
PINS = ROOT / "requirements" / "reader.txt"
PACKAGES = ("asn1crypto", "cryptography", "httpx", "jinja2", "pydantic-settings", "typer")
"""What the program imports; their own needs follow."""
READERS = "pyscard"
READERS_OF_DEBIAN = ("python3-pyscard",)
KEY = "varmentaja-packages.gpg"
LISTING = "packages.json"
CHANGE_MARK = "Card reader program: "
WINDOWS = "pyside6-essentials"
QT = (WINDOWS, "shiboken6")
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
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
"""How Debian calls machines; others go by the same name."""
UNUSED = re.compile(
    r"^PySide6/(Qt/(qml|translations|metatypes|libexec)/|include/|typesystems/|glue/|scripts/|doc/|support/"
    r"|(assistant|designer|linguist|lrelease|lupdate|qml\w+|svgtoqml|rcc|uic|balsam\w*|qsb)$"
    r"|.*\.pyi$|Qt/plugins/(designer|qmltooling|sqldrivers|vectorimageformats|wayland-graphics-integration-server)/"
    r"|(Qt/lib/lib)?Qt6?(Qml|Quick|Designer|Help|Sql|Test|UiTools|Labs|ShaderTools|WaylandCompositor)\w*\."
    r"|libpyside6qml)"
)
"""Parts of Qt that windows of widgets do without: nine tenths of its files."""


def needed(names: Iterable[str]) -> dict[str, Distribution]:
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
    pinned = dict(re.findall(r"^([a-z0-9][a-z0-9.-]*)==(\S+)", PINS.read_text(), re.M))
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
    subprocess.run(leashed(signal.SIGKILL, command), cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return max(out.glob("varmentaja-*.whl"), key=lambda path: path.stat().st_mtime_ns)


def build_deb(wheel: Path, out: Path, *, issuers: Path, settings: dict[str, str], windows: bool) -> Path:
    """The program with its packages for this machine's Debian."""
    version = wheel.name.split("-")[1]
    machine = platform.machine()
    architecture = ARCHITECTURES.get(machine, machine)
    deb = out / f"varmentaja-reader_{version}_{architecture}.deb"
    names, debian = list(PACKAGES), list[str]()
    if windows:
        names.append(WINDOWS)
        debian += WINDOWS_DEPENDS
    if _has(READERS):
        names.append(READERS)
    else:
        debian += READERS_OF_DEBIAN
    packages = needed(names)
    require_pinned(packages)
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        _fill(tree, wheel, packages, issuers, settings, windows=windows)
        _describe(tree, version, architecture, debian)
        pack(tree, deb)
    return deb


def fetch_windows() -> bool:
    """Whether Qt is there, or could be fetched; only what requirements/reader.txt pins by hash is taken."""
    if _has(WINDOWS):
        return True
    pins = "".join(re.findall(rf"^(?:{'|'.join(QT)})==(?:.*\\\n)+.*\n", PINS.read_text(), re.M))
    folder = Path(sys.prefix) / f"qt-{hashlib.sha256(pins.encode()).hexdigest()[:16]}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=sys.prefix) as temporary:
            requirements, fetched = Path(temporary) / "requirements.txt", Path(temporary) / "fetched"
            requirements.write_text(pins)
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
            pip += ["--only-binary", ":all:", "--target", str(fetched), "--requirement", str(requirements)]
            if subprocess.run(leashed(signal.SIGKILL, pip)).returncode != 0:
                return False
            fetched.rename(folder)
    sys.path.append(str(folder))
    return _has(WINDOWS)


def _has(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _fill(
    tree: Path,
    wheel: Path,
    packages: dict[str, Distribution],
    issuers: Path,
    settings: dict[str, str],
    *,
    windows: bool,
) -> None:
    home = tree / "usr/lib/varmentaja-reader"
    for package in packages.values():
        copy(package, home / "packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(home / "packages")
    # Where the program is installed it may not write: its catalogues are compiled here.
    compiling = "from varmentaja.locale import compile_catalogues; compile_catalogues()"
    environment = {"PYTHONPATH": f"{home / 'packages'}:{distribution('babel').locate_file('')}"}
    command = leashed(signal.SIGKILL, [sys.executable, "-P", "-c", compiling])
    subprocess.run(command, env=environment, check=True)
    for unwanted in (home / "packages").rglob("__pycache__"):
        shutil.rmtree(unwanted)
    (home / "issuers").mkdir()
    for file in [issuers / "manifest.json", *sorted(issuers.glob("*.crt"))]:
        shutil.copy(file, home / "issuers")
    _place(PARTS / "varmentaja-reader", tree / "usr/bin/varmentaja-reader").chmod(0o755)
    if windows:
        _place(PARTS / "varmentaja-reader.desktop", tree / "usr/share/applications/varmentaja-reader.desktop")
        _place(PARTS / "autostart.desktop", tree / "etc/xdg/autostart/varmentaja-reader.desktop")
        icon = tree / "usr/share/icons/hicolor/scalable/apps/varmentaja-reader.svg"
        _place(ROOT / "src/varmentaja/ui/assets/mark.svg", icon)
    _place(ROOT / "LICENSE", tree / "usr/share/doc/varmentaja-reader/copyright")
    chosen = _place(PARTS / "settings", tree / "etc/varmentaja-reader/settings")
    lines = [f"{name}={value}\n" for name, value in settings.items()]
    chosen.write_text(chosen.read_text() + "".join(lines))


def _describe(tree: Path, version: str, architecture: str, debian: list[str]) -> None:
    files = [path for path in tree.rglob("*") if path.is_file()]
    major, minor = sys.version_info[:2]
    control = string.Template((PARTS / "control").read_text()).substitute(
        version=version,
        architecture=architecture,
        kilobytes=sum(path.stat().st_size for path in files) // 1024,
        python=f"{major}.{minor}",
        next_python=f"{major}.{minor + 1}",
        debian="".join(f", {name}" for name in debian),
    )
    about = tree / "DEBIAN"
    about.mkdir(mode=0o755)
    (about / "control").write_text(control)
    settings = [path for path in files if path.is_relative_to(tree / "etc")]
    (about / "conffiles").write_text("".join(f"/{path.relative_to(tree)}\n" for path in settings))


def _place(source: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(source, target))


def publish(files: list[Path], out: Path, signer: Signer, about: dict[str, Any]) -> None:
    """Sign each file, and list all of them for the portal's page, in their order. Older files go."""
    (out / KEY).write_bytes(signer.public_key())
    entries = []
    for file in files:
        signature = signer.sign(file)
        entries.append(
            {
                "name": file.name,
                "size": file.stat().st_size,
                "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
                "signature": signature.name,
            }
        )
        for each in (file, signature):
            each.replace(out / each.name)
    listed = {
        **about,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "system": f"Debian, {platform.machine()}, Python {sys.version_info.major}.{sys.version_info.minor}",
        "key": KEY,
        "fingerprint": signer.fingerprint,
        "changes": changes((ROOT / "CHANGELOG.md").read_text("utf-8")),
        "files": entries,
    }
    write_over(out / LISTING, json.dumps(listed, indent=1).encode() + b"\n", mode=0o644)
    offered = {KEY, *(entry[part] for entry in entries for part in ("name", "signature"))}
    for old in set(out.glob("varmentaja*")) - {out / str(name) for name in offered}:
        old.unlink()


def changes(changelog: str) -> list[str]:
    """What the newest part of the change log says of this program: its entries with the mark."""
    newest = changelog.split("\n## [", 2)[1]
    entries = re.findall(rf"^- {CHANGE_MARK}(.+(?:\n  .+)*)", newest, re.M)
    told = (" ".join(entry.replace("`", "").split()) for entry in entries)
    return [entry[0].upper() + entry[1:] for entry in told]


def source(*others: str) -> str:
    """A hash of all that goes into the packages: where it is the same, nothing needs to be built again."""
    files = [*PARTS.iterdir(), *(ROOT / "tools").glob("*.py"), *(ROOT / "requirements").iterdir()]
    files += [ROOT / name for name in ("CHANGELOG.md", "pyproject.toml", "LICENSE")]
    files += [path for path in (ROOT / "src").rglob("*") if path.suffix not in (".pyc", ".mo")]
    digest = hashlib.sha256(json.dumps([sys.version, *others]).encode())
    for file in sorted(path for path in files if path.is_file()):
        digest.update(f"{file.relative_to(ROOT)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def is_current(listing: Path, about: dict[str, Any]) -> bool:
    """Whether what is offered was built from the same, and is all there."""
    try:
        listed = json.loads(listing.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    files = (listing.parent / entry["name"] for entry in listed["files"])
    return about.items() <= listed.items() and all(file.exists() for file in files)


def main() -> None:
    """Build into var/downloads for the service of this machine."""
    chosen = settings()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--issuers", type=Path, default=chosen.hierarchy_folder)
    parser.add_argument("--portal", default=chosen.portal_address)
    parser.add_argument("--out", type=Path, default=chosen.downloads)
    parser.add_argument("--signing-key", type=Path, default=chosen.keys / "packages.key")
    parser.add_argument("--without-windows", action="store_true", help="Commands alone, without Qt.")
    parser.add_argument("--fetch", action="store_true", help="Fetch Qt where it is missing.")
    given = parser.parse_args()
    if not (given.issuers / "manifest.json").exists():
        raise SystemExit("There are no authorities to trust yet: start the service once (make run).")
    given.out.mkdir(parents=True, exist_ok=True)
    with (given.out / BUILDING).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the page tells of it
        build(given, chosen.environment.value)


def build(given: argparse.Namespace, environment: str) -> None:
    """Build, sign and list what is not so already."""
    windows = not given.without_windows and (fetch_windows() if given.fetch else _has(WINDOWS))
    address = {"VARMENTAJA_ENVIRONMENT": environment, "VARMENTAJA_PUBLIC_URL": given.portal}
    trust = hashlib.sha256((given.issuers / "manifest.json").read_bytes()).hexdigest()
    about = {"source": source(trust, *address.values()), "windows": windows, "readers": _has(READERS)}
    if is_current(given.out / LISTING, about):
        return
    with tempfile.TemporaryDirectory(dir=given.out) as folder:
        wheel = build_wheel(Path(folder))
        deb = build_deb(wheel, Path(folder), issuers=given.issuers, settings=address, windows=windows)
        signer = Signer(given.signing_key, "Varmentaja packages (TEST)")
        version = wheel.name.split("-")[1]
        publish([deb, wheel], given.out, signer, {**about, "version": version})
    print(given.out / wheel.name, given.out / deb.name, sep="\n")


if __name__ == "__main__":
    main()
