# SPDX-License-Identifier: EUPL-1.2
"""A revocation does not wait for a large set that is on its way: to a mirror, or into storage."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import obstore
import pytest
from cryptography.x509 import ocsp
from obstore.store import MemoryStore
from tests.support.listener import Listener
from tests.support.status import HOUR, NOW, Authority, Publication

from varmentaja.domain.errors import DomainError, Kind
from varmentaja.pki.publication import Crl, PublicationReader, Verify, verifier
from varmentaja.pki.publication.manifest import AHEAD, HEAD, Head
from varmentaja.responder import sources
from varmentaja.responder import upload as tested_upload
from varmentaja.responder.mirror import Mirror, follow
from varmentaja.responder.sources import HttpsSource, S3Source
from varmentaja.responder.upload import Upload
from varmentaja.responder.upload import follow as follow_folder
from varmentaja.responder.watch import Watch

PEOPLE = Authority("people")
SERIALS = range(1000, 1010)
LARGE = 1_000_000


class Source:
    """A publisher, and its folder over HTTP. A large file comes as slowly as ``octets_a_second`` say."""

    def __init__(self, folder: Path) -> None:
        self.publication = Publication(folder)
        self.publisher = self.publication.publisher
        self.verify: Verify = verifier(self.publication.key.public_key())
        self.octets_a_second = 50_000_000
        self.begun = threading.Event()
        """A large file has been begun."""
        self.damaged = False
        self.attempts: list[float] = []
        """When large files were asked for."""
        self.number = 0
        self.publish()

    def publish(self, large: int = 0, *, revoked: int | None = None) -> None:
        self.number += 1
        answers = [PEOPLE.answer(serial, now=NOW + self.number * HOUR / 1000) for serial in SERIALS[:1]]
        answers += [PEOPLE.answer(serial) for serial in SERIALS[1:]]
        if revoked:
            answers = [PEOPLE.answer(revoked, revoked=True)]
        crls = [Crl("people", "1", self.number, NOW, NOW + 24 * HOUR, os.urandom(large))] if large else []
        self.publisher.publish(answers, crls, {"people": PEOPLE.der}, self.number, NOW)

    def revoke(self, serial: int) -> None:
        self.publisher.overtake([PEOPLE.answer(serial, revoked=True)], [], NOW)

    @contextmanager
    def served(self) -> Iterator[HttpsSource]:
        source = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                try:
                    content = (source.publication.folder / self.path.lstrip("/")).read_bytes()
                except FileNotFoundError:
                    self.send_error(404)
                    return
                if len(content) >= LARGE:
                    source.attempts.append(time.monotonic())
                    content = bytes(len(content)) if source.damaged else content
                start = int(self.headers.get("Range", "bytes=0-")[6:-1])
                self.send_response(206 if start else 200)
                self.send_header("Content-Length", str(len(content) - start))
                self.end_headers()
                for at in range(start, len(content), 20_000):
                    if len(content) >= LARGE:
                        source.begun.set()
                        time.sleep(20_000 / source.octets_a_second)
                    self.wfile.write(content[at : at + 20_000])

            def log_message(self, format: str, *arguments: Any) -> None:
                """Nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        try:
            yield HttpsSource(f"http://127.0.0.1:{server.server_port}/")
        finally:
            server.shutdown()
            server.server_close()


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return Source(tmp_path / "there")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The mirror's folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


@pytest.fixture
def watch(source: Source, here: Path) -> Watch:
    """A responder's, over the mirror's folder."""
    return Watch(PublicationReader(here, source.verify))


@pytest.fixture
def following(source: Source, here: Path, watch: Watch) -> Iterator[None]:
    """A mirror at work, which has the first set."""
    with source.served() as served, _working(partial(follow, served, here, source.verify)):
        _seconds_until(lambda: _set(watch) == 1)
        yield


@contextmanager
def _working(work: Callable[[threading.Event], None]) -> Iterator[None]:
    stopping = threading.Event()
    thread = threading.Thread(target=work, args=(stopping,))
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def _says(watch: Watch, serial: int) -> str | None:
    """As a responder that follows the folder would."""
    watch.look()
    found = watch.view.snapshot.find("people", serial) if watch.view else None
    return ocsp.load_der_ocsp_response(found[0].sha256(found[1])).certificate_status.name if found else None


