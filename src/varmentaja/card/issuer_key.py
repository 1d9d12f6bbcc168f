# SPDX-License-Identifier: EUPL-1.2
"""The issuer's key of one chip, and the answer to the chip's challenge that proves we hold it."""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

CHALLENGE_SIZE = 16


def diversify(master: bytes, chip_serial: str) -> bytes:
    """The AES-256 key of one chip, so that a chip taken apart tells nothing about the others."""
    return hmac.digest(master, b"varmentaja card issuer key|" + chip_serial.encode("ascii"), hashlib.sha256)


def cryptogram(key: bytes, challenge: bytes) -> bytes:
    """AES-CMAC (RFC 4493) over the card's challenge, sent in EXTERNAL AUTHENTICATE."""
    mac = CMAC(AES(key))
    mac.update(challenge)
    return mac.finalize()
