# SPDX-License-Identifier: EUPL-1.2
"""The ``openssl`` command: makes the requests, and says what it holds of the answers."""

from __future__ import annotations

import base64
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

_SECONDS = 120
_ANY_AGE = str(30 * 365 * 86_400)
"""Seconds: openssl compares an answer's dates with the machine's clock; further off, it prints no status."""
_DATE = "%b %d %H:%M:%S %Y GMT"


class Digest(StrEnum):
    """What the issuer's name and key are hashed with in a question (CertID, RFC 6960 §4.1.1)."""

    SHA1 = "sha1"
    SHA256 = "sha256"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an OCSP answer tells of one certificate, or why it tells nothing."""

    problem: str = ""
    revoked: bool = False
    revoked_at: datetime | None = None
    this_update: datetime | None = None
    next_update: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListVerdict:
    """What a revocation list tells of itself."""

    problem: str = ""
    this_update: datetime | None = None
    next_update: datetime | None = None


class OpenSsl:
    """The program at ``path``."""

    def __init__(self, path: str) -> None:
        self._path = path

    def request(
        self, authority: bytes, serial: int, *, digest: Digest = Digest.SHA1, nonce: bool = False
    ) -> bytes:
        """DER of a request, without or with a nonce. OSError, or RuntimeError."""
        asked = [*_about(serial, digest), "-reqout", "request", "-nonce" if nonce else "-no_nonce"]
        with _folder({"authority": pem(authority)}) as folder:
            done = self._run(folder, ["ocsp", *asked])
            if not (folder / "request").exists():
                raise RuntimeError(f"openssl made no request: {done.stderr}")
            return (folder / "request").read_bytes()

    def answer(
        self,
        der: bytes,
        authority: bytes,
        roots: Sequence[bytes],
        serial: int,
        now: datetime,
        digest: Digest = Digest.SHA1,
    ) -> Answer:
        """Verify an OCSP answer up to a root; its dates are given back and not judged."""
        files = {"authority": pem(authority), "roots": pem(*roots), "answer": der}
        asked = [*_about(serial, digest), "-no_nonce", "-respin", "answer"]
        with _folder(files) as folder:
            trust = ["-CAfile", "roots", "-no-CApath", "-no-CAstore", "-verify_other", "authority"]
            done = self._run(folder, ["ocsp", *asked, *trust, *_at(now), "-validity_period", _ANY_AGE])
        said = done.stdout + done.stderr
        told = re.search(rf"^0x{serial:x}: (\w+)$", said, re.MULTILINE)
        if "Response verify OK" not in said or told is None or told[1] not in ("good", "revoked"):
            return Answer(problem=told[1] if told and told[1] == "unknown" else _reason(said))
        return Answer(
            revoked=told[1] == "revoked",
            revoked_at=_date(said, "Revocation Time: "),
            this_update=_date(said, "This Update: "),
            next_update=_date(said, "Next Update: "),
        )

    def nonce(self, der: bytes, request: bytes) -> str:
        """Why an OCSP answer does not bring back the nonce of a request; empty when it does."""
        with _folder({"answer": der, "request": request}) as folder:
            done = self._run(folder, ["ocsp", "-reqin", "request", "-respin", "answer"])
        said = done.stdout + done.stderr
        return next((line for line in said.splitlines() if "nonce" in line.lower()), "")

    def revocation_list(self, der: bytes, authority: bytes) -> ListVerdict:
        """Verify the signature of a revocation list."""
        with _folder({"authority": pem(authority), "list": der}) as folder:
            asked = ["-inform", "DER", "-in", "list", "-noout", "-lastupdate", "-nextupdate"]
            done = self._run(folder, ["crl", *asked, "-CAfile", "authority", "-no-CApath", "-no-CAstore"])
        said = done.stdout + done.stderr
        if "verify OK" not in said:
            return ListVerdict(problem=_reason(said))
        return ListVerdict(this_update=_date(said, "lastUpdate="), next_update=_date(said, "nextUpdate="))

    def certificate(self, der: bytes, between: Sequence[bytes], roots: Sequence[bytes], now: datetime) -> str:
        """Why a certificate's path to a root does not hold; empty when it does."""
        files = {"certificate": pem(der), "roots": pem(*roots), "between": pem(*between)}
        return self._verify(files, [*_at(now)])

    def status_by_lists(
        self,
        der: bytes,
        between: Sequence[bytes],
        roots: Sequence[bytes],
        lists: Sequence[bytes],
        now: datetime,
    ) -> tuple[str, bool]:
        """Verify a path with revocation lists (deltas among them): why not, and whether it is revoked."""
        files = {"certificate": pem(der), "roots": pem(*roots), "between": pem(*between)}
        files["lists"] = b"".join(_armoured(each, "X509 CRL") for each in lists)
        words = ["-crl_check_all", "-use_deltas", "-CRLfile", "lists"]
        problem = self._verify(files, [*words, *_at(now)])
        revoked = "certificate revoked" in problem
        return ("" if revoked else problem), revoked

    def _verify(self, files: dict[str, bytes], words: list[str]) -> str:
        trust = ["-CAfile", "roots", "-no-CApath", "-no-CAstore"]
        if files["between"]:
            trust += ["-untrusted", "between"]
        with _folder(files) as folder:
            done = self._run(folder, ["verify", *trust, *words, "certificate"])
        return "" if done.returncode == 0 else _reason(done.stdout + done.stderr, "error")

    def _run(self, folder: Path, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._path, *words],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )


class _folder:
    """A folder with these files, for as long as openssl runs."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files
        self._held = TemporaryDirectory(prefix="observer-")

    def __enter__(self) -> Path:
        folder = Path(self._held.name)
        for name, content in self._files.items():
            (folder / name).write_bytes(content)
        return folder

    def __exit__(self, *_: object) -> None:
        self._held.cleanup()


def _about(serial: int, digest: Digest) -> list[str]:
    return ["-issuer", "authority", f"-{digest}", "-serial", f"0x{serial:x}"]  # it hashes what comes after


def _at(now: datetime) -> list[str]:
    return ["-attime", str(int(now.timestamp()))]


def pem(*certificates: bytes) -> bytes:
    """Certificates (DER) as one PEM file."""
    return b"".join(_armoured(each, "CERTIFICATE") for each in certificates)


def _armoured(der: bytes, kind: str) -> bytes:
    return f"-----BEGIN {kind}-----\n".encode() + base64.encodebytes(der) + f"-----END {kind}-----\n".encode()


def _date(said: str, label: str) -> datetime | None:
    found = re.search(rf"^\s*{re.escape(label)}(.+)$", said, re.MULTILINE)
    return datetime.strptime(found[1].strip(), _DATE).replace(tzinfo=UTC) if found else None


def _reason(said: str, about: str = "") -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return next((line for line in lines if about in line), lines[0] if lines else "no verdict")[:200]
