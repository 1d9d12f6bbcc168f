# SPDX-License-Identifier: EUPL-1.2
"""OpenSSL's own opinion: a path with its CRLs, an OCSP answer, a signature. No code of ours is asked."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from varmentaja.tour.engine import StepFailed

NO_NONCE = "WARNING: no nonce in response"
"""The one warning that is expected: answers are signed before anybody asks."""

Leaf = Path | str
"""A certificate's file, or a serial number as OpenSSL takes it (``0x…``)."""


def verify(leaf: Path, chain: Path, root: Path, crls: Sequence[Path]) -> str:
    """``openssl verify`` of a certificate with the CRL of every certificate of its path."""
    lists = [word for crl in crls for word in ("-CRLfile", str(crl))]
    command = ["verify", "-x509_strict", "-crl_check_all", *lists]
    return _run(*command, "-CAfile", str(root), "-untrusted", str(chain), str(leaf)).strip()


def ocsp(leaf: Leaf, issuer: Path, root: Path, url: str, digest: str) -> str:
    """``openssl ocsp`` over HTTP (POST) with a CertID of ``digest``; its verdict, such as ``good``."""
    said = _run("ocsp", *_asked([leaf], issuer, digest), "-url", url, *_trusted(root, issuer))
    return _verdicts(said, [leaf], NO_NONCE)[0]


def ocsp_with_nonce(leaves: Sequence[Leaf], issuer: Path, root: Path, url: str, digest: str) -> list[str]:
    """The same about several at once, with a nonce that must come back."""
    said = _run("ocsp", *_asked(leaves, issuer, digest), "-url", url, *_trusted(root, issuer))
    return _verdicts(said, leaves)


def ocsp_request(leaf: Leaf, issuer: Path, digest: str, file: Path) -> bytes:
    """A request as OpenSSL makes it, to be sent by other means; ``file`` holds it."""
    _run("ocsp", *_asked([leaf], issuer, digest), "-no_nonce", "-reqout", str(file))
    return file.read_bytes()


def ocsp_answer(answer: Path, leaf: Leaf, issuer: Path, root: Path, digest: str) -> str:
    """OpenSSL's verdict by an answer that was got by other means."""
    asked = _asked([leaf], issuer, digest)
    said = _run("ocsp", *asked, "-no_nonce", "-respin", str(answer), *_trusted(root, issuer))
    return _verdicts(said, [leaf])[0]


def crl_number(crl: Path, issuer: Path) -> int:
    """``openssl crl``: the number of a list (PEM) whose signature holds."""
    said = _run("crl", "-in", str(crl), "-noout", "-crlnumber", "-CAfile", str(issuer))
    number = next((line for line in said.splitlines() if line.startswith("crlNumber=")), "")
    if "verify OK" not in said or not number:
        raise StepFailed(f"openssl crl: {said}")
    return int(number.partition("=")[2], 16)


def verify_with_deltas(leaf: Path, chain: Path, root: Path, crls: Sequence[Path]) -> str:
    """``openssl verify`` by full lists of any age and the deltas that complete them: OK, or why not."""
    lists = [word for crl in crls for word in ("-CRLfile", str(crl))]
    command = ["verify", "-crl_check_all", "-use_deltas", *lists]
    said = _say(*command, "-CAfile", str(root), "-untrusted", str(chain), str(leaf)).stdout
    if said.strip() == f"{leaf}: OK":
        return "OK"
    reason = next((line for line in said.splitlines() if line.startswith("error ")), "")
    return reason.rpartition(": ")[2] or said.strip()


def signature_is_good(document: Path, signature: Path, public_key: Path, digest: str) -> bool:
    """``openssl dgst -verify`` of a signature made on a card."""
    said = _run("dgst", f"-{digest}", "-verify", str(public_key), "-signature", str(signature), str(document))
    return said.strip() == "Verified OK"


def _asked(leaves: Sequence[Leaf], issuer: Path, digest: str) -> list[str]:
    each = [("-cert" if isinstance(leaf, Path) else "-serial", str(leaf)) for leaf in leaves]
    return [f"-{digest}", "-issuer", str(issuer), *(word for pair in each for word in pair)]


def _trusted(root: Path, issuer: Path) -> tuple[str, ...]:
    return "-CAfile", str(root), "-verify_other", str(issuer)


def _verdicts(said: str, leaves: Sequence[Leaf], *expected: str) -> list[str]:
    """What is said of each. StepFailed for an answer that does not verify, or an unexpected warning."""
    lines = said.splitlines()
    warnings = [line for line in lines if "WARN" in line.upper() and line.strip() not in expected]
    if "Response verify OK" not in lines or warnings:
        raise StepFailed(f"openssl ocsp: {said}")
    told = dict(line.split(": ", 1) for line in lines if ": " in line)
    return [told.get(str(leaf), "no verdict") for leaf in leaves]


def _run(*arguments: str) -> str:
    done = _say(*arguments)
    if done.returncode != 0:
        raise StepFailed(f"openssl {' '.join(arguments)}: {done.stdout.strip()}")
    return done.stdout


def _say(*arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["openssl", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )
    except FileNotFoundError:
        raise StepFailed("openssl, which the story asks, is not installed (Debian: openssl)") from None
