# SPDX-License-Identifier: EUPL-1.2
"""TLV, ATR and PKCS#15 directory files."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from varmentaja.card import pkcs15, tlv
from varmentaja.card.atr import VIRTUAL_MYEID_ATR, historical_bytes

byte = st.integers(0, 255)
texts = st.text(st.characters(blacklist_categories=["Cs"]), max_size=30)
paths = st.binary(min_size=2, max_size=8)
pins = st.builds(
    pkcs15.PinObject,
    texts,
    byte,
    byte,
    st.integers(1, 8),
    st.integers(1, 8),
    st.booleans(),
    st.none() | byte,
)
keys = st.builds(
    pkcs15.KeyObject, texts, byte, paths, st.integers(1, 8192), st.booleans(), st.none() | byte, st.booleans()
)
certificates = st.builds(pkcs15.CertificateObject, texts, byte, paths, st.booleans())
tags = st.sampled_from([0x04, 0x30, 0x6F, 0x81, 0x5F2D, 0x7F49])


@settings(max_examples=50)
@given(st.lists(st.tuples(tags, st.binary(max_size=400)), max_size=5))
def test_tlv_survives_the_round_trip(items: list[tuple[int, bytes]]) -> None:
    encoded = b"".join(tlv.encode(tag, value) for tag, value in items)
    assert [(item.tag, item.value) for item in tlv.parse(encoded)] == items


@settings(max_examples=50)
@given(st.binary(max_size=60))
def test_any_bytes_are_tlv_or_a_tlv_error(data: bytes) -> None:
    for decode in (
        lambda raw: list(tlv.parse(raw)),
        pkcs15.decode_odf,
        pkcs15.decode_token_info,
        pkcs15.decode_pins,
        pkcs15.decode_keys,
        pkcs15.decode_certificates,
    ):
        try:
            decode(data)
        except tlv.TlvError:
            continue


@settings(max_examples=50)
@given(st.lists(pins, max_size=3), st.lists(keys, max_size=3), st.lists(certificates, max_size=3))
def test_directory_files_survive_the_round_trip(
    some_pins: list[pkcs15.PinObject],
    some_keys: list[pkcs15.KeyObject],
    some_certificates: list[pkcs15.CertificateObject],
) -> None:
    assert pkcs15.decode_pins(pkcs15.encode_pins(some_pins)) == some_pins
    assert pkcs15.decode_keys(pkcs15.encode_keys(some_keys)) == some_keys
    assert pkcs15.decode_certificates(pkcs15.encode_certificates(some_certificates)) == some_certificates


@settings(max_examples=30)
@given(st.binary(max_size=20), texts, texts, texts)
def test_token_info_survives_the_round_trip(serial: bytes, maker: str, label: str, generation: str) -> None:
    info = pkcs15.TokenInfo(serial, maker, label, generation)
    assert pkcs15.decode_token_info(pkcs15.encode_token_info(info)) == info


def test_directory_of_files_survives_the_round_trip() -> None:
    directory = pkcs15.Directory(b"\x3f\0\x44\2", None, b"\x3f\0\x44\3", b"\x3f\0\x44\5", b"\x3f\0\x44\1")
    assert pkcs15.decode_odf(pkcs15.encode_odf(directory)) == directory


@pytest.mark.parametrize(
    ("atr", "history"),
    [
        (VIRTUAL_MYEID_ATR.hex(), b"OsEID"),
        ("3BF51800008131FE454D794549449A", b"MyEID"),
        ("3B7B180000806201545646696E454944", bytes.fromhex("806201545646696E454944")),
        ("3BDD96008031FE450031B8640429ECC1739401808349", bytes.fromhex("0031B8640429ECC17394018083")),
        ("3B", b""),
        ("", b""),
        ("3BF5", b""),
    ],
)
def test_historical_bytes_are_found(atr: str, history: bytes) -> None:
    assert historical_bytes(bytes.fromhex(atr)) == history
