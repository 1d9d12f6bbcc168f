# SPDX-License-Identifier: EUPL-1.2
"""What a mirror remembers: what it has verified, refused and begun; and a disk that is full."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.small_disk import MEGABYTES, full, small_disk
from tests.support.status import HOUR, NOW, Answer, Authority, Publication

from varmentaja.domain.errors import unavailable
from varmentaja.pki.publication import Crl, PublicationReader, verifier
from varmentaja.pki.publication.files import FileRef
from varmentaja.pki.publication.manifest import HEAD, MANIFEST
from varmentaja.responder import shelf as tested
from varmentaja.responder.mirror import Mirror, follow
from varmentaja.responder.watch import MIRROR_STATE

PEOPLE = Authority("people")
SERIALS = range(1000, 1020)


class FolderSource:
    """A publication in another folder, and a way that can be cut."""

    poll = 0.01

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cut_after: int | None = None
        self.asked: list[tuple[str, int]] = []
        self._seen = b""

    def head(self) -> bytes | None:
        content = (self.folder / HEAD).read_bytes()
        if content == self._seen:
            return None
        self._seen = content
        return content

    def manifest(self, folder: str) -> bytes:
        return (self.folder / folder / MANIFEST).read_bytes()

    def read(self, folder: str, ref: FileRef, start: int) -> Iterator[bytes]:
        self.asked.append((ref.name, start))
        content = (self.folder / folder / ref.name).read_bytes()
        for at in range(start, len(content), 4096):
            if self.cut_after is not None and at - start >= self.cut_after:
                raise unavailable("The publisher cannot be reached: %(reason)s", reason="cut")
            yield content[at : at + 4096]


class Pair:
    """A publisher, and a mirror of it."""

    def __init__(self, folder: Path, here: Path) -> None:
        self.publication = Publication(folder)
        self.verify = verifier(self.publication.key.public_key())
        self.here = here
        self.number = 0
        self.publish(*(PEOPLE.answer(serial) for serial in SERIALS))
        self.source = FolderSource(folder)
        self.mirror = Mirror(self.source, here, self.verify)

    def publish(self, *answers: Answer, large: int = 0) -> None:
        """A set, with a list of that many octets."""
        self.number += 1
        crls = [PEOPLE.crl(number=self.number)]
        if large:
            crls.append(Crl("people", "1", self.number, NOW, NOW + 24 * HOUR, os.urandom(large)))
        self.publication.publisher.publish(answers, crls, {"people": PEOPLE.der}, self.number, NOW)

    def set_here(self) -> int:
        """Number of the set that a responder would serve."""
        reader = PublicationReader(self.here, self.verify)
        reader.poll()
        assert reader.current and reader.problem is None
        return reader.current.head.set.number


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path / "there", tmp_path / "here")


def test_what_has_been_verified_is_not_read_again(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    whole = tested.map_file

    def watched(path: Path) -> object:
        read.append(path.name)
        return whole(path)

    monkeypatch.setattr(tested, "map_file", watched)
    for turn in range(1, 5):
        assert pair.mirror.look(), pair.mirror.problem
        assert pair.set_here() == turn
        assert not any(name.startswith("people.1.") for name in read) or turn == 1, "the segment of set 1"
        read.clear()
        pair.publish(PEOPLE.answer(SERIALS[0], now=NOW + turn * HOUR))
    fresh = Mirror(pair.source, pair.here, pair.verify)  # a new process knows nothing yet
    pair.source._seen = b""
    assert fresh.look()
    assert "people.1.answers" in read
    assert pair.set_here() == 5


def test_a_file_that_was_changed_here_is_not_taken_for_the_one_verified(pair: Pair) -> None:
    assert pair.mirror.look()
    segment = next(pair.here.glob("sets/1/people.1.answers"))
    content = bytearray(segment.read_bytes())
    content[100] ^= 1
    segment.write_bytes(content)
    pair.publish(PEOPLE.answer(SERIALS[0], now=NOW + HOUR))
    assert pair.mirror.look()
    assert ("people.1.answers", 0) in pair.source.asked[3:]
    assert pair.set_here() == 2


def test_a_publication_that_went_back_stays_a_problem_until_a_newer_one_comes(pair: Pair) -> None:
    head = (pair.publication.folder / HEAD).read_bytes()
    pair.publish(PEOPLE.answer(SERIALS[0], now=NOW + HOUR))
    assert pair.mirror.look()
    (pair.publication.folder / HEAD).write_bytes(head)
    for _ in range(3):
        assert not pair.mirror.look()
        assert "went back" in str(pair.mirror.problem)
    assert pair.set_here() == 2
    pair.number = 5
    pair.publish(PEOPLE.answer(SERIALS[0], now=NOW + 2 * HOUR))
    assert pair.mirror.look() and pair.mirror.problem is None
    assert pair.set_here() == 6


def test_a_source_that_comes_back_unchanged_is_no_problem_any_more(pair: Pair) -> None:
    assert pair.mirror.look()
    folder, pair.source.folder = pair.source.folder, Path("/nowhere")
    assert not pair.mirror.look() and "FileNotFoundError" in str(pair.mirror.problem)
    pair.source.folder = folder
    assert not pair.mirror.look() and pair.mirror.problem is None


def test_what_was_cut_off_is_gone_on_with_for_the_next_set_and_the_rest_is_removed(pair: Pair) -> None:
    assert pair.mirror.look()
    pair.publish(large=300_000)
    pair.source.cut_after = 100_000
    assert not pair.mirror.look() and "cut" in str(pair.mirror.problem)
    pair.publish(PEOPLE.answer(SERIALS[0], now=NOW + HOUR))  # its set links the large list
    assert not pair.mirror.look()
    pair.source.cut_after = None
    assert pair.mirror.look() and pair.mirror.problem is None
    starts = [start for name, start in pair.source.asked if name == "people.1.crl"]
    assert starts[0] == 0 and starts == sorted(starts) and starts[-1] > 150_000
    pair.publish(large=300_000)
    pair.source.cut_after = 100_000
    assert not pair.mirror.look()
    pair.publish(large=200_000)  # nobody wants what had begun
    pair.source.cut_after = None
    assert pair.mirror.look()
    assert pair.set_here() == 5
    assert not list(pair.here.rglob("*.part")) and not list(pair.here.rglob(".incoming"))


def test_a_full_disk_leaves_the_old_set_is_told_and_passes(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        pair = Pair(tmp_path / "there", disk / "here")
        stopping = threading.Event()
        arguments = pair.source, pair.here, pair.verify, stopping
        assert pair.mirror.look()
        with full(disk):
            pair.publish(PEOPLE.answer(SERIALS[0], now=NOW + HOUR))
            for _ in range(2):
                assert not pair.mirror.look()
                assert "No space left" in str(pair.mirror.problem)
                pair.mirror.write_state(NOW)  # no room for that either
            assert pair.set_here() == 1
        assert pair.mirror.look() and pair.mirror.problem is None
        assert pair.set_here() == 2
        pair.publish(large=(MEGABYTES + 1) << 20)  # more than there is room for, ever
        assert not pair.mirror.look() and "No space left" in str(pair.mirror.problem)
        pair.publish(large=1000)
        thread = threading.Thread(target=follow, args=arguments)
        thread.start()
        try:
            _wait_for(lambda: pair.set_here() == 4)
            _wait_for(lambda: '"problem": null' in (pair.here / MIRROR_STATE).read_text())
        finally:
            stopping.set()
            thread.join()


def _wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)
