# SPDX-License-Identifier: EUPL-1.2
"""What is published speaks of its own authority's certificates and does not contradict itself."""

from __future__ import annotations

from collections.abc import Iterator

from cryptography import x509
from cryptography.x509 import ocsp

from varmentaja.domain.errors import message
from varmentaja.domain.publication_gate import Finding, Gate
from varmentaja.pki.publication.gates.judging import by_authority, first_of
from varmentaja.pki.publication.gates.reading import DELTA, fresh, list_of, statuses
from varmentaja.pki.publication.publisher import Candidate


def wrong_issuer(candidate: Candidate) -> Iterator[Finding]:
    """Every answer and list speaks of its own authority and, an answer, of its own serial number."""
    answers = [answer.name for answer in fresh(candidate).answers if not answer.is_about_it]
    for authority, names in by_authority(answers):
        text = message(
            "%(count)d answers of %(name)s speak of another authority or certificate.",
            count=len(names),
            name=authority,
        )
        yield Finding(Gate.WRONG_ISSUER, authority, len(names), text, first_of(names))
    for each in fresh(candidate).lists:
        subject = x509.load_der_x509_certificate(candidate.after.certificates[each.authority]).subject
        if each.now.issuer != subject:
            text = message("The list %(name)s speaks of another authority.", name=each.subject)
            yield Finding(Gate.WRONG_ISSUER, each.subject, 1, text)


def disagreement(candidate: Candidate) -> Iterator[Finding]:
    """Both answers for a certificate say the same, and a delta with its base what the full list says."""
    differ = [answer.name for answer in fresh(candidate).answers if not answer.agrees]
    for authority, names in by_authority(differ):
        text = message(
            "For %(count)d certificates of %(name)s the answers by SHA-1 and by SHA-256 differ.",
            count=len(names),
            name=authority,
        )
        yield Finding(Gate.DISAGREEMENT, authority, len(names), text, first_of(names))
    pairs = {(each.authority, each.shard.removesuffix(DELTA)) for each in fresh(candidate).lists}
    for each in fresh(candidate).lists:
        if each.is_delta is not (each.now.base is not None):
            text = message("The list %(name)s is not what its name says: full or delta.", name=each.subject)
            yield Finding(Gate.DISAGREEMENT, each.subject, 1, text)
            pairs.discard((each.authority, each.shard.removesuffix(DELTA)))
    for authority, shard in sorted(pairs):
        yield from _delta(candidate, authority, shard)


def listed_but_good(candidate: Candidate) -> Iterator[Finding]:
    """What a list newly names is answered as revoked, if it is answered."""
    revoked = {ocsp.OCSPCertStatus.REVOKED}
    for each in fresh(candidate).lists:
        if each.is_delta:
            continue
        wrong = [
            (each.authority, serial)
            for serial in each.added
            if (statuses(candidate.after, each.authority, serial) or revoked) != revoked
        ]
        if wrong:
            text = message(
                "The list %(name)s names %(count)d certificates that are answered as good.",
                name=each.subject,
                count=len(wrong),
            )
            yield Finding(Gate.DISAGREEMENT, each.subject, len(wrong), text, first_of(wrong))


def _delta(candidate: Candidate, authority: str, shard: str) -> Iterator[Finding]:
    delta = list_of(candidate.after, authority, shard + DELTA)
    if delta is None or delta.base is None:
        return
    full = list_of(candidate.after, authority, shard)
    subject = f"{authority}/{shard}{DELTA}"
    if full is None or delta.number != full.number:  # RFC 5280 §5.2.3: both are issued under one
        text = message("The delta %(name)s has another number than its full list.", name=subject)
        yield Finding(Gate.DISAGREEMENT, subject, 1, text)
        return
    old = list_of(candidate.before, authority, shard)
    old_delta = list_of(candidate.before, authority, shard + DELTA)
    bases = {full.number, old.number if old else None, old_delta.base if old_delta else None}
    if delta.base not in bases:
        text = message(
            "The delta %(name)s asks for the full list %(number)d, which was never published.",
            name=subject,
            number=delta.base,
        )
        yield Finding(Gate.DISAGREEMENT, subject, 1, text)
        return
    said, added = delta.entries.serials(), _added(candidate, authority, shard)
    wrong = (said - added) - full.entries.named(said - added)
    if old and delta.base <= old.number < full.number:
        # Whoever holds the base, or the full list before this one, must get this one by the delta.
        wrong |= added - said
    if old_delta and old_delta.base == delta.base:
        wrong |= full.entries.named(old_delta.entries.serials() - said)
    if wrong:
        text = message(
            "The delta %(name)s and its base differ from the full list in %(count)d certificates.",
            name=subject,
            count=len(wrong),
        )
        names = first_of((authority, serial) for serial in wrong)
        yield Finding(Gate.DISAGREEMENT, subject, len(wrong), text, names)


def _added(candidate: Candidate, authority: str, shard: str) -> frozenset[int]:
    """What a new full list names and the one before did not."""
    full = (
        each.added for each in fresh(candidate).lists if (each.authority, each.shard) == (authority, shard)
    )
    return next(full, frozenset())
