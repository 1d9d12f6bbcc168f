# SPDX-License-Identifier: EUPL-1.2
"""The worker at work beside a real responder, and somebody who asks that about one certificate."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
from asgiref.sync import sync_to_async
from bench import servers
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from django.db import connections
from tests.support.certificates import AUTHORITY
from tests.support.responder import request_for
from tests.support.service import Service

from varmentaja.apps.certificates.models import Certificate
from varmentaja.ground.worker import work_until
from varmentaja.signer.keys import PUBLICATION_KEY


@contextmanager
def worker() -> Iterator[None]:
    """The worker's lanes, in a thread: a browser's event loop may be running in this one."""
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def work() -> None:
        await work_until(stop)
        await sync_to_async(connections.close_all)()  # of the thread that defers jobs

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(work())

    with ThreadPoolExecutor(max_workers=1) as thread:
        done = thread.submit(run)
        try:
            yield
        finally:
            loop.call_soon_threadsafe(stop.set)
            done.result()


@contextmanager
def responder(service: Service, folder: Path) -> Iterator[servers.Running]:
    """A real one, over what is published."""
    public = service.demo.store.public_key(PUBLICATION_KEY)
    key = folder / "publisher.pem"
    key.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with servers.stopping(servers.responder(folder, service.folder / "publication", key)) as running:
        yield running


class Asker:
    """Asks a responder about one certificate, by OCSP and for its list."""

    def __init__(self, service: Service, server: servers.Running, row: Certificate) -> None:
        self._serial = int(row.serial, 16)
        self._request = request_for(service.demo.hierarchy.authority(AUTHORITY).certificate, self._serial)
        self._client = httpx.Client(base_url=server.url)
        self._shard = row.shard

    def is_answered(self) -> bool:
        said = self._client.post(f"/ocsp/{AUTHORITY}", content=self._request).content
        return ocsp.load_der_ocsp_response(said).certificate_status is ocsp.OCSPCertStatus.REVOKED

    def is_listed(self) -> bool:
        crl = x509.load_der_x509_crl(self._client.get(f"/crl/{AUTHORITY}/{self._shard}.crl").content)
        return crl.get_revoked_certificate_by_serial_number(self._serial) is not None


def wait_until(true: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)
