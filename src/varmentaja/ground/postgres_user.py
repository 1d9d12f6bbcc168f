# SPDX-License-Identifier: EUPL-1.2
"""As whom PostgreSQL runs: it refuses to be root.

An ordinary person runs it as themselves. Root runs it in a user namespace that maps root to an ordinary
number, so that files stay root's and a closed folder stays closed; where namespaces are forbidden, as
``nobody`` with the data in a folder of its own. No permission of a folder that is not ours is changed.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from varmentaja.domain.errors import unavailable

NAMESPACE = ("unshare", "-U", "--map-user=1000", "--map-group=1000")


@dataclass(frozen=True, slots=True)
class ServerUser:
    """How to start the server and where its data lie."""

    prefix: tuple[str, ...]
    """Goes before the server's command."""
    uid: int
    """Owner of its folders, as seen from outside a namespace."""
    base: Path
    """Folder of the data."""
    apart: bool = False
    """Whether the server cannot enter our own folders."""
    note: str = ""
    """What the person who started it should know."""

    def give(self, folder: Path) -> None:
        """Make the server the owner of ``folder``, which we made."""
        if folder.stat().st_uid != self.uid:
            os.chown(folder, self.uid, -1)


def server_user(base: Path, binaries: Path) -> ServerUser:
    """The first way that works here; ``base`` is where the data would best lie."""
    if os.getuid() != 0:
        return ServerUser((), os.getuid(), base)
    if _works((*NAMESPACE, "true")):
        return ServerUser(NAMESPACE, 0, base)
    return as_nobody(base, binaries)


def as_nobody(base: Path, binaries: Path) -> ServerUser:
    """Root without namespaces: ``nobody`` runs it, in /var/tmp, since it may not enter root's folders."""
    nobody = pwd.getpwnam("nobody")
    drop = ("setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups")
    leash = "--pdeathsig=INT"  # our own leash.py may lie where nobody cannot read it
    if not _works((*drop, str(binaries / "postgres"), "--version")):
        raise unavailable(
            "PostgreSQL does not run as root, and the user nobody may not enter %(folder)s. "
            "Run this as an ordinary user, or set DATABASE_URL to a server of yours.",
            folder=str(binaries),
        )
    mark = hashlib.sha256(os.fsencode(base)).hexdigest()[:16]
    folder = Path("/var/tmp") / f"varmentaja-postgres-{mark}"  # noqa: S108 (0700, owner checked before use)
    note = f"user namespaces are not allowed here: PostgreSQL runs as nobody, its data are in {folder}"
    return ServerUser((*drop, leash), nobody.pw_uid, folder, apart=True, note=note)


def _works(command: tuple[str, ...]) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, cwd="/").returncode == 0
