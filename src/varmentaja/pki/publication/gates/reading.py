# SPDX-License-Identifier: EUPL-1.2
"""What is new in a publication, read once for all rules.

Documents are read here by ``cryptography``, which shares no code with what encoded them (``pki.der``).
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from cryptography import x509
from cryptography.x509 import ocsp

from varmentaja.domain.publication_gate import CertificateName
from varmentaja.pki.publication.gates.entries import Entries
from varmentaja.pki.publication.issuer import Issuer, issuers_of
from varmentaja.pki.publication.publisher import Candidate
from varmentaja.pki.publication.reader import PublishedCrl, Snapshot

DELTA = "-delta"
"""Ends the name of a shard's delta."""


@dataclass(frozen=True, slots=True)
class FreshAnswer:
    """An answer that is new in a publication and holds in it."""

    authority: str
    serial: int
    sha1: bytes
    sha256: bytes
    is_about_it: bool
    """Whether both documents name this authority and this serial."""
    agrees: bool
    """Whether both say the same."""
    is_revoked: bool
    """Whether one of them says so."""
    is_not_revoked: bool
    """Whether one of them says so."""
    was_revoked: bool | None
    """What was published before; None where nothing was."""

    @property
    def name(self) -> CertificateName:
        """The certificate that it is about."""
        return self.authority, self.serial


@dataclass(frozen=True, slots=True)
class ReadList:
    """What a revocation list says."""

    issuer: x509.Name
    number: int
    base: int | None
    """Number of the full list that a delta is added to; None in a full list."""
    entries: Entries


@dataclass(frozen=True, slots=True)
class FreshList:
    """A list that is new in a publication."""

    authority: str
    shard: str
    published: PublishedCrl
    now: ReadList
    before: ReadList | None
    """The one that it takes the place of."""
    added: frozenset[int]
    """Serial numbers that it names and the one before did not."""
    dropped: frozenset[int]
    """Serial numbers that the one before named and it does not."""

    @property
    def is_delta(self) -> bool:
        """Whether it is published as a delta."""
        return self.shard.endswith(DELTA)

    @property
    def subject(self) -> str:
        """How a finding names it."""
        return f"{self.authority}/{self.shard}"


@dataclass(frozen=True, slots=True)
class Fresh:
    """All that is new, without what something newer hides."""

    answers: tuple[FreshAnswer, ...]
    withdrawn: frozenset[CertificateName]
    """Certificates of which something was said before and nothing is said any more."""
    lists: tuple[FreshList, ...]
    unreadable: frozenset[CertificateName]
    """Certificates whose answers no reader can make sense of."""
    unreadable_lists: tuple[str, ...]
    """``authority/shard``."""


_T = TypeVar("_T")


def once(function: Callable[[Candidate], _T]) -> Callable[[Candidate], _T]:
    """The same function, which looks at each candidate once."""
    found: WeakKeyDictionary[Candidate, _T] = WeakKeyDictionary()

    @wraps(function)
    def look(candidate: Candidate) -> _T:
        if candidate not in found:
            found[candidate] = function(candidate)
        return found[candidate]

    return look


@once
def fresh(candidate: Candidate) -> Fresh:
    """What is new in it."""
    answers: list[FreshAnswer] = []
    withdrawn: set[CertificateName] = set()
    lists: list[FreshList] = []
    unreadable: set[CertificateName] = set()
    unreadable_lists: list[str] = []
    for authority, segment in candidate.fresh:
        issuers = _issuers(candidate.after.certificates[authority])
        for entry in segment:
            serial = entry.serial
            holds = candidate.after.find(authority, serial)
            if holds is None or holds[1].is_withdrawn:  # merged into the oldest segment it leaves no trace
                if says_something(candidate.before, authority, serial):
                    withdrawn.add((authority, serial))
            elif holds[1].version == entry.version:
                documents = segment.sha1(entry), segment.sha256(entry)
                was_revoked = is_revoked(candidate.before, authority, serial)
                try:
                    answers.append(_answer(authority, serial, documents, issuers, was_revoked))
                except Exception:  # whatever a damaged document makes the reader raise
                    unreadable.add((authority, serial))
    before = candidate.before.crls if candidate.before else {}
    for (authority, shard), crl in candidate.after.crls.items():
        old = before.get((authority, shard))
        if old is None or old.ref != crl.ref:
            try:
                lists.append(_list(candidate, authority, shard, crl))
            except Exception:  # whatever a damaged document makes the reader raise
                unreadable_lists.append(f"{authority}/{shard}")
    return Fresh(
        tuple(answers), frozenset(withdrawn), tuple(lists), frozenset(unreadable), tuple(unreadable_lists)
    )


