# SPDX-License-Identifier: EUPL-1.2
"""The rules by which a publication is held back (domain/publication_gate.py), each over what is new in it.

Documents are read here by ``cryptography``, which shares no code with what encoded them (``pki.der``). The
work is proportional to what is published, not to what exists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from weakref import WeakKeyDictionary

from cryptography import x509
from cryptography.x509 import ocsp

from varmentaja.domain.errors import DomainError, Kind, message
from varmentaja.domain.publication_gate import Finding, Gate
from varmentaja.pki.publication.issuer import Issuer, issuers_of
from varmentaja.pki.publication.publisher import Candidate
from varmentaja.pki.publication.reader import PublishedCrl, Snapshot

_MOST_SHOWN = 20
"""Findings of one kind that a hold tells of; a thousand would say no more."""

Rule = Callable[[Candidate], Iterable[Finding]]


class Held(DomainError):
    """The publication was stopped by gates; the set before it stays."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(Kind.CONFLICT, findings[0].message)
        self.findings = tuple(findings)


@dataclass(frozen=True, slots=True)
class Canary:
    """A certificate whose status is known for sure, whatever the records say."""

    authority: str
    serial: int
    revoked: bool


@dataclass(frozen=True, slots=True)
class FreshAnswer:
    """An answer that is new in a publication and holds in it."""

    authority: str
    serial: int
    sha1: bytes
    sha256: bytes
    is_about_it: bool
    """Whether both documents name this authority and this serial."""
    is_revoked: bool
    was_revoked: bool | None
    """What was published before; None where nothing was."""


_read: WeakKeyDictionary[Candidate, tuple[FreshAnswer, ...]] = WeakKeyDictionary()


def fresh_answers(candidate: Candidate) -> tuple[FreshAnswer, ...]:
    """What is new, without withdrawals and without what something newer hides; read once for all rules."""
    if candidate not in _read:
        _read[candidate] = tuple(_read_fresh(candidate))
    return _read[candidate]


def _read_fresh(candidate: Candidate) -> Iterator[FreshAnswer]:
    for authority, segment in candidate.fresh:
        issuers = _issuers(candidate.after.certificates[authority])
        for entry in segment:
            serial = entry.serial
            if entry.is_withdrawn or candidate.after.version(authority, serial) != entry.version:
                continue
            documents = segment.sha1(entry), segment.sha256(entry)
            sha1, sha256 = map(ocsp.load_der_ocsp_response, documents)
            yield FreshAnswer(
                authority,
                serial,
                *documents,
                _is_about(sha1, issuers[0], serial) and _is_about(sha256, issuers[1], serial),
                sha256.certificate_status is ocsp.OCSPCertStatus.REVOKED,
                is_revoked(candidate.before, authority, serial),
            )


def fresh_crls(candidate: Candidate) -> Iterator[tuple[str, str, PublishedCrl, PublishedCrl | None]]:
    """Authority, shard, the new list and the one before it."""
    before = candidate.before.crls if candidate.before else {}
    for (authority, shard), crl in candidate.after.crls.items():
        published = before.get((authority, shard))
        if published is None or published.ref != crl.ref:
            yield authority, shard, crl, published


def is_revoked(snapshot: Snapshot | None, authority: str, serial: int) -> bool | None:
    """What a snapshot's answer says; None where it says nothing."""
    found = snapshot.find(authority, serial) if snapshot else None
    if found is None or found[1].is_withdrawn:
        return None
    segment, entry = found
    return _says_revoked(segment.sha256(entry))


def newly_revoked(candidate: Candidate) -> int:
    """How many certificates turn from good to revoked, by answers or by lists, whichever says more."""
    if candidate.before is None:
        return 0
    answers = sum(answer.is_revoked and answer.was_revoked is False for answer in fresh_answers(candidate))
    listed = 0
    for _, shard, crl, before in fresh_crls(candidate):
        if before and not shard.endswith("-delta"):  # a delta repeats what its list says
            listed += max(0, len(_crl(bytes(crl.der))) - len(_crl(bytes(before.der))))
    return max(answers, listed)


