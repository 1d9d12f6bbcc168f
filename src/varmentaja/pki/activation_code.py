# SPDX-License-Identifier: EUPL-1.2
"""The card's activation code: derived from a secret of the key store, never stored (decision 9)."""

from __future__ import annotations

from itertools import count

from varmentaja.domain.errors import invalid
from varmentaja.domain.pins import is_trivial
from varmentaja.pki.keystore.base import KeyStore


def derive_activation_code(
    store: KeyStore, label: str, chip_serial: str, generation: int, *, digits: int = 8
) -> str:
    """The code of one chip: ``digits`` decimal digits (4 to 12), the same each time it is asked for.

    ``label`` names the master secret, ``chip_serial`` is the chip's serial as text, ``generation`` counts
    the card's code objects. Uniform over all codes but the trivial ones (one digit repeated, a run up or
    down).
    """
    if not 4 <= digits <= 12 or generation < 0:
        raise invalid("An activation code has 4 to 12 digits.")
    codes = 10**digits
    limit = 2**64 - 2**64 % codes
    for attempt in count():
        info = f"activation-code/1|{chip_serial.upper()}|{generation}|{digits}|{attempt}".encode()
        value = int.from_bytes(store.derive(label, info, 8), "big")
        code = f"{value % codes:0{digits}d}"
        if value < limit and not is_trivial(code):
            return code
    raise AssertionError("count() has no end")
