# SPDX-License-Identifier: EUPL-1.2
"""One OCSP answer about anything, by the steps that the service takes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from varmentaja.pki.hierarchy import Authority
from varmentaja.pki.keystore.base import KeyStore
from varmentaja.pki.ocsp import (
    CertIdHash,
    CertificateStatus,
    encode_data,
    encode_singles,
    fixed_parts,
    sign_data,
)


def sign_answers(
    authority: Authority,
    statuses: Sequence[CertificateStatus],
    store: KeyStore,
    *,
    name: CertIdHash,
    this_update: datetime,
    next_update: datetime,
    produced_at: datetime | None = None,
    nonce: bytes | None = None,
) -> bytes:
    """One OCSPResponse (DER) about one or more certificates of an authority; `invalid` if it has no
    responder. ``produced_at`` is thisUpdate where it is not given.
    """
    fixed = fixed_parts(authority)
    singles = encode_singles(fixed, statuses, name=name, this_update=this_update, next_update=next_update)
    return sign_data(fixed, encode_data(fixed, singles, produced_at or this_update, nonce), store)
