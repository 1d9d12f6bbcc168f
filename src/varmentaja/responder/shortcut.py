# SPDX-License-Identifier: EUPL-1.2
"""The shortest way of nearly every question: from the octets of a request to those of its answer.

It knows the usual form alone: one plain question in one piece, in fields that change nothing. Clients send
the same octets again and again, so what was answered lately is remembered until the publication changes. It
makes the very octets that the long way (wire, app, http) makes, which a test compares; to whatever looks
different in the least it says None, and the long way sees to it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import lru_cache

from varmentaja.responder.counters import place_of
from varmentaja.responder.http import MAX_AGE, OCSP_RESPONSE, cache_control, etag_of, http_date
from varmentaja.responder.lately import Lately
from varmentaja.responder.question import decode_get, recognise
from varmentaja.responder.watch import View, Watch
from varmentaja.responder.wire import Answered, Refusal, body_length, read_fields, stays, undo_usual_escapes

REMEMBERED = 8192
"""Answers in each of two generations: together 25 MB, or 50 if all clients send long fields."""
_LONGEST = 2048
"""Octets of a request; a usual one has some 300."""
_OTHERWISE = {"HTTP_EXPECT", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_NONE_MATCH"}
"""Fields by which a question is answered in another way."""
_GET, _POST = b"GET /ocsp/", b"POST /ocsp/"
_VERSIONS = re.compile(rb" HTTP/1\.([01])\r\n")
_PLACES = {method: place_of(method, "answer") for method in ("GET", "POST")}

_Lasting = tuple[bytes, int, bool, int]
"""What does not change with the time, nextUpdate (Unix seconds), and the rest as in ``wire.Answered``."""


class Shortcut:
    """For one thread. Answers from ``watch.view`` as it is at each question."""

    def __init__(self, watch: Watch, clock: Callable[[], float] = time.time) -> None:
        self._watch = watch
        self._clock = clock
        self._view = 0
        self._lately = Lately[bytes, _Lasting](REMEMBERED)
        self._second, self._beginning = -1, b""

    def __call__(self, octets: bytes) -> Answered | None:
        """The answer to the request that these octets are (see ``wire.Shortcut``)."""
        view = self._watch.view
        if view is None:
            return None
        if view.number != self._view:  # and not the view itself, whose files would be held while nobody asks
            self._view = view.number
            self._lately.forget()
        found = self._lately.get(octets)
        if found is None:
            found = _make(view, octets)
            if found is None:
                return None
            self._lately.keep(octets, found)
        rest, next_update, staying, place = found
        second = int(self._clock())
        if next_update - second < MAX_AGE:
            return None
        if second != self._second:
            self._second, self._beginning = second, _beginning(second)
        return self._beginning + rest, staying, place


def _beginning(second: int) -> bytes:
    """Of all answers of a second that are valid for longer than they may be kept."""
    lines = (
        "HTTP/1.1 200 OK",
        f"Date: {http_date(second)}",
        f"Cache-Control: {cache_control(MAX_AGE)}",
        f"Expires: {http_date(second + MAX_AGE)}",
        "",
    )
    return "\r\n".join(lines).encode()


def _make(view: View, octets: bytes) -> _Lasting | None:
    asked = read_asked(octets)
    if asked is None:
        return None
    method, staying, authority, der = asked
    question = recognise(der, view.beginnings.get(authority, {}))
    stored = view.stored(authority, question) if question else None
    if stored is None:
        return None
    body, entry = stored
    fields = (
        _modified(entry.this_update),
        b"ETag: ",
        etag_of(body).encode(),
        TYPE,
        str(len(body)).encode(),
        STAYS if staying else CLOSES,
        body,
    )
    return b"".join(fields), entry.next_update, staying, _PLACES[method]


TYPE = f"\r\nContent-Type: {OCSP_RESPONSE}\r\nContent-Length: ".encode()
"""What stands between other fields and the length of an answer."""
STAYS, CLOSES = b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"
"""Ends of a head, whether the connection stays or not."""


def read_asked(octets: bytes) -> tuple[str, bool, str, bytes] | None:
    """Method, whether the connection stays, the authority by its name in the address, and the question (DER),
    if the request has the usual form."""
    if len(octets) > _LONGEST:
        return None
    line, end = octets.find(b"\r\n"), octets.find(b"\r\n\r\n")
    length, staying = _manner(octets[line - 9 : end + 2])
    if len(octets) - end - 4 != length:
        return None
    if octets.startswith(_POST):
        return "POST", staying, octets[len(_POST) : line - 9].decode("latin-1"), octets[end + 4 :]
    if octets.startswith(_GET) and not length:
        authority, _, encoded = octets[len(_GET) : line - 9].partition(b"/")
        der = decode_get(undo_usual_escapes(encoded))
        return ("GET", staying, authority.decode("latin-1"), der) if der else None
    return None


@lru_cache(maxsize=256)
def _manner(rest: bytes) -> tuple[int | None, bool]:
    """Octets of the body and whether the connection stays, by the end of a request line and the fields.

    (None, …) where they say more than that, or are not to be taken.
    """
    version = _VERSIONS.match(rest)
    if version is None:
        return None, False
    try:
        fields = read_fields(rest[version.end() :])
        length, staying = body_length(fields), stays(version[1], fields)
    except Refusal:
        return None, False
    is_usual = _OTHERWISE.isdisjoint(fields) and not (staying and version[1] == b"0")
    return length if is_usual else None, staying


@lru_cache(maxsize=8192)
def _modified(seconds: int) -> bytes:
    return f"Last-Modified: {http_date(seconds)}\r\n".encode()
