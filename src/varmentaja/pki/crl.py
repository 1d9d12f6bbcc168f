# SPDX-License-Identifier: EUPL-1.2
"""Lists of revoked certificates (RFC 5280 §5): for each shard of an authority a full list and a delta to it.

Entries are encoded one by one (and may be stored so); the list is hashed as it is put together and signed
once, so time and memory grow linearly: about the size of the list.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import BinaryIO

from cryptography.hazmat.primitives import hashes

from varmentaja.pki import der
from varmentaja.pki.algorithms import SIGNING_HASH, hash_function, signature_identifier
from varmentaja.pki.hierarchy import Authority
from varmentaja.pki.keystore.base import KeyStore
from varmentaja.pki.template import distribution_point


class Reason(StrEnum):
    """CRLReason of RFC 5280 §5.3.1."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "key_compromise"
    CA_COMPROMISE = "ca_compromise"
    AFFILIATION_CHANGED = "affiliation_changed"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessation_of_operation"
    CERTIFICATE_HOLD = "certificate_hold"
    PRIVILEGE_WITHDRAWN = "privilege_withdrawn"


REASON_CODES = {
    Reason.UNSPECIFIED: 0,
    Reason.KEY_COMPROMISE: 1,
    Reason.CA_COMPROMISE: 2,
    Reason.AFFILIATION_CHANGED: 3,
    Reason.SUPERSEDED: 4,
    Reason.CESSATION_OF_OPERATION: 5,
    Reason.CERTIFICATE_HOLD: 6,
    Reason.PRIVILEGE_WITHDRAWN: 9,
}


def encode_entry(
    serial: str, revoked_at: datetime, reason: Reason, *, invalid_since: datetime | None = None
) -> bytes:
    """One entry as DER. ``unspecified`` is said by leaving the reason out (RFC 5280 §5.3.1)."""
    extensions = _reason_extension(reason)
    if invalid_since:
        extensions += der.extension("2.5.29.24", der.generalized_time(invalid_since))
    return der.sequence(
        der.integer(int(serial, 16)), der.time(revoked_at), der.sequence(extensions) if extensions else b""
    )


@cache
def _reason_extension(reason: Reason) -> bytes:
    if reason is Reason.UNSPECIFIED:
        return b""
    return der.extension("2.5.29.21", der.enumerated(REASON_CODES[reason]))


def next_crl_number(previous: int | None, now: datetime) -> int:
    """max(previous + 1, Unix seconds): grows even where the record of the last one was lost (decision 20)."""
    return max((previous or 0) + 1, int(now.timestamp()))


def stays_listed(not_after: datetime, revoked_at: datetime, last_scheduled: datetime | None) -> bool:
    """Whether an entry is still due: it leaves after one scheduled list beyond expiry (RFC 5280 §3.3).

    ``last_scheduled`` is thisUpdate of the newest list that was issued by schedule, None if there was none.
    """
    return last_scheduled is None or last_scheduled <= max(not_after, revoked_at)


def sign_crl(
    authority: Authority,
    shard: int,
    entries: Iterable[bytes],
    store: KeyStore,
    *,
    number: int,
    this_update: datetime,
    next_update: datetime,
    base_number: int | None = None,
) -> bytes:
    """A list of one shard as DER; ``entries`` come from `encode_entry`, in any order.

    With ``base_number`` a delta (RFC 5280 §5.2.4) to the full list of that number: what was revoked since.
    None of its entries says removeFromCRL: nothing is ever held, and a full list drops what has expired
    only when a new base begins.
    """
    joined = _joined(entries)
    return b"".join(_parts(authority, shard, joined, store, number, this_update, next_update, base_number))


def write_crl(
    out: BinaryIO,
    authority: Authority,
    shard: int,
    entries: Iterable[bytes],
    store: KeyStore,
    *,
    number: int,
    this_update: datetime,
    next_update: datetime,
) -> None:
    """The same into a file, holding the entries once."""
    for part in _parts(authority, shard, _joined(entries), store, number, this_update, next_update):
        out.write(part)


def _joined(entries: Iterable[bytes]) -> bytearray:
    """All entries in one piece; ``join`` would hold a million small ones beside it."""
    joined = bytearray()
    for entry in entries:
        joined += entry
    return joined


def _parts(
    authority: Authority,
    shard: int,
    entries: bytearray,
    store: KeyStore,
    number: int,
    this_update: datetime,
    next_update: datetime,
    base_number: int | None = None,
) -> tuple[bytes | bytearray, ...]:
    issuer = authority.issuer
    algorithm = signature_identifier(issuer.algorithm)
    head = b"".join(
        (der.integer(1), algorithm, issuer.name, der.time(this_update), der.time(next_update))
        + ((_opening(len(entries)),) if entries else ())
    )
    tail = der.explicit(0, _extensions(authority, shard, number, base_number))
    head = _opening(len(head) + len(entries) + len(tail)) + head
    name = SIGNING_HASH[issuer.algorithm]
    context = hashes.Hash(hash_function(name))
    for part in (head, entries, tail):
        context.update(part)
    signature = store.sign_digest(issuer.key_label, context.finalize(), name)
    seal = algorithm + der.bit_string(signature)
    return (_opening(len(head) + len(entries) + len(tail) + len(seal)), head, entries, tail, seal)


def _opening(length: int) -> bytes:
    """Tag and length of a SEQUENCE whose content follows."""
    return b"\x30" + der.length_octets(length)


def _extensions(authority: Authority, shard: int, number: int, base_number: int | None) -> bytes:
    issuer = authority.issuer
    parts = [
        der.extension("2.5.29.35", der.sequence(der.implicit(0, issuer.key_identifier))),
        der.extension("2.5.29.20", der.integer(number)),
    ]
    if authority.is_root:
        # A root's list is whole. Named, it would not cover the root itself, which has no distribution point,
        # and `openssl verify -crl_check_all` would refuse every path.
        return der.sequence(*parts)
    point = der.sequence(distribution_point(issuer.crl_url(shard)))
    # Critical, so that a list of one shard is never taken for the whole (RFC 5280 §5.2.5). A delta carries
    # the same one as its full list: by that they are known to belong together (§5.2.4).
    parts.append(der.extension("2.5.29.28", point, critical=True))
    if base_number is None:
        fresh = der.sequence(der.sequence(distribution_point(issuer.delta_crl_url(shard))))
        parts.append(der.extension("2.5.29.46", fresh))
    else:
        parts.append(der.extension("2.5.29.27", der.integer(base_number), critical=True))
    return der.sequence(*parts)
