# SPDX-License-Identifier: EUPL-1.2
"""A challenge for the authentication key of a card, bound to one website and to one moment.

SCS signs with the authentication key only what names the calling site. The content made here is
``<origin>;<token>``: it starts with the origin, goes on with a character that cannot continue an origin and
then has 96 characters, so that it satisfies the rules of SCS up to 1.2 (at least 64) and of 1.3
(``Origin;nonce``).

The token is time, nonce and an HMAC over all of it. Nothing needs to be stored to recognise it, but each
nonce must be accepted once only: the caller remembers used nonces for ``LIFETIME``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from varmentaja.relying_party.refusals import Outcome, Refused

LIFETIME = timedelta(minutes=5)
"""How long a challenge is good for: time enough to find the card and type a PIN without haste."""

CLOCK_SKEW = timedelta(seconds=30)
"""A challenge "from the future" up to this much is accepted: several servers may make and check them."""

_TIME, _NONCE, _MAC = 8, 32, 32
_TOKEN_CHARACTERS = (_TIME + _NONCE + _MAC) * 4 // 3


@dataclass(frozen=True, slots=True)
class Challenge:
    """``content`` is what the card signs, to the byte; ``nonce`` (hex) is good for one sign-in."""

    content: bytes
    nonce: str
    made_at: datetime


def make_challenge(
    origin: str, *, key: bytes, now: datetime, random: Callable[[int], bytes], session: str = ""
) -> Challenge:
    """Make a challenge for ``origin`` (``https://host[:port]``, no path).

    ``session`` may name the browser's session; the same must then be given when the answer is checked, so
    that a challenge answered in one browser cannot sign in another.
    """
    time = int(now.timestamp()).to_bytes(_TIME, "big")
    nonce = random(_NONCE)
    token = time + nonce + _mac(key, origin, session, time + nonce)
    content = f"{origin};{base64.urlsafe_b64encode(token).decode()}".encode()
    return Challenge(content, nonce.hex(), now)


def check_challenge(
    content: bytes, *, origin: str, key: bytes, now: datetime, session: str = ""
) -> Challenge:
    """Recognise a challenge of ours for this origin and session that is not too old.

    Raises ``Refused`` with WRONG_ORIGIN, TOO_OLD or BAD_ANSWER. Single use is the caller's: remember
    ``nonce``.
    """
    named, separator, text = content.rpartition(b";")
    token = _decode(text)
    if not separator or token is None:
        raise Refused(Outcome.BAD_ANSWER, "the signed content is not a challenge")
    if named != origin.encode():
        raise Refused(Outcome.WRONG_ORIGIN, f"the challenge names {named[:200]!r}")
    body, mac = token[:-_MAC], token[-_MAC:]
    if not hmac.compare_digest(mac, _mac(key, origin, session, body)):
        raise Refused(Outcome.BAD_ANSWER, "the challenge was not made here, or for another session")
    made_at = datetime.fromtimestamp(int.from_bytes(body[:_TIME], "big"), UTC)
    if not made_at - CLOCK_SKEW <= now <= made_at + LIFETIME:
        raise Refused(Outcome.TOO_OLD, f"made at {made_at.isoformat()}")
    return Challenge(content, body[_TIME:].hex(), made_at)


def _decode(text: bytes) -> bytes | None:
    """The token's bytes, or None; the length is exact, so that one token has one spelling."""
    if len(text) != _TOKEN_CHARACTERS:
        return None
    try:
        return base64.b64decode(text, altchars=b"-_", validate=True)
    except binascii.Error:
        return None


def _mac(key: bytes, origin: str, session: str, body: bytes) -> bytes:
    """HMAC-SHA-256 over unambiguous parts: neither an origin nor a hex digest holds a line feed."""
    context = hashlib.sha256(session.encode()).hexdigest()
    return hmac.digest(key, f"{origin}\n{context}\n".encode() + body, "sha256")