def _seconds_until(condition: Callable[[], bool], most: float = 20) -> float:
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < most
        time.sleep(0.02)
    return time.monotonic() - begun


@pytest.mark.usefixtures("following")
def test_revocations_are_seen_while_a_large_set_is_on_its_way(
    source: Source, here: Path, watch: Watch
) -> None:
    assert _says(watch, SERIALS[1]) == "GOOD"
    source.revoke(SERIALS[1])
    _seconds_until(lambda: _says(watch, SERIALS[1]) == "REVOKED")
    source.octets_a_second = LARGE // 30
    source.publish(LARGE)
    assert source.begun.wait(20)
    for serial in SERIALS[2:4]:
        source.revoke(serial)
        assert _seconds_until(lambda serial=serial: _says(watch, serial) == "REVOKED") <= 2  # type: ignore[misc]
    source.publish()  # takes the overlay in, so that the newest head names none
    source.revoke(SERIALS[4])
    assert _seconds_until(lambda: _says(watch, SERIALS[4]) == "REVOKED") <= 2
    assert watch.view and watch.view.snapshot.head.set.number == 1, "the large set is not here yet"
    assert {_says(watch, serial) for serial in SERIALS[1:5]} == {"REVOKED"}
    assert watch.problem is None
    source.octets_a_second = 50_000_000
    _seconds_until(lambda: _says(watch, SERIALS[1]) == "REVOKED" and _set(watch) == 3)
    assert {_says(watch, serial) for serial in SERIALS[1:5]} == {"REVOKED"}
    assert _says(watch, SERIALS[5]) == "GOOD"
    _seconds_until(lambda: not (here / AHEAD).read_bytes())  # it is emptied after the head is switched


def test_what_overtook_is_not_lost_by_a_mirror_that_is_started_again(
    source: Source, here: Path, watch: Watch
) -> None:
    with source.served() as served:
        first = Mirror(served, here, source.verify)
        assert first.look()
        source.publish(LARGE)
        source.revoke(SERIALS[1])
        assert first.look_at_head() and _says(watch, SERIALS[1]) == "REVOKED" and _set(watch) == 1
        source.publish()
        source.revoke(SERIALS[2])
        second = Mirror(served, here, source.verify)
        assert second.look_at_head() and _set(watch) == 1
        assert _says(watch, SERIALS[1]) == _says(watch, SERIALS[2]) == "REVOKED"
        assert second.look() and _set(watch) == 3
        assert _says(watch, SERIALS[1]) == _says(watch, SERIALS[2]) == "REVOKED"


@pytest.mark.usefixtures("following")
def test_a_set_removed_in_the_middle_of_its_transfer_gives_way_to_the_newest_at_once(
    source: Source, watch: Watch
) -> None:
    """A backlog: sets come faster than the mirror fetches them, and the publisher keeps three."""
    source.octets_a_second = LARGE // 2
    for _ in range(2):
        source.begun.clear()
        source.publish(LARGE)
        assert source.begun.wait(20)
        for _ in range(4):
            source.publish()
        newest = source.number
        assert not (source.publication.folder / "sets" / str(newest - 4)).exists()
        # The newest set links the file that is under way, too: two seconds for it, and hardly more.
        assert _seconds_until(lambda newest=newest: _set(watch) == newest) < 4  # type: ignore[misc]


def test_of_sets_that_are_not_there_yet_an_older_one_is_fetched(
    source: Source, here: Path, watch: Watch
) -> None:
    """In storage the newest heads may name sets that are still being uploaded."""
    with source.served() as served:
        mirror = Mirror(served, here, source.verify)
        assert mirror.look() and _set(watch) == 1
        for _ in range(2):
            source.publish()
            mirror.look_at_head()
        manifest = source.publication.folder / "sets/3/manifest.json"
        manifest.rename(manifest.with_name("later"))
        assert mirror.bring_set() and _set(watch) == 2
        assert not mirror.bring_set() and "no longer has" in str(mirror.problem)
        manifest.with_name("later").rename(manifest)
        assert mirror.bring_set() and _set(watch) == 3 and mirror.problem is None


