# SPDX-License-Identifier: EUPL-1.2
"""Our DER writer and reader, held against each other and against ``cryptography``."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from asn1crypto import core
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from varmentaja.pki import der
from varmentaja.pki.der_reader import Reader


@given(st.integers(min_value=-(2**200), max_value=2**200))
def test_integers_are_written_as_another_library_writes_them(value: int) -> None:
    assert der.integer(value) == core.Integer(value).dump()
    assert Reader(der.integer(value)).integer() == value


@given(
    st.sampled_from(["0.4", "1.2", "1.3", "2.5", "2.25", "2.999"]),
    st.lists(st.integers(0, 2**128 - 1), max_size=6),
)
def test_object_identifiers_read_back(start: str, arcs: list[int]) -> None:
    dotted = ".".join([start, *map(str, arcs)])
    parsed = core.ObjectIdentifier.load(der.oid(dotted))
    assert parsed.dotted == dotted


@given(st.binary(max_size=70_000))
def test_octet_strings_of_any_length_read_back(value: bytes) -> None:
    reader = Reader(der.octet_string(value))
    assert reader.read(0x04) == value
    reader.end()


@given(st.binary(max_size=300))
def test_reading_noise_raises_nothing_but_value_error(noise: bytes) -> None:
    try:
        reader = Reader.whole(noise, 0x30)
        while not reader.at_end():
            reader.read(reader.next_tag() or 0)
    except ValueError:
        return
    assert noise[0] == 0x30


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "30",
        "3080020100 0000",
        "308101 02",
        "30820001 02",
        "30850000000001 02",
        "3003020101 00",
        "3004020101",
    ],
)
def test_what_is_not_der_is_refused(broken: str) -> None:
    with pytest.raises(ValueError, match=r"element|length|follows"):
        Reader.whole(bytes.fromhex(broken), 0x30)


@pytest.mark.parametrize("content", ["0200", "02020001", "0202ff80"])
def test_integers_not_in_shortest_form_are_refused(content: str) -> None:
    with pytest.raises(ValueError, match="shortest"):
        Reader(bytes.fromhex(content)).integer()


def test_times_change_type_in_2050() -> None:
    assert der.time(datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC))[0] == 0x17
    assert der.time(datetime(2050, 1, 1, tzinfo=UTC)) == b"\x18\x0f20500101000000Z"


def test_names_are_written_as_cryptography_writes_them() -> None:
    theirs = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Äijälä")]).public_bytes()
    attribute = der.sequence(der.oid("2.5.4.3"), der.utf8_string("Äijälä"))
    assert der.sequence(der.set_of(attribute)) == theirs
