# SPDX-License-Identifier: EUPL-1.2
"""Custody of the authorities' keys inside the worker's own process (ports/custody.py)."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from itertools import groupby
from operator import attrgetter
from tempfile import SpooledTemporaryFile
from typing import IO

from cryptography.x509 import load_der_x509_certificate

from varmentaja.domain.batch import attempt, go_on
from varmentaja.domain.errors import DomainError, conflict
from varmentaja.domain.revocation import RevocationReason
from varmentaja.pki import issuance, ocsp
from varmentaja.pki.activation_code import derive_activation_code
from varmentaja.pki.algorithms import Hash, read_public_key
from varmentaja.pki.crl import IN_MEMORY, REASONS, write_crl
from varmentaja.pki.hierarchy import Hierarchy
from varmentaja.pki.issuance import CertificateRequest, LintedToken
from varmentaja.pki.keystore.base import KeyStore
from varmentaja.pki.presigning import Presigner
from varmentaja.pki.profile import load_profile
from varmentaja.pki.publication import Answer, Crl, verifier
from varmentaja.pki.template import Issuer
from varmentaja.ports.custody import CertificateOrder, Prepared, SerialStatus
from varmentaja.signer.keys import ACTIVATION_SECRET, CODE_GENERATION, PUBLICATION_KEY

MOST_HELD = 10_000
"""Certificates that are prepared and not issued; a job that was cut off never comes back for its own."""


class InProcessCustody:
    """Signs with a key store at hand; holds prepared certificates until they are issued."""

    def __init__(self, hierarchy: Hierarchy, keys: KeyStore, random: Callable[[int], bytes]) -> None:
        self._hierarchy = hierarchy
        self._keys = keys
        self._random = random
        self._tokens: dict[str, LintedToken] = {}
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(os.cpu_count(), "presigning")
        self._verify = verifier(keys.public_key(PUBLICATION_KEY))

    def certificates(self) -> Mapping[str, bytes]:
        """The authorities' certificates by name."""
        return {name: each.certificate_der for name, each in self._hierarchy.authorities.items()}

    def shards(self) -> Sequence[tuple[str, int]]:
        """Every authority's CRL shards."""
        return [
            (name, shard)
            for name, authority in self._hierarchy.authorities.items()
            for shard in range(authority.shards)
        ]

    def prepare(self, orders: Sequence[CertificateOrder]) -> list[Prepared | DomainError]:
        """Lint all together and hold them ready."""
        requests = [attempt(self._request, order) for order in orders]
        tokens = go_on(requests, partial(issuance.prepare_all, random=self._random))
        return go_on(tokens, lambda made: map(self._hold, made))

    def issue(self, tokens: Sequence[str]) -> list[bytes | DomainError]:
        """Sign once; a second call finds no token."""
        held = [attempt(self._release, token) for token in tokens]
        return go_on(held, partial(issuance.issue_all, store=self._keys))

    def _release(self, token: str) -> LintedToken:
        with self._lock:
            prepared = self._tokens.pop(token, None)
        if prepared is None:
            raise conflict("This certificate was signed already.")
        return prepared

    def _request(self, order: CertificateOrder) -> tuple[CertificateRequest, Issuer]:
        """The shard is drawn at random so that lists grow evenly."""
        authority = self._hierarchy.authority(order.authority)
        request = CertificateRequest(
            profile=load_profile(order.profile),
            subject=order.subject,
            public_key=read_public_key(order.public_key),
            not_before=order.not_before,
            not_after=order.not_after,
            shard=int.from_bytes(self._random(4)) % authority.shards,
        )
        return request, authority.issuer

    def _hold(self, token: LintedToken) -> Prepared:
        name = secrets.token_hex(16)
        with self._lock:
            self._tokens[name] = token
            if len(self._tokens) > MOST_HELD:
                del self._tokens[next(iter(self._tokens))]  # the oldest: whoever wanted it is gone
        request = token.request
        return Prepared(
            token=name,
            serial=token.serial,
            subject=load_der_x509_certificate(token.twin).subject.rfc4514_string(),
            shard=request.shard,
            twin=token.twin,
            profile=request.profile.id,
            profile_version=request.profile.version,
            profile_hash=request.profile.content_hash,
            plan_hash=self._hierarchy.plan_hash,
            not_before=request.not_before,
            not_after=request.not_after,
        )

    def answers(
        self, statuses: Sequence[SerialStatus], *, this_update: datetime, next_update: datetime
    ) -> list[Answer]:
        """Both answers (CertID by SHA-1 and SHA-256) by the delegated responders, a thread for each core."""
        made: list[Answer] = []
        for name, group in groupby(statuses, key=attrgetter("authority")):
            authority, asked = self._hierarchy.authority(name), list(group)
            presigner = Presigner(authority, self._keys, this_update=this_update, next_update=next_update)
            signed = presigner.sign_all(map(_ocsp_status, asked), self._threads)
            made += (
                Answer(
                    name,
                    int(status.serial, 16),
                    status.revision,
                    this_update,
                    next_update,
                    each.sha1,
                    each.sha256,
                )
                for status, each in zip(asked, signed, strict=True)
            )
        return made

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
        """The full list of one shard."""
        made = Crl(authority, str(shard), number, this_update, next_update, _file())
        return self._written(made, shard, entries)

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
        """The delta of one shard; None for a root."""
        if self._hierarchy.authority(authority).is_root:
            return None
        made = Crl(authority, f"{shard}-delta", number, this_update, next_update, _file())
        return self._written(made, shard, entries, base_number)

    def _written(self, made: Crl, shard: int, entries: Iterable[bytes], base: int | None = None) -> Crl:
        assert not isinstance(made.der, bytes)
        write_crl(
            made.der,
            self._hierarchy.authority(made.authority),
            shard,
            entries,
            self._keys,
            number=made.number,
            this_update=made.this_update,
            next_update=made.next_update,
            base_number=base,
        )
        return made

    def seal(self, data: bytes) -> bytes:
        """Sign with the publisher's key."""
        return self._keys.sign(PUBLICATION_KEY, data, Hash.SHA256)

    def verify_seal(self, signature: bytes, data: bytes) -> bool:
        """Check with the publisher's public key."""
        return self._verify(signature, data)

    def activation_code(self, chip_serial: str, digits: int) -> str:
        """Derive the code from the activation secret."""
        return derive_activation_code(
            self._keys, ACTIVATION_SECRET, chip_serial, CODE_GENERATION, digits=digits
        )


def _file() -> IO[bytes]:
    """Takes a list; it goes with its last reference."""
    return SpooledTemporaryFile(IN_MEMORY)


def _ocsp_status(status: SerialStatus) -> ocsp.CertificateStatus:
    if status.revoked_at is None:
        return ocsp.CertificateStatus(status.serial)
    return ocsp.CertificateStatus(
        status.serial, ocsp.Condition.REVOKED, status.revoked_at, REASONS[RevocationReason(status.reason)]
    )
