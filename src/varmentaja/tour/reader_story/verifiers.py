# SPDX-License-Identifier: EUPL-1.2
"""Programs that made none of it say what they think of the signed documents: pdfsig and xmlsec1.

Where one is not installed the story goes on and says what it left out.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from varmentaja.tour.engine import LEFT_OUT, Facts, StepFailed
from varmentaja.tour.reader_story.story import ReaderStory


def pdfsig(story: ReaderStory) -> Facts:
    """pdfsig of poppler-utils, with the root in a database of NSS (certutil makes it)."""
    return _pdfsig(story, "Certificate is Trusted.")


def pdfsig_of_revoked(story: ReaderStory) -> Facts:
    """pdfsig asks our status service itself."""
    return _pdfsig(story, "Certificate has been Revoked.")


def _pdfsig(story: ReaderStory, certificate: str) -> Facts:
    missing = [name for name in ("pdfsig", "certutil") if shutil.which(name) is None]
    if missing:
        return {LEFT_OUT: f"not installed: {', '.join(missing)} (Debian: poppler-utils, libnss3-tools)"}
    said = _run("pdfsig", "-nssdir", f"sql:{_database(story)}", str(story.signed(story.pdf)))
    told = dict(line.strip(" -").split(": ", 1) for line in said.splitlines() if ": " in line)
    is_whole = told.get("Signature Validation") == "Signature is Valid." and "Total document signed" in said
    if not is_whole or told.get("Certificate Validation") != certificate:
        raise StepFailed(f"pdfsig: {said}")
    wanted = (
        "Signer Certificate Common Name",
        "Signature Type",
        "Signature Validation",
        "Certificate Validation",
    )
    return {name: told[name] for name in wanted if name in told}


def xmlsec1(story: ReaderStory) -> Facts:
    """xmlsec1 with the root as trusted and the issuing authority as known."""
    if shutil.which("xmlsec1") is None:
        return {LEFT_OUT: "not installed: xmlsec1"}
    said = _run(
        *("xmlsec1", "--verify", "--enabled-reference-uris", "empty,same-doc"),
        *("--id-attr:ID", "urn:hl7finland:signatureTimestamp"),
        *("--trusted-pem", str(story.root), "--untrusted-pem", str(_issuer(story))),
        str(story.signed(story.cda)),
    )
    if "OK" not in said.splitlines():
        raise StepFailed(f"xmlsec1: {said}")
    return {"xmlsec1": " ".join(said.split())}


def _database(story: ReaderStory) -> Path:
    folder = story.folder / "nss"
    if not folder.exists():
        folder.mkdir()
        _run("certutil", "-N", "-d", f"sql:{folder}", "--empty-password")
        # Trusted for e-mail, as which NSS counts signatures of documents.
        _run("certutil", "-A", "-d", f"sql:{folder}", "-n", "root", "-t", ",C,", "-a", "-i", str(story.root))
    return folder


def _issuer(story: ReaderStory) -> Path:
    """The issuing authority's certificate, from the hierarchy that the demo tells."""
    name = f"professionals-{story.place.settings.algorithm}"
    der = next(each["certificate"] for each in story.place.status["authorities"] if each["name"] == name)
    file = story.folder / "issuer.pem"
    certificate = x509.load_der_x509_certificate(Path(der).read_bytes())
    file.write_bytes(certificate.public_bytes(Encoding.PEM))
    return file


def _run(*command: str) -> str:
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60
    )
    if done.returncode != 0:
        raise StepFailed(f"{command[0]}: {done.stdout.strip()}")
    return done.stdout
