# SPDX-License-Identifier: EUPL-1.2
"""The observer reads the directory as a stranger, and finds what is behind or missing there."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from ldap3 import MODIFY_REPLACE, Connection, Server
from tests.support.apart import apart
from tests.support.liar import ISSUING, LDAP_NAME, LDAP_ROOT, ROOT, Liar
from tests.support.pki import Demo
from tests.support.slapd import BASE, PASSWORD, USER, Slapd
from tests.support.slapd import slapd as slapd
from tests.support.web import serve

from varmentaja.adapters.directory.ldap import LdapAccess, LdapDirectory
from varmentaja.domain.availability import Round, Service, Trouble
from varmentaja.observer.ask import Client
from varmentaja.observer.judge import Judge
from varmentaja.observer.openssl import OpenSsl
from varmentaja.observer.rounds import Observer
from varmentaja.pki.directory import ShardLists, authority_entries


@pytest.fixture
def liar(demo: Demo) -> Liar:
    return Liar(demo, demo.now + timedelta(minutes=1))


@pytest.fixture
def look(liar: Liar, slapd: Slapd) -> Iterator[Callable[[], Round]]:
    client = Client()
    observer = Observer(Judge(OpenSsl(shutil.which("openssl") or "")), client)
    with serve(liar) as address:
        plan = replace(liar.plan(address), directory=slapd.url)
        yield lambda: apart(lambda: observer.look(plan, lambda: liar.now))
    client.close()


def fill(liar: Liar, slapd: Slapd) -> None:
    directory = LdapDirectory(LdapAccess(slapd.url, BASE, USER, PASSWORD))
    for name, lists in ((ISSUING, liar.lists()), (ROOT, (liar.root_crl(), None))):
        certificate = liar.demo.hierarchy.authority(name).certificate_der
        for entry in authority_entries(certificate, [ShardLists(*lists)]):
            directory.put(entry)


def troubles(found: Round) -> set[tuple[Service, Trouble]]:
    return {(each.service, each.trouble) for each in found.findings}


def test_a_directory_that_says_the_same_passes(liar: Liar, slapd: Slapd, look: Callable[[], Round]) -> None:
    fill(liar, slapd)
    found = look()
    assert found.findings == ()
    assert found.tallies[Service.DIRECTORY].asked == 6


def test_an_empty_directory_is_found(look: Callable[[], Round]) -> None:
    found = look()
    assert troubles(found) == {(Service.DIRECTORY, Trouble.UNREACHABLE)}
    assert found.tallies[Service.DIRECTORY].is_down


def test_a_directory_that_is_down_or_behind_is_found(
    liar: Liar, slapd: Slapd, look: Callable[[], Round]
) -> None:
    fill(liar, slapd)
    revoked = {**liar.full.revoked, liar.other.serial_number: liar.now - timedelta(hours=1)}
    liar.full.revoked = liar.ocsp.revoked = revoked
    liar.full.number = liar.delta.number = 11
    found = look()
    assert troubles(found) == {(Service.DIRECTORY, Trouble.DISAGREEMENT)}
    assert "number 10 instead of 11" in found.findings[0].detail
    slapd.stop()
    assert troubles(look()) == {(Service.DIRECTORY, Trouble.UNREACHABLE)}


def put(slapd: Slapd, name: str, attribute: str, value: bytes) -> None:
    with Connection(
        Server(slapd.url), USER, PASSWORD, raise_exceptions=True, check_names=False
    ) as connection:
        connection.modify(name, {attribute: [(MODIFY_REPLACE, [value])]})


def test_a_list_that_cannot_be_read_lends_its_place_to_no_delta(
    liar: Liar, slapd: Slapd, look: Callable[[], Round]
) -> None:
    """The delta lacks what the full list tells, and rightly."""
    fill(liar, slapd)
    full, _delta = liar.lists()
    spoilt = full[:-1] + bytes([full[-1] ^ 1])
    put(slapd, LDAP_NAME, "certificateRevocationList;binary", spoilt)
    found = look()
    assert [(each.service, each.trouble) for each in found.findings] == [(Service.DIRECTORY, Trouble.INVALID)]
    assert "certificateRevocationList" in found.findings[0].subject


def test_a_root_that_lags_for_those_who_look_for_authorities_is_found(
    liar: Liar, slapd: Slapd, look: Callable[[], Round]
) -> None:
    fill(liar, slapd)
    liar.root_list.next_update = liar.now - timedelta(hours=1)
    put(slapd, LDAP_ROOT, "authorityRevocationList;binary", liar.root_crl())
    liar.root_list.next_update = liar.now + timedelta(days=1)
    found = look()
    assert troubles(found) == {(Service.DIRECTORY, Trouble.STALE)}
    assert found.findings[0].subject.endswith("(authorityRevocationList)")


def test_a_stale_list_in_the_directory_is_found(liar: Liar, slapd: Slapd, look: Callable[[], Round]) -> None:
    liar.delta.next_update = liar.now - timedelta(hours=1)
    fill(liar, slapd)
    liar.delta.next_update = liar.now + timedelta(days=1)
    assert troubles(look()) == {(Service.DIRECTORY, Trouble.STALE)}
