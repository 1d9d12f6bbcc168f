# SPDX-License-Identifier: EUPL-1.2
"""Lists of revoked certificates (RFC 5280 §5): for each shard of an authority a full list and a delta to it.

Entries are encoded one by one when a certificate is revoked, and stored so; the list is hashed as it is put
together and signed once, so time grows linearly and memory not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from functools import cache
from io import BytesIO
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import IO

from cryptography.hazmat.primitives import hashes

from varmentaja.domain.revocation import RevocationReason
from varmentaja.pki import der
from varmentaja.pki.algorithms import SIGNING_HASH, hash_function, signature_identifier
from varmentaja.pki.hierarchy import Authority
from varmentaja.pki.keystore.base import KeyStore
from varmentaja.pki.template import distribution_point

IN_MEMORY = 1 << 20
"""Octets of a list that are held at a time; what is longer waits in a file."""


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

REASONS = {
    RevocationReason.KEY_COMPROMISE: Reason.KEY_COMPROMISE,
    RevocationReason.AFFILIATION_CHANGED: Reason.AFFILIATION_CHANGED,
    RevocationReason.SUPERSEDED: Reason.SUPERSEDED,
    RevocationReason.CESSATION_OF_OPERATION: Reason.CESSATION_OF_OPERATION,
    RevocationReason.PRIVILEGE_WITHDRAWN: Reason.PRIVILEGE_WITHDRAWN,
}
"""Those that the service gives."""


def reason_of(text: str) -> Reason:
    """As lists say a reason of ours; ``unspecified`` where a restored record knows none."""
    return REASONS[RevocationReason(text)] if text else Reason.UNSPECIFIED


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
    """A list of one shard as DER; ``entries`` come from `encode_entry`, in any order, alone or joined.

    With ``base_number`` a delta (RFC 5280 §5.2.4) to the full list of that number: what was revoked since.
    None of its entries says removeFromCRL: nothing is ever held, and a full list drops what has expired
    only when a new base begins.
    """
    out = BytesIO()
    dates = {"this_update": this_update, "next_update": next_update}
    write_crl(out, authority, shard, entries, store, number=number, base_number=base_number, **dates)
    return out.getvalue()


def write_crl(
    out: IO[bytes],
    authority: Authority,
    shard: int,
    entries: Iterable[bytes],
    store: KeyStore,
    *,
    number: int,
    this_update: datetime,
    next_update: datetime,
    base_number: int | None = None,
) -> None:
    """The same into a file. Entries wait in a temporary one, since the lengths before them and the signature
    are known only when all have come: memory does not grow with the list."""
    issuer = authority.issuer
    algorithm = signature_identifier(issuer.algorithm)
    with SpooledTemporaryFile(IN_MEMORY) as waiting:
        for each in entries:
            waiting.write(each)
        length = waiting.tell()
        head = b"".join(
            (der.integer(1), algorithm, issuer.name, der.time(this_update), der.time(next_update))
            + ((_opening(length),) if length else ())
        )
        tail = der.explicit(0, _extensions(authority, shard, number, base_number))
        head = _opening(len(head) + length + len(tail)) + head
        name = SIGNING_HASH[issuer.algorithm]
        context = hashes.Hash(hash_function(name))
        for part in chain((head,), _pieces(waiting), (tail,)):
            context.update(part)
        signature = store.sign_digest(issuer.key_label, context.finalize(), name)
        seal = algorithm + der.bit_string(signature)
        out.write(_opening(len(head) + length + len(tail) + len(seal)))
        for part in chain((head,), _pieces(waiting), (tail, seal)):
            out.write(part)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    """A file from its beginning."""
    file.seek(0)
    while piece := file.read(IN_MEMORY):
        yield piece


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
