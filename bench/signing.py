# SPDX-License-Identifier: EUPL-1.2
"""Signing answers ahead against signing alone, with the same key type, hash and number of threads."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from bench.harness import Row, interleaved
from varmentaja.ports.custody import Custody, SerialStatus

_FIRST = 0x4A7C15F39CC0605CEDC8341082276BF3
_COUNT = 10_000


def measure(custody: Custody, authority: str, rounds: int) -> Row:
    """Both answers of each certificate as the worker has them signed, of raw P-256 signing, all cores."""
    now = datetime.now(UTC).replace(microsecond=0)
    statuses = [SerialStatus(authority, f"{_FIRST + number:x}", 0) for number in range(_COUNT)]

    def ahead() -> None:
        custody.answers(statuses, this_update=now, next_update=now + timedelta(hours=48))

    rates = interleaved({"raw": lambda: _rate(_sign_raw), "ahead": lambda: _rate(ahead)}, rounds)
    detail = f"{rates['ahead']:,.0f} answers/s of {rates['raw']:,.0f}/s raw, {os.cpu_count()} threads each"
    return Row("signing ahead, of raw P-256 signing", rates["ahead"] / rates["raw"], "×", detail, "presign")


def _sign_raw() -> None:
    key, data, algorithm = ec.generate_private_key(ec.SECP256R1()), bytes(300), ec.ECDSA(hashes.SHA256())
    threads = os.cpu_count() or 1

    def sign(_: int) -> None:
        for _ in range(2 * _COUNT // threads):
            key.sign(data, algorithm)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(sign, range(threads)))


def _rate(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return 2 * _COUNT / (time.perf_counter() - begun)
