# SPDX-License-Identifier: EUPL-1.2
"""A publisher cut off at any write, link, rename or sync leaves the old state or the new one, and goes on."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.status import NOW, Authority, Publication

from varmentaja.domain.errors import DomainError
from varmentaja.pki.publication import PublicationReader, verifier


def _in_child(work: Callable[[], object], die_at: int) -> bool:
    """Run ``work`` in a process that dies at its n-th file operation; return whether it finished."""
    child = os.fork()
    if child == 0:
        _die_at(die_at)
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _die_at(count: int) -> None:
    left = count

    def counted(operation: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                os._exit(9)
            return operation(*arguments, **options)

        return run

    for name in ("fsync", "rename", "link", "unlink", "mkdir", "open"):
        setattr(os, name, counted(getattr(os, name)))


def test_every_point_of_interruption_leaves_a_whole_state(tmp_path: Path) -> None:
    authority = Authority("people")
    publication = Publication(tmp_path)
    publisher = publication.publisher
    publisher.publish([authority.answer(s) for s in range(1, 40)], [], {"people": authority.der}, 1, NOW)
    publisher.overtake([authority.answer(1, revoked=True)], [authority.crl([1], number=2)], NOW)
    interrupted = 0
    for step in range(1, 200):
        number = 1 + step
        serial = 1000 + step

        def work(serial: int = serial, number: int = number) -> None:
            publication.publisher.publish([authority.answer(serial)], [], {}, number, NOW)
            revoked = [authority.answer(serial, revoked=True)]
            publication.publisher.overtake(revoked, [authority.crl([serial], number=serial)], NOW)

        finished = _in_child(work, step)
        reader = PublicationReader(tmp_path, verifier(publication.key.public_key()))
        assert reader.poll(), reader.problem
        assert reader.current
        found = reader.current.find("people", 1)
        assert found
        assert found[1].revision == 1, "what was revoked stays revoked"
        assert reader.current.find("people", 39)
        if finished:
            found = reader.current.find("people", serial)
            assert found
            assert found[1].revision == 1
            break
        interrupted += 1
    else:
        raise AssertionError("the work never finished")
    assert interrupted > 20
    leftovers = [path.name for path in tmp_path.rglob(".*") if path.is_dir() and any(path.iterdir())]
    assert leftovers == []


def test_a_reader_takes_only_what_the_publisher_signed_and_never_goes_back(tmp_path: Path) -> None:
    authority = Authority("people")
    publication = Publication(tmp_path)
    publication.publisher.publish([authority.answer(1)], [], {"people": authority.der}, 5, NOW)
    old = (tmp_path / "head.json").read_bytes()
    publication.publisher.publish([authority.answer(2)], [], {}, 6, NOW)
    stranger = PublicationReader(tmp_path, verifier(Authority("x").key.public_key()))
    assert not stranger.poll()
    assert stranger.problem
    reader = PublicationReader(tmp_path, verifier(publication.key.public_key()))
    assert reader.poll()
    assert not reader.poll(), "nothing new"
    (tmp_path / "head.json").write_bytes(old)
    assert not reader.poll()
    assert reader.current
    assert reader.current.head.set.number == 6
    for broken in (b"", b"{}", b"[]", b"null", b'{"signed": 1, "signature": "AA=="}', b"\xff"):
        (tmp_path / "head.json").write_bytes(broken)
        assert not reader.poll()
        assert reader.problem
        with pytest.raises(DomainError):
            publication.publisher.current()


@pytest.mark.parametrize("suffix", ["index", "answers", "crl", "crt", "json"])
def test_any_damaged_file_is_refused(tmp_path: Path, suffix: str) -> None:
    authority = Authority("people")
    publication = Publication(tmp_path)
    crls = [authority.crl(number=1)]
    publication.publisher.publish([authority.answer(1)], crls, {"people": authority.der}, 1, NOW)
    (path,) = (tmp_path / "sets" / "1").glob(f"*.{suffix}")
    good = path.read_bytes()
    for bad in (good[:-1], good + b"\0", bytes((good[0] ^ 1,)) + good[1:], b""):
        path.write_bytes(bad)
        reader = PublicationReader(tmp_path, verifier(publication.key.public_key()))
        assert not reader.poll()
        assert path.name in str(reader.problem)
    path.unlink()
    assert not reader.poll(again=True)
    path.write_bytes(good)
    assert reader.poll(again=True)
