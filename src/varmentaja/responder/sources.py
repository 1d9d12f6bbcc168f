# SPDX-License-Identifier: EUPL-1.2
"""Where a mirror reads a publication from: the publisher's files over HTTPS, or S3-compatible storage."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from varmentaja.domain.errors import not_found, unavailable
from varmentaja.pki.publication.files import FileRef
from varmentaja.pki.publication.manifest import HEAD, MANIFEST

if TYPE_CHECKING:
    import httpx
    from obstore.store import ClientConfig, RetryConfig, S3Store

FILES = "files"
"""In object storage, where nothing can be linked, each file stands once, under its hash."""
_SECONDS = 20
_HEAD_SECONDS = 2
"""A head is small: what holds it up longer is a connection that has died."""
_CHUNK = 1 << 20


class Source(Protocol):
    """A publication elsewhere. Every method raises DomainError: ``unavailable`` when it cannot be reached,
    ``not_found`` when it has no such file. Two threads may use it, one of them for heads."""

    poll: float
    """Seconds between looks at the head."""

    def head(self) -> bytes | None:
        """The head, or None while it is the one returned before."""

    def manifest(self, folder: str) -> bytes:
        """The manifest of ``sets/<number>`` or ``overlay/<generation>``."""

    def read(self, folder: str, ref: FileRef, start: int) -> Iterator[bytes]:
        """A file's content from octet ``start`` on."""


class HttpsSource:
    """The publisher's folder as nginx serves it (deploy/nginx/publication.conf)."""

    poll = 0.3

    def __init__(self, url: str, authorities: Path | None = None) -> None:
        """``authorities``: PEM file of those who certify the publisher's host; the system's when None."""
        import httpx

        context = ssl.create_default_context(cafile=str(authorities) if authorities else None)
        self._failed = httpx.HTTPError
        self._client = httpx.Client(base_url=url, verify=context, timeout=_SECONDS)
        self._seen = b""

    def head(self) -> bytes | None:
        """Fetch it, some hundred octets. No conditional request: nginx makes an ETag of the second and the
        length, and of two heads written within a second it would hide the later one."""
        try:
            content = self._client.get(HEAD, timeout=_HEAD_SECONDS).raise_for_status().content
        except self._failed as error:
            raise _unreachable(error) from error
        if content == self._seen:
            return None
        self._seen = content
        return content

    def manifest(self, folder: str) -> bytes:
        """Fetch it whole."""
        try:
            return self._there(self._client.get(f"{folder}/{MANIFEST}")).content
        except self._failed as error:
            raise _unreachable(error) from error

    def read(self, folder: str, ref: FileRef, start: int) -> Iterator[bytes]:
        """Ask for the rest; a server that knows no ranges sends all, and the beginning is passed over."""
        headers = {"Range": f"bytes={start}-"} if start else {}
        try:
            with self._client.stream("GET", f"{folder}/{ref.name}", headers=headers) as reply:
                self._there(reply)
                skip = start if reply.status_code == 200 else 0
                for chunk in reply.iter_bytes(_CHUNK):
                    yield chunk[skip:]
                    skip = max(0, skip - len(chunk))
        except self._failed as error:
            raise _unreachable(error) from error

    def _there(self, reply: httpx.Response) -> httpx.Response:
        if reply.status_code == 404:
            raise _missing()
        return reply.raise_for_status()


class S3Source:
    """A bucket (and folder) of S3-compatible storage, filled by ``responder.upload``."""

    poll = 1.0

    def __init__(self, url: str) -> None:
        """``url``: ``s3://<bucket>[/<folder>]``; keys and address come from ``AWS_…`` variables."""
        self._store = s3_store(url)
        self._overlays = s3_store(url, tries_again=False)
        self._heads = s3_store(url, seconds=_HEAD_SECONDS, tries_again=False)
        self._tag = ""

    def head(self) -> bytes | None:
        """Ask whether it has changed."""
        import obstore
        from obstore.exceptions import BaseError, NotModifiedError

        try:
            found = obstore.get(self._heads, HEAD, options={"if_none_match": self._tag} if self._tag else {})
            content = bytes(found.bytes())
        except NotModifiedError:
            return None
        except (BaseError, OSError) as error:
            raise _unreachable(error) from error
        self._tag = found.meta["e_tag"] or ""
        return content

    def manifest(self, folder: str) -> bytes:
        """Fetch it whole."""
        return b"".join(self._read(self._store_for(folder), f"{folder}/{MANIFEST}", 0))

    def read(self, folder: str, ref: FileRef, start: int) -> Iterator[bytes]:
        """Ask for the rest; the folder is of no matter, since files stand under their hashes."""
        return self._read(self._store_for(folder), f"{FILES}/{ref.sha256}", start)

    def _store_for(self, folder: str) -> S3Store:
        """An overlay comes with its head, which is looked for again soon."""
        return self._overlays if folder.startswith("overlay/") else self._store

    def _read(self, store: S3Store, key: str, start: int) -> Iterator[bytes]:
        import obstore
        from obstore.exceptions import BaseError, NotFoundError

        try:
            found = obstore.get(store, key, options={"range": {"offset": start}} if start else {})
            for chunk in found.stream(min_chunk_size=_CHUNK):
                yield bytes(chunk)
        except (FileNotFoundError, NotFoundError) as error:  # the library raises Python's own
            raise _missing() from error
        except (BaseError, OSError) as error:
            raise _unreachable(error) from error


def s3_store(url: str, *, seconds: int | None = None, tries_again: bool = True) -> S3Store:
    """Open ``s3://<bucket>[/<folder>]`` by the ``AWS_…`` variables of the environment.

    A request may take so many seconds (20 if nothing is said). With ``tries_again`` it is made anew for three
    minutes, and a transfer goes on where it stopped; without, whoever asks is told at once.
    """
    from obstore.store import S3Store

    seconds = seconds or _SECONDS
    plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")  # storage on the same machine
    options: ClientConfig = {"allow_http": plain, "timeout": f"{seconds}s"}
    if tries_again:
        return S3Store.from_url(url, client_options=options)
    once: RetryConfig = {"max_retries": 0, "retry_timeout": timedelta(seconds=seconds)}
    return S3Store.from_url(url, client_options=options, retry_config=once)


def source_of(url: str, authorities: Path | None = None) -> Source:
    """``https://…``, ``http://…`` (sets are signed: TLS hides, it does not prove) or ``s3://…``."""
    return S3Source(url) if url.startswith("s3://") else HttpsSource(url.rstrip("/") + "/", authorities)


def _missing() -> Exception:
    return not_found("The publisher no longer has what its head named.")


def _unreachable(error: Exception) -> Exception:
    reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return unavailable("The publisher cannot be reached: %(reason)s", reason=reason)
