# SPDX-License-Identifier: EUPL-1.2
"""OpenSSL's and pkilint's opinion of what is about to be published."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from varmentaja.pki.publication.gates import CannotVerify, Document, Verifier

_AT_ONCE = 4


class OpenSsl(Verifier):
    """The ``openssl`` program, found as a shell finds it unless ``path`` says where."""

    name = "openssl"

    def __init__(self, patience: timedelta, path: str = "openssl") -> None:
        self._seconds = patience.total_seconds()
        self._path = path

    def refusals(self, documents: Sequence[Document]) -> list[str | None]:
        """Signatures, and which certificate an answer is about; dates are not judged, since only signers and
        clients have a clock."""
        with ThreadPoolExecutor(_AT_ONCE, "openssl") as threads:
            return list(threads.map(self._refusal, documents))

    def _refusal(self, document: Document) -> str | None:
        if not document.hash_name:
            said = self._say(document, ["crl", "-inform", "DER", "-in", "document", "-noout"])
            return None if "verify OK" in said else _reason(said)
        serial = f"0x{document.serial:x}"
        asked = [f"-{document.hash_name}", "-issuer", "authority.pem", "-serial", serial]
        said = self._say(document, ["ocsp", *asked, "-respin", "document", "-partial_chain"])
        told = any(line.startswith(f"{serial}: ") for line in said)
        return None if told and "Response verify OK" in said else _reason(said)

    def _say(self, document: Document, words: Sequence[str]) -> list[str]:
        try:
            with TemporaryDirectory(prefix="varmentaja-") as name:
                folder = Path(name)
                pem = x509.load_der_x509_certificate(document.certificate).public_bytes(Encoding.PEM)
                (folder / "authority.pem").write_bytes(pem)
                (folder / "document").write_bytes(document.der)
                done = subprocess.run(
                    [self._path, *words, "-CAfile", "authority.pem"],
                    cwd=folder,
                    capture_output=True,
                    text=True,
                    errors="replace",
                    timeout=self._seconds,
                    check=False,
                )
        except subprocess.TimeoutExpired:
            raise CannotVerify(f"no verdict within {self._seconds:g} s") from None
        except OSError as error:
            raise CannotVerify(str(error)) from error
        return (done.stdout + done.stderr).splitlines()


class PkiLint(Verifier):
    """pkilint, in this process: of answers (RFC 6960), and of lists of up to ``entries`` (RFC 5280)."""

    name = "pkilint"

    def __init__(self, entries: int) -> None:
        self._entries = entries

    def refusals(self, documents: Sequence[Document]) -> list[str | None]:
        """Errors of form and content; signatures are not judged."""
        from varmentaja.pki.lint import STOPPING, lint_answers_and_lists  # slow: the portal never needs it

        looked_at = [place for place, each in enumerate(documents) if each.entries <= self._entries]
        found = lint_answers_and_lists(
            [(bytes(documents[place].der), bool(documents[place].hash_name)) for place in looked_at]
        )
        refusals: list[str | None] = [None] * len(documents)
        for place, findings in zip(looked_at, found, strict=True):
            codes = {finding.code for finding in findings if finding.severity in STOPPING}
            refusals[place] = ", ".join(sorted(codes)) or None
        return refusals


def _reason(said: list[str]) -> str:
    return next((line[:200] for line in said if line.strip()), "no verdict")