@pytest.mark.usefixtures("following")
def test_a_damaged_set_is_tried_ever_less_often_and_holds_up_no_revocation(
    source: Source, here: Path, watch: Watch
) -> None:
    source.damaged = True
    source.publish(LARGE)
    _seconds_until(lambda: len(source.attempts) == 4)
    first, second, third, fourth = source.attempts
    assert fourth - third > 1.5 * (second - first)
    source.revoke(SERIALS[1])
    assert _seconds_until(lambda: _says(watch, SERIALS[1]) == "REVOKED") <= 2
    assert "damaged" in (here / "mirror.json").read_text()
    source.damaged = False
    _seconds_until(lambda: _set(watch) == 2)


def test_the_head_goes_into_storage_though_its_set_is_still_under_way(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryStore()
    goes_on, begun = threading.Event(), threading.Event()
    put = obstore.put

    def slow(store: Any, key: str, content: Any) -> object:
        if isinstance(content, Path) and content.stat().st_size >= LARGE:
            begun.set()
            assert goes_on.wait(20)
        return put(store, key, content)

    def there() -> Head:
        return Head.unsealed(bytes(obstore.get(store, HEAD).bytes()), source.verify)

    upload = Upload(source.publication.folder, store, source.verify)  # type: ignore[arg-type]  # as good
    assert upload.look()
    monkeypatch.setattr(tested_upload.obstore, "put", slow)
    with _working(partial(follow_folder, upload)):
        source.publish(LARGE)
        assert begun.wait(20)
        source.revoke(SERIALS[1])
        assert _seconds_until(lambda: there().overlay is not None) <= 2
        names = {found["path"] for batch in obstore.list(store) for found in batch}
        overlay = there().overlay
        assert overlay and f"overlay/{overlay.number}/manifest.json" in names
        assert "sets/2/manifest.json" not in names, "a set is there when its manifest is"
        goes_on.set()
        _seconds_until(
            lambda: (
                "sets/2/manifest.json" in {each["path"] for batch in obstore.list(store) for each in batch}
            )
        )


def test_of_sets_that_are_still_on_their_way_into_storage_an_older_one_is_fetched(
    source: Source, here: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryStore()
    monkeypatch.setattr(sources, "s3_store", lambda *_, **__: store)
    upload = Upload(source.publication.folder, store, source.verify)  # type: ignore[arg-type]  # as good
    mirror = Mirror(S3Source("s3://here"), here, source.verify)
    assert upload.look() and mirror.look() and _set(watch) == 1
    for put in (upload.look, upload.put_head):
        source.publish()
        assert put()
        mirror.look_at_head()
    assert len(mirror.wanted()) == 2
    assert mirror.bring_set() and _set(watch) == 2
    assert not mirror.bring_set() and "no longer has" in str(mirror.problem)
    assert upload.put_set() and mirror.bring_set() and _set(watch) == 3 and mirror.problem is None


def test_storage_that_hangs_is_told_of_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Listener()) as listener:
        for name, value in {
            "AWS_ENDPOINT_URL": listener.address,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "eu-north-1",
        }.items():
            monkeypatch.setenv(name, value)
        begun = time.monotonic()
        monkeypatch.setattr(sources, "_HEAD_SECONDS", 1)
        monkeypatch.setattr(sources, "_SECONDS", 1)
        for ask in (S3Source("s3://here").head, lambda: S3Source("s3://here").manifest("overlay/1")):
            with pytest.raises(DomainError) as refused:
                ask()
            assert refused.value.kind is Kind.UNAVAILABLE
        assert time.monotonic() - begun < 10 and len(listener.held) == 2


def test_a_newer_head_in_storage_is_kept_when_the_folder_is_of_yesterday(source: Source) -> None:
    store = MemoryStore()
    folder, verify = source.publication.folder, source.verify
    yesterday = (folder / HEAD).read_bytes()
    source.publish()
    Upload(folder, store, verify).look()  # type: ignore[arg-type]  # as good
    newest = (folder / HEAD).read_bytes()
    (folder / HEAD).write_bytes(yesterday)
    for upload in [Upload(folder, store, verify)] * 2:  # type: ignore[arg-type]  # as good
        with pytest.raises(DomainError, match="older set"):
            upload.look()
    assert bytes(obstore.get(store, HEAD).bytes()) == newest


def _set(watch: Watch) -> int:
    watch.look()
    return watch.view.snapshot.head.set.number if watch.view else 0
