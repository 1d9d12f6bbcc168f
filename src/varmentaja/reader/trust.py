# SPDX-License-Identifier: EUPL-1.2
"""Telling the browsers of a Linux user to trust the program's local authority, by NSS's own ``certutil``.

Chromium and its kin read one database in the home folder, Firefox one in each of its profiles.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from varmentaja.domain.errors import unavailable

NICKNAME = "Varmentaja local authority"
_TRUSTED = "C,,"
"""Trusted as an authority of websites' servers, and for nothing else."""


def install_command() -> str:
    """The command that does it, as this program was started: Debian's package has a command of its own."""
    script = next((word for word in sys.orig_argv[1:] if not word.startswith("-")), "")
    program = "varmentaja-reader" if Path(script).name == "varmentaja-reader" else "varmentaja reader"
    return f"{program} trust --install"


def databases(home: Path) -> tuple[Path, ...]:
    """The user's NSS databases; Chromium's place is named even where there is none yet."""
    return tuple(dict.fromkeys((*_chromium(home), *_firefox(home))))


def install(authority: Path, home: Path) -> tuple[Path, ...]:
    """Trust the authority (PEM file) in each database; returns where. Raises unavailable."""
    found = databases(home)
    for database in found:
        database.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (database / "cert9.db").is_file():
            _certutil("-N", database, "--empty-password")
        _forget(database)
        _certutil("-A", database, "-n", NICKNAME, "-t", _TRUSTED, "-i", str(authority))
    return found


def remove(home: Path) -> tuple[Path, ...]:
    """Trust no authority of ours any more; returns where there was one."""
    return tuple(
        database for database in databases(home) if (database / "cert9.db").is_file() and _forget(database)
    )


def _forget(database: Path) -> bool:
    """Remove all of that name: an older authority of ours would stay trusted for nothing."""
    count = 0
    while _run("-D", database, "-n", NICKNAME).returncode == 0:
        count += 1
    return count > 0


def _chromium(home: Path) -> Iterator[Path]:
    yield home / ".pki" / "nssdb"
    # Where newer Chromium keeps it, unless the older place is in use.
    newer = home / ".local" / "share" / "pki" / "nssdb"
    if newer.is_dir():
        yield newer


def _firefox(home: Path) -> Iterator[Path]:
    for folder in (home / ".mozilla" / "firefox", home / "snap/firefox/common/.mozilla/firefox"):
        yield from (path.parent for path in sorted(folder.glob("*/cert9.db")))


def _certutil(action: str, database: Path, *arguments: str) -> None:
    done = _run(action, database, *arguments)
    if done.returncode != 0:
        raise unavailable(
            "The certificate could not be added to %(database)s: %(reason)s",
            database=str(database),
            reason=done.stderr.decode("utf-8", "replace").strip()[:200],
        )


def _run(action: str, database: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("certutil")
    if program is None:
        raise unavailable("The program certutil is missing. It is in the package libnss3-tools.")
    command = [program, action, "-d", f"sql:{database}", *arguments]
    return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
