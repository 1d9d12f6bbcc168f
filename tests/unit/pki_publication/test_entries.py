# SPDX-License-Identifier: EUPL-1.2
"""Lists gone through piece by piece say what ``cryptography`` reads in the whole."""

from __future__ import annotations

import mmap
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from tests.support.pki import Demo

from varmentaja.pki.crl import Reason, encode_entry, sign_crl
from varmentaja.pki.publication.files import map_file
from varmentaja.pki.publication.gates import entries as entries_module
from varmentaja.pki.publication.gates.entries import Entries

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def list_of(demo: Demo, serials: list[int], number: int = 7) -> bytes:
    entries = [encode_entry(f"{each:x}", NOW, list(Reason)[each % len(Reason)]) for each in serials]
    dates = {"this_update": NOW, "next_update": NOW + timedelta(days=2)}
    authority = demo.hierarchy.authority("professionals-ecc")
    return sign_crl(authority, 0, entries, demo.store, number=number, **dates)  # type: ignore[arg-type]  # dates


def whole(der: bytes) -> set[int]:
    return {entry.serial_number for entry in x509.load_der_x509_crl(der)}


@pytest.fixture(autouse=True, params=[60, 1 << 19])
def _pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry or two at a time, and as it is."""
    monkeypatch.setattr(entries_module, "_PIECE", request.param)


def test_random_lists_are_compared_as_sets(demo: Demo, tmp_path: Path) -> None:
    chance = random.Random(7)
    known = [chance.getrandbits(chance.choice([3, 64, 126, 127, 159])) | 1 for _ in range(300)]
    for turn in range(10):
        pair = []
        for name in ("before", "now"):
            serials = sorted(set(chance.sample(known, chance.choice([0, 1, 20, 290]))))
            if turn % 3 == 0:
                chance.shuffle(serials)
            file = tmp_path / f"{turn}-{name}"
            file.write_bytes(list_of(demo, serials))
            pair.append((file.read_bytes(), Entries(map_file(file))))
        (old, before), (new, now) = pair
        assert now.compared(before) == (whole(new) - whole(old), whole(old) - whole(new))
        assert len(now) == len(x509.load_der_x509_crl(new)) and now.serials() == whole(new)
        for some in (frozenset(known), frozenset(known[:5]), frozenset({1, 2, 3}), frozenset[int]()):
            assert now.named(some) == whole(new) & some
        crl = x509.load_der_x509_crl(new)
        assert (now.frame.issuer, list(now.frame.extensions)) == (crl.issuer, list(crl.extensions))


def test_a_serial_that_stands_inside_another_is_not_named(demo: Demo) -> None:
    inside = int.from_bytes(b"\x41\x02\x01\x63\x30\x14\x02\x01\x07" + bytes(7), "big")
    assert Entries(list_of(demo, [inside])).named(frozenset({0x63, 7})) == frozenset()


def test_another_reason_is_no_news(demo: Demo) -> None:
    one, other = (
        list_of(demo, []),
        list_of(demo, []),
    )
    assert Entries(one).compared(Entries(other)) == (frozenset(), frozenset())
    dates = {"this_update": NOW, "next_update": NOW + timedelta(days=2)}
    authority = demo.hierarchy.authority("professionals-ecc")
    made = [
        Entries(sign_crl(authority, 0, [encode_entry("7f", NOW, reason)], demo.store, number=1, **dates))  # type: ignore[arg-type]  # dates
        for reason in (Reason.SUPERSEDED, Reason.UNSPECIFIED)
    ]
    assert made[0].compared(made[1]) == (frozenset(), frozenset())


def test_a_damaged_list_is_read_as_cryptography_reads_it_or_not_at_all(demo: Demo) -> None:
    chance = random.Random(8)
    sound = list_of(demo, [chance.getrandbits(126) for _ in range(5)])
    read = 0
    for _ in range(2_000):
        der = bytearray(sound)
        der[chance.randrange(len(der))] ^= 1 << chance.randrange(8)
        if chance.random() < 0.1:
            del der[chance.randrange(len(der)) :]
        try:
            ours = Entries(bytes(der)).serials()
        except Exception:  # refused, which a gate makes a finding of
            continue
        assert ours == whole(bytes(der))
        read += 1
    assert 100 < read < 1_900, "some damage lies where serial numbers or signatures are"


def test_what_was_looked_at_is_let_go(demo: Demo, tmp_path: Path) -> None:
    file = tmp_path / "list"
    file.write_bytes(list_of(demo, list(range(1, 1_000))))
    mapped = map_file(file)
    assert isinstance(mapped, mmap.mmap)
    assert len(Entries(mapped)) == 999 and len(Entries(mapped)) == 999, "and read again when asked"
