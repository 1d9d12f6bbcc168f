# SPDX-License-Identifier: EUPL-1.2
"""A relying party looks at the card's certificate with OpenSSL; and how soon it learns of a revocation."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from cryptography.x509.ocsp import OCSPCertStatus

from varmentaja.tour import openssl
from varmentaja.tour.card.papers import Papers
from varmentaja.tour.card.story import Story
from varmentaja.tour.engine import Facts, StepFailed, wait_until

REVOKED_WITHIN = 2.0
"""Seconds until a revocation must show."""
_DIGESTS = ("sha1", "sha256")
_GIVE_UP = 30.0


def verify_path(story: Story) -> Facts:
    """``openssl verify`` with the revocation lists that the certificates point to."""
    card = story.her_papers
    lists = card.crl_files(story.folder)
    said = openssl.verify(card.leaf_file, card.issuer_file, story.root, lists)
    if said != f"{card.leaf_file}: OK":
        raise StepFailed(f"openssl verify: {said}")
    return {"path": "OK", "revocation lists": str(len(lists)), "serial": card.serial}


def is_good(story: Story) -> Facts:
    """``openssl ocsp``, by both kinds of CertID."""
    return _verdicts(story, story.her_papers, "good")


def is_revoked(story: Story) -> Facts:
    """``openssl ocsp`` after the loss was reported."""
    return _verdicts(story, story.her_papers, "revoked")


def becomes_revoked(story: Story, serial: str) -> None:
    """The same, in time, of a certificate of which only the serial number (hexadecimal) is known."""
    card = story.her_papers

    def revoked() -> bool | None:
        verdict = openssl.ocsp(f"0x{serial}", card.issuer_file, story.root, card.ocsp_url, "sha256")
        return True if verdict == "revoked" else None

    wait_until(revoked, f"openssl ocsp to say revoked of {serial}", REVOKED_WITHIN)


def _verdicts(story: Story, card: Papers, expected: str) -> Facts:
    for digest in _DIGESTS:
        verdict = openssl.ocsp(card.leaf_file, card.issuer_file, story.root, card.ocsp_url, digest)
        if verdict != expected:
            raise StepFailed(f"openssl ocsp -{digest} says {verdict}, not {expected}")
    return {"openssl ocsp": expected, "CertID": " and ".join(_DIGESTS), "serial": card.serial}


def measure_revocation(card: Papers, revoke: Callable[[], object]) -> Facts:
    """Do ``revoke`` and measure from its beginning when OCSP and the CRL tell of it."""
    told = {
        "revoked in OCSP after": lambda: card.says_ocsp() is OCSPCertStatus.REVOKED,
        "listed in the CRL after": card.is_listed,
    }
    return measure(revoke, told)


def measure(revoke: Callable[[], object], told: Mapping[str, Callable[[], bool]]) -> Facts:
    """Do ``revoke`` and measure from its beginning when each of ``told`` comes true: not too late."""
    with ThreadPoolExecutor(len(told)) as pool:
        begun = time.monotonic()
        waiting = {what: pool.submit(_lag, begun, shown) for what, shown in told.items()}
        revoke()
        lags = {what: each.result() for what, each in waiting.items()}
    late = [what for what, seconds in lags.items() if seconds > REVOKED_WITHIN]
    if late:
        raise StepFailed(f"{', '.join(late)} more than {REVOKED_WITHIN:.0f} s: {lags}")
    return {what: f"{seconds:.2f} s" for what, seconds in lags.items()}


def _lag(begun: float, shown: Callable[[], bool]) -> float:
    while not shown():
        if time.monotonic() - begun > _GIVE_UP:
            raise StepFailed(f"the revocation did not show within {_GIVE_UP:.0f} s")
        time.sleep(0.02)
    return time.monotonic() - begun