def jump(recent: int, most: int) -> Rule:
    """At most ``most`` newly revoked with the ``recent`` ones published within the window."""

    def judge(candidate: Candidate) -> Iterator[Finding]:
        count = newly_revoked(candidate)
        if count and recent + count > most:
            text = message(
                "%(count)d certificates would turn revoked within a short time; %(most)d is the most"
                " that passes without two officers.",
                count=recent + count,
                most=most,
            )
            yield Finding(Gate.JUMP, "", recent + count, text)

    return judge


def wrong_issuer(candidate: Candidate) -> Iterator[Finding]:
    """Every answer and list speaks of its own authority and, an answer, of its own serial number."""
    wrong: dict[str, int] = {}
    for answer in fresh_answers(candidate):
        if not answer.is_about_it:
            wrong[answer.authority] = wrong.get(answer.authority, 0) + 1
    for authority, _, crl, _ in fresh_crls(candidate):
        subject = x509.load_der_x509_certificate(candidate.after.certificates[authority]).subject
        if _crl(bytes(crl.der)).issuer != subject:
            wrong[authority] = wrong.get(authority, 0) + 1
    for authority, count in sorted(wrong.items()):
        text = message(
            "%(count)d answers or lists of %(name)s speak of another authority.", count=count, name=authority
        )
        yield Finding(Gate.WRONG_ISSUER, authority, count, text)


def going_back(candidate: Candidate) -> Iterator[Finding]:
    """Numbers grow, nothing revoked turns good, and no list forgets what answers call revoked."""
    if candidate.before and candidate.after.head.goes_back(candidate.before.head):
        yield Finding(Gate.GOING_BACK, "", 1, message("The number of the set goes back."))
    restored: dict[str, int] = {}
    for answer in fresh_answers(candidate):
        if answer.was_revoked and not answer.is_revoked:
            restored[answer.authority] = restored.get(answer.authority, 0) + 1
    for authority, count in sorted(restored.items()):
        text = message(
            "%(count)d revoked certificates of %(name)s would be good again.", count=count, name=authority
        )
        yield Finding(Gate.GOING_BACK, authority, count, text)
    for authority, shard, crl, before in fresh_crls(candidate):
        yield from _crl_going_back(candidate, authority, shard, crl, before)


def canaries(known: Sequence[Canary]) -> Rule:
    """The known certificates are told as they are; no list names one of our own authorities."""

    def judge(candidate: Candidate) -> Iterator[Finding]:
        lists: dict[str, list[x509.CertificateRevocationList]] = {}
        for authority, _, crl, _ in fresh_crls(candidate):
            lists.setdefault(authority, []).append(_crl(bytes(crl.der)))
        for canary in (*known, *_own_authorities(candidate.after)):
            said = is_revoked(candidate.after, canary.authority, canary.serial)
            wrong = said is not None and said is not canary.revoked
            listed = any(
                crl.get_revoked_certificate_by_serial_number(canary.serial) is not None
                for crl in lists.get(canary.authority, ())
            )
            if wrong or (listed and not canary.revoked):
                subject = f"{canary.authority}/{canary.serial:x}"
                text = message(
                    "The certificate %(serial)s of %(name)s is told wrongly.",
                    serial=f"{canary.serial:x}",
                    name=canary.authority,
                )
                yield Finding(Gate.CANARY, subject, 1, text)

    return judge


class Verifier:
    """Another program's eyes; each method returns why it refuses, or None."""

    def answer(self, authority: bytes, der: bytes, serial: int, hash_name: str) -> str | None:
        """Verify an OCSP answer against the authority's certificate (DER)."""
        raise NotImplementedError

    def crl(self, authority: bytes, der: bytes) -> str | None:
        """Verify a revocation list against the authority's certificate (DER)."""
        raise NotImplementedError


