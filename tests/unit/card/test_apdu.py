# SPDX-License-Identifier: EUPL-1.2
"""APDU codec: every form survives a round trip; chaining and GET RESPONSE join what cards cut up."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from varmentaja.card.apdu import ApduError, Command, Response, chain, exchange

octet = st.integers(0, 255)
headers = st.tuples(octet, octet, octet, octet)
short = st.builds(
    lambda head, data, le: Command(*head, data, le),
    headers,
    st.binary(max_size=255),
    st.none() | st.integers(1, 256),
)
extended = st.builds(
    lambda head, data, le: Command(*head, data, le),
    headers,
    st.binary(min_size=256, max_size=600),
    st.none() | st.integers(1, 65_536),
)
no_data = st.builds(lambda head, le: Command(*head, b"", le), headers, st.integers(257, 65_536))


@settings(max_examples=60)
@given(short | extended | no_data)
def test_a_command_survives_the_round_trip(command: Command) -> None:
    assert Command.parse(command.encode()) == command


@settings(max_examples=60)
@given(st.binary(max_size=300))
def test_bytes_are_a_command_or_an_apdu_error(raw: bytes) -> None:
    try:
        command = Command.parse(raw)
    except ApduError:
        return
    assert command.data in raw


@pytest.mark.parametrize(
    ("command", "wire"),
    [
        (Command(0, 0xA4, 4, 0), "00a40400"),
        (Command(0, 0xB0, 0, 0, le=256), "00b0000000"),
        (Command(0, 0x20, 0, 3, b"1234"), "002000030431323334"),
        (Command(0, 0x2A, 0x9E, 0x9A, b"\1\2", 256), "002a9e9a02010200"),
        (Command(0, 0xB0, 0, 0, le=65_536), "00b00000000000"),
    ],
)
def test_known_encodings(command: Command, wire: str) -> None:
    assert command.encode().hex() == wire


@settings(max_examples=30)
@given(st.binary(min_size=256, max_size=2000))
def test_a_chain_carries_all_data_and_marks_all_but_the_last(data: bytes) -> None:
    parts = list(chain(Command(0x00, 0xDA, 1, 2, data, 256)))
    assert b"".join(part.data for part in parts) == data
    assert [bool(part.cla & 0x10) for part in parts] == [True] * (len(parts) - 1) + [False]
    assert [part.le for part in parts] == [None] * (len(parts) - 1) + [256]


def test_an_answer_in_pieces_is_joined() -> None:
    answers = iter([b"ab\x61\x02", b"cd\x61\x01", b"e\x90\x00"])
    sent: list[bytes] = []

    def transmit(apdu: bytes) -> bytes:
        sent.append(apdu)
        return next(answers)

    assert exchange(transmit, Command(0, 0xCA, 1, 1, le=256)) == Response(b"abcde", 0x9000)
    assert [apdu.hex() for apdu in sent] == ["00ca010100", "00c0000002", "00c0000001"]


def test_a_wrong_length_is_corrected_as_the_card_says() -> None:
    answers = iter([b"\x6c\x14", b"x" * 20 + b"\x90\x00"])
    assert exchange(lambda _apdu: next(answers), Command(0, 0xCA, 1, 0xA0, le=256)).data == b"x" * 20


def test_a_refusal_within_a_chain_ends_it() -> None:
    count = 0

    def transmit(_apdu: bytes) -> bytes:
        nonlocal count
        count += 1
        return b"\x69\x82"

    assert exchange(transmit, Command(0, 0xDA, 1, 1, bytes(600))).status == 0x6982
    assert count == 1
