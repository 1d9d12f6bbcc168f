# SPDX-License-Identifier: EUPL-1.2
"""Custody of the authorities' keys: the one narrow way by which certificates and status answers are signed.

Orders are complete and explain themselves, so that a custodian in a process of its own (over a socket) can
judge them without our database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from varmentaja.domain.errors import DomainError
from varmentaja.pki.names import Subject
from varmentaja.pki.publication import Answer, Crl


@dataclass(frozen=True, slots=True)
class CertificateOrder:
    """What is to be certified, for whom, under which profile."""

    authority: str
    profile: str
    subject: Subject
    public_key: bytes
    """SubjectPublicKeyInfo, DER."""
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Prepared:
    """A linted certificate that may be issued once; ``token`` is the custodian's own."""

    token: str
    serial: str
    subject: str
    shard: int
    twin: bytes
    profile: str
    profile_version: str
    profile_hash: str
    plan_hash: str
    """SHA-256 of the ceremony file of the hierarchy."""
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class SerialStatus:
    """The status of one serial (hexadecimal), as our records say."""

    authority: str
    serial: str
    revision: int
    revoked_at: datetime | None = None
    reason: str = ""
    """A value of ``domain.revocation.RevocationReason``; empty while not revoked."""


class Custody(Protocol):
    """Whoever holds the keys. Every method may raise DomainError ``unavailable`` when the keys cannot be
    reached and ``invalid`` or ``not_allowed`` when an order cannot be served (the message says why)."""

    def certificates(self) -> Mapping[str, bytes]:
        """The authorities' certificates (DER) by name, roots included."""

    def shards(self) -> Sequence[tuple[str, int]]:
        """Every CRL that must exist: authority and shard."""

    def prepare(self, orders: Sequence[CertificateOrder]) -> list[Prepared | DomainError]:
        """Build, lint and hold certificates ready, each under a new serial; or why one cannot be made."""

    def issue(self, tokens: Sequence[str]) -> list[bytes | DomainError]:
        """Sign what was prepared, once; each certificate as DER, or why it was not signed."""

    def answers(
        self, statuses: Sequence[SerialStatus], *, this_update: datetime, next_update: datetime
    ) -> Sequence[Answer]:
        """The signed OCSP answers for each serial, in the order given; quickest where one authority's serials
        stand together."""

    def crl(
        self,
        authority: str,
        shard: int,
        entries: Iterable[bytes],
        *,
        number: int,
        this_update: datetime,
        next_update: datetime,
    ) -> Crl:
        """The signed full list of one shard. ``entries`` are DER (``pki.crl.encode_entry``), in pieces of one
        or many, so that a long list passes through piece by piece."""

    def delta_crl(
        self,
        authority: str,
        shard: int,
        entries: Iterable[bytes],
        *,
        number: int,
        base_number: int,
        this_update: datetime,
        next_update: datetime,
    ) -> Crl | None:
        """The signed delta to the full list ``base_number``, of the shard ``<shard>-delta``; None for a root,
        whose list is short and has none."""

    def seal(self, data: bytes) -> bytes:
        """The publisher's signature, by which responders know a publication as ours."""

    def verify_seal(self, signature: bytes, data: bytes) -> bool:
        """Whether ``seal`` made this signature."""

    def activation_code(self, chip_serial: str, digits: int) -> str:
        """The code that activates the card with this chip; stored nowhere."""
