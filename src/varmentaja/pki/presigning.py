# SPDX-License-Identifier: EUPL-1.2
"""Signing OCSP answers ahead, by the hundred thousand: the two answers that are published for a certificate.

All answers of one run differ by serial number, status and signature alone. What stands before the serial of a
good certificate is encoded once for each length, so that the time goes to the signatures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from datetime import datetime
from itertools import chain, islice, repeat

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
    wrap,
)

_FEW = 500
"""Certificates that are signed by the caller alone."""
_BLOCK = 5000
"""Certificates whose answers are encoded together, and then signed together."""
_PART = 500
"""Answers that one thread signs at a time."""


_BOTH = (CertIdHash.SHA1, CertIdHash.SHA256)
"""In the order of ``SignedAnswers``."""


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
        return SignedAnswers(*(self._sign(status, name) for name in _BOTH))

    def sign_all(self, statuses: Iterable[CertificateStatus], pool: Executor) -> Iterator[SignedAnswers]:
        """The same for many, in their order; threads of a pool sign.

        Few are signed by the caller, who waits for nobody: a revocation would stand behind thousands of
        renewals in the pool.
        """
        stream = iter(statuses)
        while block := list(islice(stream, _BLOCK)):
            yield from map(self.sign, block) if len(block) < _FEW else self._sign_block(block, pool)

    def _sign_block(self, block: list[CertificateStatus], pool: Executor) -> Iterator[SignedAnswers]:
        """While threads sign, nobody encodes or wraps: they would wait for one another at each signature,
        for the interpreter's lock, and be slower than one of them alone."""
        data = [self._encode(status, name) for status in block for name in _BOTH]
        parts = (data[start : start + _PART] for start in range(0, len(data), _PART))
        signatures = list(chain.from_iterable(pool.map(self._sign_part, parts)))
        answers = map(wrap, repeat(self._fixed), data, signatures)
        return map(SignedAnswers, answers, answers)  # takes two in turn

    def _sign_part(self, data: list[bytes]) -> list[bytes]:
        return self._store.sign_all(self._fixed.key_label, data, self._fixed.hash)

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
