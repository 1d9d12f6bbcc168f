# SPDX-License-Identifier: EUPL-1.2
"""One question over HTTP, with its time."""

from __future__ import annotations

import time
from dataclasses import dataclass

import httpx

from varmentaja.domain.availability import Trouble, limits
from varmentaja.http import own_client

LARGEST = 256 * 1024 * 1024
"""Octets of a list; a server that sends for ever is stopped there."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    body: bytes
    milliseconds: int
    """Until the answer began."""
    problem: str = ""
    """Why there is no answer; empty when there is one."""
    unasked: Trouble | None = None
    """What is told of it, since there was no time for the question; None: it was asked."""


class Client:
    """Asks over connections that stay open; safe for threads."""

    def __init__(self) -> None:
        self._lost = limits().lost.total_seconds()
        self._http = own_client(
            timeout=self._lost,
            headers={"User-Agent": "observer"},
            limits=httpx.Limits(max_connections=None),  # those that hang keep nobody else waiting
        )

    def get(self, url: str, media_type: str) -> Reply:
        """The document at an address."""
        return self._ask("GET", url, media_type, None)

    def post(self, url: str, body: bytes, sent_as: str, media_type: str) -> Reply:
        """The answer to a body."""
        return self._ask("POST", url, media_type, (body, sent_as))

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def _ask(self, method: str, url: str, media_type: str, body: tuple[bytes, str] | None) -> Reply:
        content, headers = (body[0], {"Content-Type": body[1]}) if body else (None, {})
        begun = time.monotonic()
        try:
            with self._http.stream(method, url, content=content, headers=headers) as response:
                waited = round((time.monotonic() - begun) * 1000)
                received = bytearray()
                for chunk in response.iter_raw():
                    received += chunk
                    if time.monotonic() - begun > 2 * self._lost or len(received) > LARGEST:
                        return Reply(b"", waited, "the answer does not end")
                got = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
                if response.status_code != 200:
                    return Reply(b"", waited, f"HTTP {response.status_code}")
                if got != media_type:
                    return Reply(b"", waited, f"{got or 'no media type'} instead of {media_type}")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Reply(b"", round((time.monotonic() - begun) * 1000), f"{type(error).__name__}: {error}")
        return Reply(bytes(received), waited)