def independent(verifier: Verifier, sample: int) -> Rule:
    """Another implementation accepts every new list and ``sample`` new answers of each authority."""

    def judge(candidate: Candidate) -> Iterator[Finding]:
        certificates = candidate.after.certificates
        for authority, refusal in (
            *(
                (answer.authority, verifier.answer(certificates[answer.authority], der, answer.serial, name))
                for answer, der, name in _sampled(candidate, sample)
            ),
            *(
                (authority, verifier.crl(certificates[authority], bytes(crl.der)))
                for authority, _, crl, _ in fresh_crls(candidate)
            ),
        ):
            if refusal:
                text = message(
                    "An independent verifier refuses what %(name)s would publish: %(reason)s",
                    name=authority,
                    reason=refusal,
                )
                yield Finding(Gate.REJECTED, authority, 1, text)

    return judge


def findings_of(candidate: Candidate, rules: Iterable[Rule]) -> list[Finding]:
    """What all rules find."""
    return [finding for rule in rules for finding in list(rule(candidate))[:_MOST_SHOWN]]


def _sampled(candidate: Candidate, sample: int) -> Iterator[tuple[FreshAnswer, bytes, str]]:
    """Spread evenly over each authority's new answers; the CertID's hash takes turns."""
    by_authority: dict[str, list[FreshAnswer]] = {}
    for answer in fresh_answers(candidate):
        by_authority.setdefault(answer.authority, []).append(answer)
    for answers in by_authority.values():
        step = max(1, len(answers) // sample)
        for turn, answer in enumerate(answers[::step][:sample]):
            yield (answer, answer.sha256, "sha256") if turn % 2 else (answer, answer.sha1, "sha1")


def _own_authorities(snapshot: Snapshot) -> Iterator[Canary]:
    """Each authority under another one is good for as long as two officers do not say otherwise."""
    loaded = {
        name: x509.load_der_x509_certificate(der) for name, der in sorted(snapshot.certificates.items())
    }
    names = {certificate.subject: name for name, certificate in loaded.items()}
    for certificate in loaded.values():
        if certificate.issuer != certificate.subject and certificate.issuer in names:
            yield Canary(names[certificate.issuer], certificate.serial_number, revoked=False)


def _crl_going_back(
    candidate: Candidate, authority: str, shard: str, crl: PublishedCrl, before: PublishedCrl | None
) -> Iterator[Finding]:
    fresh, old = _crl(bytes(crl.der)), _crl(bytes(before.der)) if before else None
    number = _number(fresh)
    subject = f"{authority}/{shard}"
    if number != crl.ref.number or (old and number <= _number(old)):
        text = message("The number of the list %(name)s goes back.", name=subject)
        yield Finding(Gate.GOING_BACK, subject, 1, text)
    if old is None or shard.endswith("-delta") or len(fresh) > len(old):
        return
    kept = {entry.serial_number for entry in fresh}
    gone = sum(
        entry.serial_number not in kept
        and is_revoked(candidate.after, authority, entry.serial_number) is True
        for entry in old
    )
    if gone:
        text = message(
            "%(count)d revoked certificates are missing from the list %(name)s.", count=gone, name=subject
        )
        yield Finding(Gate.GOING_BACK, subject, gone, text)


def _is_about(answer: ocsp.OCSPResponse, issuer: Issuer, serial: int) -> bool:
    said = Issuer(answer.hash_algorithm.name, answer.issuer_name_hash, answer.issuer_key_hash)
    return said == issuer and answer.serial_number == serial


def _says_revoked(der: bytes) -> bool:
    return ocsp.load_der_ocsp_response(der).certificate_status is ocsp.OCSPCertStatus.REVOKED


def _number(crl: x509.CertificateRevocationList) -> int:
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


@lru_cache(maxsize=16)
def _crl(der: bytes) -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(der)


@lru_cache(maxsize=64)
def _issuers(certificate: bytes) -> tuple[Issuer, Issuer]:
    return issuers_of(x509.load_der_x509_certificate(certificate))
