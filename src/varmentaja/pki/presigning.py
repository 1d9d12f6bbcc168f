# SPDX-License-Identifier: EUPL-1.2
"""Signing OCSP answers ahead, by the hundred thousand: the two answers that are published for a certificate.

All answers of one run differ by serial number, status and signature alone. What stands before the serial of a
good certificate is encoded once for each length, so that the time goes to the signatures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from datetime import datetime
from itertools import chain, islice

from varmentaja.pki.hierarchy import Authority
from varmentaja.pki.keystore.base import KeyStore
from varmentaja.pki.ocsp import (
    CertIdHash,
    CertificateStatus,
    Condition,
    SignedAnswers,
    encode_data,
    encode_singles,
    encode_state,
    fixed_parts,
    sign_data,
)

_CHUNK = 500
"""Certificates that one thread takes at a time."""


class Presigner:
    """Signs answers of one authority that share their times; producedAt is thisUpdate (RFC 9919 §3.2.4).

    Safe for threads. `invalid` if the authority has no responder.
    """

    def __init__(
        self, authority: Authority, store: KeyStore, *, this_update: datetime, next_update: datetime
    ) -> None:
        self._store = store
        self._fixed = fixed_parts(authority)
        self._times = this_update, next_update
        self._around_serial: dict[tuple[CertIdHash, int], tuple[bytes, bytes]] = {}

    def sign(self, status: CertificateStatus) -> SignedAnswers:
        """The two answers for one certificate."""
        return SignedAnswers(self._sign(status, CertIdHash.SHA1), self._sign(status, CertIdHash.SHA256))

    def sign_all(self, statuses: Iterable[CertificateStatus], pool: Executor) -> Iterator[SignedAnswers]:
        """The same for many, in their order, by all threads of a pool: while one signs, another encodes.

        Few are signed by the caller, who waits for nobody: a revocation would stand behind thousands of
        renewals in the pool.
        """
        stream = iter(statuses)
        first = list(islice(stream, _CHUNK))
        if len(first) < _CHUNK:
            return map(self.sign, first)
        chunks = chain([first], iter(lambda: list(islice(stream, _CHUNK)), []))
        return chain.from_iterable(pool.map(lambda chunk: [self.sign(each) for each in chunk], chunks))

    def _sign(self, status: CertificateStatus, name: CertIdHash) -> bytes:
        return sign_data(self._fixed, self._encode(status, name), self._store)

    def _encode(self, status: CertificateStatus, name: CertIdHash) -> bytes:
        if status.condition is not Condition.GOOD:
            return self._encode_whole(status, name)
        number = int(status.serial, 16)
        serial = number.to_bytes(number.bit_length() // 8 + 1, "big")
        parts = self._around_serial.get((name, len(serial)))
        if parts is None:
            whole = self._encode_whole(status, name)
            after = encode_state(status, *self._times)
            before = whole[: -len(serial) - len(after)]
            parts = self._around_serial[name, len(serial)] = before, after
        return b"".join((parts[0], serial, parts[1]))

    def _encode_whole(self, status: CertificateStatus, name: CertIdHash) -> bytes:
        this_update, next_update = self._times
        singles = encode_singles(
            self._fixed, [status], name=name, this_update=this_update, next_update=next_update
        )
        return encode_data(self._fixed, singles, this_update)
