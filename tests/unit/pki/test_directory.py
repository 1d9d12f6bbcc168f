# SPDX-License-Identifier: EUPL-1.2
"""Authorities and persons as entries of a directory."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st
from ldap3.utils.dn import parse_dn
from tests.support.pki import Demo

from varmentaja.pki.directory import (
    AUTHORITIES_LIST,
    DELTA_LIST,
    FULL_LIST,
    ShardLists,
    authority_entries,
    distinguished_name,
    person_entry,
)

BASE = "dmdName=VARMENTAJA,c=FI"


def test_one_list_stands_at_the_authority(demo: Demo) -> None:
    certificate = demo.hierarchy.authority("professionals-rsa").certificate_der
    above, entry = authority_entries(certificate, [ShardLists(b"full", b"delta")])
    assert above.path == (("o", "Varmentaja TEST"),)
    assert entry.path == (*above.path, ("cn", "Varmentaja TEST CA for Care Professionals RSA"))
    assert entry.attributes[FULL_LIST] == (b"full",) and entry.attributes[DELTA_LIST] == (b"delta",)
    assert AUTHORITIES_LIST not in entry.attributes
    assert set(entry.classes) == {"applicationProcess", "pkiCA", "deltaCRL"}


def test_several_lists_stand_below_it_and_none_at_it(demo: Demo) -> None:
    certificate = demo.hierarchy.authority("professionals-ecc").certificate_der
    shards = [ShardLists(b"a", b"da"), ShardLists(b"b", b"db")]
    _, entry, first, second = authority_entries(certificate, shards)
    assert FULL_LIST not in entry.attributes and DELTA_LIST not in entry.attributes
    assert first.path == (*entry.path, ("cn", "0")) and second.path == (*entry.path, ("cn", "1"))
    assert second.attributes == {FULL_LIST: (b"b",), DELTA_LIST: (b"db",)}
    assert first.classes == ("cRLDistributionPoint",)


def test_a_root_has_its_list_as_one_of_authorities_too(demo: Demo) -> None:
    certificate = demo.hierarchy.authority("root-ecc").certificate_der
    *_, entry = authority_entries(certificate, [ShardLists(b"full", None)])
    assert entry.attributes[AUTHORITIES_LIST] == (b"full",)


def test_a_person_is_named_by_the_subjects_serial_number(demo: Demo) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    der = demo.issue("professional-auth", "ecc", key).public_bytes(Encoding.DER)
    entry = person_entry([der])
    assert distinguished_name(entry.path, BASE) == f"serialNumber=00198705840,{BASE}"
    assert entry.attributes["sn"] == ("Äijälä".encode(),)
    assert entry.attributes["userCertificate;binary"] == (der,)


def test_an_authority_is_no_person(demo: Demo) -> None:
    with pytest.raises(ValueError, match="serial number"):
        person_entry([demo.hierarchy.authority("root-ecc").certificate_der])


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00\r\n"), min_size=1, max_size=20))
def test_no_value_leaves_its_place_in_the_name(value: str) -> None:
    name = distinguished_name((("o", value),), BASE)
    assert len(parse_dn(name)) == 3
