# SPDX-License-Identifier: EUPL-1.2
"""What is signed as it is asked for, by what the publication says; the rules are told in ``online``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.x509 import ocsp

from varmentaja.domain.errors import DomainError
from varmentaja.pki.crl import REASON_CODES, Reason
from varmentaja.pki.keystore.base import KeyStore
from varmentaja.pki.ocsp import (
    CertIdHash,
    CertificateStatus,
    Condition,
    ErrorStatus,
    FixedParts,
    encode_data,
    encode_singles,
    error_response,
    fixed_parts,
    sign_data,
)
from varmentaja.pki.ocsp_request import CertId
from varmentaja.pki.publication.issuer import Issuer
from varmentaja.responder.question import Question
from varmentaja.responder.signers import Signers
from varmentaja.responder.watch import View

_VOUCHED = timedelta(hours=48)
"""How long a publication can vouch that a serial is unknown; as long as answers are valid (decision 21)."""
_REASONS = {code: reason for reason, code in REASON_CODES.items()}
_CODES = {reason.value: code for reason, code in REASON_CODES.items()}


@dataclass(frozen=True, slots=True)
class _Said:
    """What the publication says of one certificate."""

    status: CertificateStatus
    this_update: datetime
    next_update: datetime


@dataclass(frozen=True, slots=True)
class Ready:
    """An answer but for the moment, the nonce and the signature."""

    fixed: FixedParts
    singles: bytes
    """SEQUENCE OF SingleResponse (DER)."""
    store: KeyStore
    since: datetime
    until: datetime
    """When it may be signed."""

    def sign(self, nonce: bytes | None, now: datetime) -> bytes:
        """The answer (DER), or an unsigned refusal."""
        if not self.since <= now < self.until:
            return error_response(ErrorStatus.TRY_LATER)
        try:
            return sign_data(self.fixed, encode_data(self.fixed, self.singles, now, nonce), self.store)
        except DomainError:
            return error_response(ErrorStatus.INTERNAL_ERROR)


def second_of(time: float) -> datetime:
    """The second of a moment (Unix seconds)."""
    return datetime.fromtimestamp(int(time), UTC)


def prepare(
    view: View, signers: Signers, authority: str, certificates: tuple[CertId, ...]
) -> Ready | ErrorStatus:
    """What is to be said of certificates that were asked about at an authority's address."""
    signer = signers.authorities.get(authority)
    names = {certificate.hash for certificate in certificates}
    if (
        signer is None
        or signer.responder is None
        or len(names) != 1
        or not all(_issuer(certificate) in view.issuers[authority] for certificate in certificates)
    ):
        return ErrorStatus.UNAUTHORIZED
    said = [_look_up(view, authority, certificate.serial) for certificate in certificates]
    if not view.snapshot.head.complete and any(each.status.condition is Condition.UNKNOWN for each in said):
        return ErrorStatus.TRY_LATER
    delegate, fixed = signer.responder.certificate, fixed_parts(signer)
    until = min(min(each.next_update for each in said), delegate.not_valid_after_utc)
    since = min(each.this_update for each in said)
    statuses = [each.status for each in said]
    singles = encode_singles(fixed, statuses, name=names.pop(), this_update=since, next_update=until)
    return Ready(fixed, singles, signers.store, max(since, delegate.not_valid_before_utc), until)


def certificate_of(question: Question) -> CertId:
    """How the signer names it."""
    issuer, serial = question
    return CertId(CertIdHash(issuer.hash_name), issuer.name_hash, issuer.key_hash, serial)


def _look_up(view: View, authority: str, serial: int) -> _Said:
    found = view.snapshot.find(authority, serial)
    text = f"{serial:x}"
    if found is None or found[1].is_withdrawn:
        since = view.snapshot.head.time.replace(microsecond=0)
        return _Said(CertificateStatus(text, Condition.UNKNOWN), since, since + _VOUCHED)
    segment, entry = found
    stored = ocsp.load_der_ocsp_response(segment.sha256(entry))
    dates = (datetime.fromtimestamp(when, UTC) for when in (entry.this_update, entry.next_update))
    if stored.certificate_status is ocsp.OCSPCertStatus.GOOD:
        return _Said(CertificateStatus(text), *dates)
    reason = (
        _REASONS[_CODES[stored.revocation_reason.name]] if stored.revocation_reason else Reason.UNSPECIFIED
    )
    return _Said(CertificateStatus(text, Condition.REVOKED, stored.revocation_time_utc, reason), *dates)


def _issuer(certificate: CertId) -> Issuer:
    return Issuer(certificate.hash, certificate.issuer_name_hash, certificate.issuer_key_hash)
