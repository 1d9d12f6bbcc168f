# SPDX-License-Identifier: EUPL-1.2
"""Lists in shards, and one of many megabytes, as a stranger reads them from a real OpenLDAP server."""

from __future__ import annotations

import subprocess
import time
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.liar import ISSUING, LDAP_NAME, Liar
from tests.support.pki import Demo
from tests.support.slapd import BASE, PASSWORD, USER, Slapd

from varmentaja.adapters.directory.ldap import LdapAccess, LdapDirectory
from varmentaja.observer.directory import read_attribute
from varmentaja.pki.crl import Reason, encode_entry, sign_crl
from varmentaja.pki.directory import (
    AUTHORITY_CERTIFICATE,
    DELTA_LIST,
    FULL_LIST,
    ShardLists,
    authority_entries,
)
from varmentaja.pki.serials import serial_text

ENTRIES = 1_000_000
"""46 MB; an authority of a nation without shards has a tenth (docs/operations/scaling.md)."""
LONGEST = 30
"""Seconds, a tenth of the time between two comparisons."""


@pytest.fixture
def directory(slapd: Slapd) -> LdapDirectory:
    return LdapDirectory(LdapAccess(slapd.url, BASE, USER, PASSWORD))


def put(directory: LdapDirectory, demo: Demo, *lists: ShardLists) -> list[bool]:
    """The issuing authority with its lists, and those above it."""
    certificate = demo.hierarchy.authority(ISSUING).certificate_der
    return [directory.put(entry) for entry in authority_entries(certificate, lists)]


def verified(folder: Path, authority: bytes, der: bytes) -> str:
    """A list as openssl prints it once it has verified it."""
    (folder / "ca.pem").write_bytes(x509.load_der_x509_certificate(authority).public_bytes(Encoding.PEM))
    (folder / "list").write_bytes(der)
    asked = ["openssl", "crl", "-inform", "DER", "-in", "list", "-noout", "-text", "-CAfile", "ca.pem"]
    done = subprocess.run(asked, cwd=folder, capture_output=True, text=True, timeout=60)
    assert "verify OK" in done.stderr
    return done.stdout


def test_an_authority_with_shards_has_each_below_it_and_none_of_its_own(
    directory: LdapDirectory, slapd: Slapd, demo: Demo, tmp_path: Path
) -> None:
    """Also where it had one list before, which would be taken for the whole."""
    put(directory, demo, ShardLists(*Liar(demo, demo.now).lists()))
    assert FULL_LIST in slapd.search(LDAP_NAME, "base", "(objectClass=deltaCRL)")[LDAP_NAME]
    shards = [Liar(demo, demo.now) for _ in range(2)]
    put(directory, demo, *(ShardLists(*liar.lists(number)) for number, liar in enumerate(shards)))
    found = slapd.search(LDAP_NAME, "sub", "(objectClass=*)")
    itself = found.pop(LDAP_NAME)
    assert not {FULL_LIST, DELTA_LIST} & set(itself)
    assert set(itself["objectClass"]) == {b"applicationProcess", b"pkiCA"}
    assert set(found) == {f"cn={number},{LDAP_NAME}" for number in range(2)}
    for number, liar in enumerate(shards):
        name = f"cn={number},{LDAP_NAME}"
        for attribute in (FULL_LIST, DELTA_LIST):
            (der,) = found[name][attribute]
            assert f"/{ISSUING}/{number}.crl" in verified(tmp_path, itself[AUTHORITY_CERTIFICATE][0], der)
        (full,) = found[name][FULL_LIST]
        assert [each.serial_number for each in x509.load_der_x509_crl(full)] == [liar.revoked.serial_number]
        assert read_attribute(slapd.url, name, FULL_LIST, None).body == full, "the observer finds it, too"


def large(demo: Demo, number: int) -> bytes:
    """A list with one entry again and again: a directory reads none."""
    return sign_crl(
        demo.hierarchy.authority(ISSUING),
        0,
        [encode_entry(serial_text(1 << 100), demo.now, Reason.SUPERSEDED)] * ENTRIES,
        demo.store,
        number=number,
        this_update=demo.now,
        next_update=demo.now + timedelta(days=1),
    )


def test_a_list_of_many_megabytes_is_put_compared_replaced_and_read(
    directory: LdapDirectory, slapd: Slapd, demo: Demo
) -> None:
    first, second = large(demo, 1), large(demo, 2)
    for der, changes in ((first, True), (first, False), (second, True)):
        begun = time.monotonic()
        assert put(directory, demo, ShardLists(der, None))[-1] is changes
        assert time.monotonic() - begun < LONGEST
    reply = read_attribute(slapd.url, LDAP_NAME, FULL_LIST, None)
    assert reply.body == second and reply.milliseconds < LONGEST * 1000
    assert slapd.search(LDAP_NAME, "base", "(cn=*)")[LDAP_NAME][FULL_LIST] == [second]
