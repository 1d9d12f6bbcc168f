# SPDX-License-Identifier: EUPL-1.2
"""Certificates whose status is known for sure are told as they are, and go on being told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509 import ocsp

from varmentaja.domain.errors import Message, message
from varmentaja.domain.publication_gate import Finding, Gate
from varmentaja.pki.publication.gates.judging import Rule
from varmentaja.pki.publication.gates.reading import fresh, statuses
from varmentaja.pki.publication.publisher import Candidate
from varmentaja.pki.publication.reader import Snapshot


@dataclass(frozen=True, slots=True)
class Canary:
    """A certificate whose status is known for sure, whatever the records say."""

    authority: str
    serial: int
    revoked: bool
    shard: str = ""
    """The list that names it if it is revoked."""


def canaries(known: Sequence[Canary]) -> Rule:
    """The known certificates are told as they are; no list names one of our own authorities."""

    def judge(candidate: Candidate) -> Iterator[Finding]:
        for canary in (*known, *_own_authorities(candidate.after)):
            text = _wrong(candidate, canary)
            if text:
                name = canary.authority, canary.serial
                subject = f"{canary.authority}/{canary.serial:x}"
                yield Finding(Gate.CANARY, subject, 1, text, (name,))

    return judge


def _wrong(candidate: Candidate, canary: Canary) -> Message | None:
    """Why the publication is wrong about it. What was as wrong before is no reason: holding back would
    change nothing, and the next publication may be the one that mends it."""
    values = {"serial": f"{canary.serial:x}", "name": canary.authority}
    before, said = (
        statuses(snapshot, canary.authority, canary.serial)
        for snapshot in (candidate.before, candidate.after)
    )
    right = ocsp.OCSPCertStatus.REVOKED if canary.revoked else ocsp.OCSPCertStatus.GOOD
    if said is None and before is not None:
        return message("Nothing is said of the certificate %(serial)s of %(name)s any more.", **values)
    if said not in (None, {right}, before):
        return message("The certificate %(serial)s of %(name)s is told wrongly.", **values)
    for each in fresh(candidate).lists:
        if each.authority == canary.authority:
            its_own = frozenset({canary.serial})
            was = None if each.before is None else bool(each.before.entries.named(its_own))
            listed = bool(each.now.entries.named(its_own))
            if listed and not was and not canary.revoked:
                return message(
                    "A list names the certificate %(serial)s of %(name)s, which is good.", **values
                )
            if was is not False and not listed and canary.revoked and each.shard == canary.shard:
                return message(
                    "The list lacks the certificate %(serial)s of %(name)s, which is revoked.", **values
                )
    return None


def _own_authorities(snapshot: Snapshot) -> Iterator[Canary]:
    """Each authority under another one is good for as long as two officers do not say otherwise."""
    loaded = {
        name: x509.load_der_x509_certificate(der) for name, der in sorted(snapshot.certificates.items())
    }
    names = {certificate.subject: name for name, certificate in loaded.items()}
    for certificate in loaded.values():
        if certificate.issuer != certificate.subject and certificate.issuer in names:
            yield Canary(names[certificate.issuer], certificate.serial_number, revoked=False)
