# SPDX-License-Identifier: EUPL-1.2
"""OpenSSL's opinion of what is about to be published."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from varmentaja.pki.publication.gates import Verifier

_SECONDS = 60


class OpenSsl(Verifier):
    """The ``openssl`` program at ``path``."""

    def __init__(self, path: str) -> None:
        self._path = path

    def answer(self, authority: bytes, der: bytes, serial: int, hash_name: str) -> str | None:
        """Verify an OCSP answer; its dates are not judged, since only signers and clients have a clock."""
        asked = [
            f"-{hash_name}",
            "-issuer",
            "authority.pem",
            "-serial",
            f"0x{serial:x}",
            "-respin",
            "document",
        ]
        said = self._say(authority, der, ["ocsp", *asked, "-partial_chain"])
        told = any(line.startswith(f"0x{serial:x}: ") for line in said)
        return None if told and "Response verify OK" in said else _reason(said)

    def crl(self, authority: bytes, der: bytes) -> str | None:
        """Verify a revocation list."""
        said = self._say(authority, der, ["crl", "-inform", "DER", "-in", "document", "-noout"])
        return None if "verify OK" in said else _reason(said)

    def _say(self, authority: bytes, der: bytes, words: Sequence[str]) -> list[str]:
        with TemporaryDirectory(prefix="varmentaja-") as name:
            folder = Path(name)
            pem = x509.load_der_x509_certificate(authority).public_bytes(Encoding.PEM)
            (folder / "authority.pem").write_bytes(pem)
            (folder / "document").write_bytes(der)
            done = subprocess.run(
                [self._path, *words, "-CAfile", "authority.pem"],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        return (done.stdout + done.stderr).splitlines()


def _reason(said: list[str]) -> str:
    return next((line[:200] for line in said if line.strip()), "no verdict")
