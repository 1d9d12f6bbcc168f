# SPDX-License-Identifier: EUPL-1.2
"""OpenSSL's own opinion: a path with its CRLs, an OCSP answer, a signature. No code of ours is asked."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from varmentaja.tour.engine import StepFailed

NO_NONCE = "WARNING: no nonce in response"
"""The one warning that is expected: answers are signed before anybody asks."""


def verify(leaf: Path, chain: Path, root: Path, crls: Sequence[Path]) -> str:
    """``openssl verify`` of a certificate with the CRL of every certificate of its path."""
    lists = [word for crl in crls for word in ("-CRLfile", str(crl))]
    command = ["verify", "-x509_strict", "-crl_check_all", *lists]
    return _run(*command, "-CAfile", str(root), "-untrusted", str(chain), str(leaf)).strip()


def ocsp(leaf: Path | str, issuer: Path, root: Path, url: str, digest: str) -> str:
    """``openssl ocsp`` over HTTP with a CertID of ``digest``; its verdict: good, revoked or unknown.

    ``leaf`` is a certificate's file or a serial number as OpenSSL takes it (``0x…``).
    """
    which = "-cert" if isinstance(leaf, Path) else "-serial"
    said = _run(
        *("ocsp", f"-{digest}", "-issuer", str(issuer), which, str(leaf), "-url", url),
        *("-CAfile", str(root), "-verify_other", str(issuer)),
    )
    lines = said.splitlines()
    unexpected = [line for line in lines if "WARN" in line.upper() and line.strip() != NO_NONCE]
    if "Response verify OK" not in lines or unexpected:
        raise StepFailed(f"openssl ocsp -{digest}: {said}")
    mark = f"{leaf}: "
    return next((line.removeprefix(mark) for line in lines if line.startswith(mark)), "no verdict")


def signature_is_good(document: Path, signature: Path, public_key: Path, digest: str) -> bool:
    """``openssl dgst -verify`` of a signature made on a card."""
    said = _run("dgst", f"-{digest}", "-verify", str(public_key), "-signature", str(signature), str(document))
    return said.strip() == "Verified OK"


def _run(*arguments: str) -> str:
    done = subprocess.run(
        ["openssl", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    if done.returncode != 0:
        raise StepFailed(f"openssl {' '.join(arguments)}: {done.stdout.strip()}")
    return done.stdout
