# SPDX-License-Identifier: EUPL-1.2
"""GnuTLS's opinion of an OCSP answer: ``ocsptool``, which shares no code with OpenSSL."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from varmentaja.tour.engine import StepFailed

PACKAGE = "gnutls-bin"
"""Debian's package of it."""


def is_installed() -> bool:
    """Whether ``ocsptool`` can be asked at all."""
    return shutil.which("ocsptool") is not None


def ocsp(leaf: Path, issuer: Path, url: str, *, nonce: bool = False) -> str:
    """``ocsptool --ask``, with or without a nonce that must come back; its verdict, such as ``good``."""
    papers = ["--load-cert", str(leaf), "--load-issuer", str(issuer), "--load-trust", str(issuer)]
    done = subprocess.run(
        ["ocsptool", f"--ask={url}", "--nonce" if nonce else "--no-nonce", *papers],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    found = re.search(r"Certificate Status: (\w+)", done.stdout)
    if found is None or "Success" not in done.stdout:
        raise StepFailed(f"ocsptool: {done.stdout.strip()}")
    return found[1]