def is_revoked(snapshot: Snapshot | None, authority: str, serial: int) -> bool | None:
    """What a snapshot's answer says; None where it says nothing."""
    said = statuses(snapshot, authority, serial)
    return None if said is None else ocsp.OCSPCertStatus.REVOKED in said


def says_something(snapshot: Snapshot | None, authority: str, serial: int) -> bool:
    """Whether a snapshot has an answer for it."""
    found = snapshot.find(authority, serial) if snapshot else None
    return found is not None and not found[1].is_withdrawn


def statuses(
    snapshot: Snapshot | None, authority: str, serial: int
) -> set[ocsp.OCSPCertStatus | None] | None:
    """What both documents of a snapshot's answer say (None in it: cannot be read); None where it has none."""
    found = snapshot.find(authority, serial) if snapshot else None
    if found is None or found[1].is_withdrawn:
        return None
    segment, entry = found
    return {_status(segment.sha1(entry)), _status(segment.sha256(entry))}


def list_of(snapshot: Snapshot | None, authority: str, shard: str) -> ReadList | None:
    """What a list of a snapshot says; None where there is none, or where it cannot be read."""
    crl = snapshot.crls.get((authority, shard)) if snapshot else None
    try:
        return _read_list(crl.der) if crl else None
    except Exception:  # whatever a damaged document makes the reader raise
        return None


def _list(candidate: Candidate, authority: str, shard: str, crl: PublishedCrl) -> FreshList:
    now, before = _read_list(crl.der), list_of(candidate.before, authority, shard)
    try:
        if before:
            return FreshList(authority, shard, crl, now, before, *now.entries.compared(before.entries))
    except (ValueError, IndexError):
        pass  # one of them is damaged; if it is this one, the next line raises
    return FreshList(authority, shard, crl, now, None, now.entries.serials(), frozenset())


def _answer(
    authority: str,
    serial: int,
    documents: tuple[bytes, bytes],
    issuers: tuple[Issuer, Issuer],
    was_revoked: bool | None,
) -> FreshAnswer:
    sha1, sha256 = map(ocsp.load_der_ocsp_response, documents)
    said = [_said(sha1), _said(sha256)]
    revoked = [status is ocsp.OCSPCertStatus.REVOKED for status, *_ in said]
    return FreshAnswer(
        authority,
        serial,
        *documents,
        is_about_it=_is_about(sha1, issuers[0], serial) and _is_about(sha256, issuers[1], serial),
        agrees=said[0] == said[1],
        is_revoked=any(revoked),
        is_not_revoked=not all(revoked),
        was_revoked=was_revoked,
    )


def _said(answer: ocsp.OCSPResponse) -> tuple[object, ...]:
    return (
        answer.certificate_status,
        answer.revocation_time_utc,
        answer.revocation_reason,
        answer.this_update_utc,
        answer.next_update_utc,
    )


def _is_about(answer: ocsp.OCSPResponse, issuer: Issuer, serial: int) -> bool:
    said = Issuer(answer.hash_algorithm.name, answer.issuer_name_hash, answer.issuer_key_hash)
    return said == issuer and answer.serial_number == serial


def _status(der: bytes) -> ocsp.OCSPCertStatus | None:
    try:
        return ocsp.load_der_ocsp_response(der).certificate_status
    except ValueError:
        return None


def _read_list(der: bytes | mmap.mmap) -> ReadList:
    entries = Entries(der)
    crl = entries.frame
    delta = [each.value for each in crl.extensions if isinstance(each.value, x509.DeltaCRLIndicator)]
    return ReadList(
        issuer=crl.issuer,
        number=crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number,
        base=delta[0].crl_number if delta else None,
        entries=entries,
    )


@lru_cache(maxsize=64)
def _issuers(certificate: bytes) -> tuple[Issuer, Issuer]:
    return issuers_of(x509.load_der_x509_certificate(certificate))
