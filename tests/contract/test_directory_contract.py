# SPDX-License-Identifier: EUPL-1.2
"""What every directory must do, simulated and as a real OpenLDAP server."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.liar import ISSUING, Liar
from tests.support.pki import Demo
from tests.support.responder import free_port
from tests.support.slapd import BASE, PASSWORD, USER, Slapd

from varmentaja.adapters.directory.ldap import LdapAccess, LdapDirectory
from varmentaja.adapters.directory.simulator import SYSTEM, SimulatedDirectory
from varmentaja.adapters.sandbox.faults import Faults
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.pki.directory import FULL_LIST, Entry, ShardLists, authority_entries, person_entry
from varmentaja.ports.directory import Directory


@pytest.fixture(params=["simulator", "ldap"])
def directory(request: pytest.FixtureRequest) -> Directory:
    if request.param == "simulator":
        return SimulatedDirectory(BASE)
    slapd: Slapd = request.getfixturevalue("slapd")
    return LdapDirectory(LdapAccess(slapd.url, BASE, USER, PASSWORD))


@pytest.fixture(params=["simulator", "ldap", "ldap with a wrong password"])
def dead(request: pytest.FixtureRequest, tmp_path: Path) -> Directory:
    if request.param == "simulator":
        (tmp_path / "faults.json").write_text('{"' + SYSTEM + '": {"mode": "down"}}')
        return SimulatedDirectory(BASE, Faults(tmp_path / "faults.json"))
    if request.param == "ldap":
        return LdapDirectory(LdapAccess(f"ldap://127.0.0.1:{free_port()}", BASE, USER, PASSWORD))
    slapd: Slapd = request.getfixturevalue("slapd")
    return LdapDirectory(LdapAccess(slapd.url, BASE, USER, "wrong"))


def authority(demo: Demo, shards: int = 1) -> list[Entry]:
    """Each time with lists of other certificates."""
    certificate = demo.hierarchy.authority(ISSUING).certificate_der
    liar = Liar(demo, demo.now)
    return list(authority_entries(certificate, [ShardLists(*liar.lists(each)) for each in range(shards)]))


def person(demo: Demo) -> Entry:
    certificate = demo.issue("professional-auth", "ecc", ec.generate_private_key(ec.SECP384R1()))
    return person_entry([certificate.public_bytes(Encoding.DER)])


@pytest.mark.parametrize("shards", [1, 2])
def test_what_is_put_twice_changes_once(directory: Directory, demo: Demo, shards: int) -> None:
    entries = authority(demo, shards)
    assert [directory.put(entry) for entry in entries] == [True] * len(entries)
    assert [directory.put(entry) for entry in entries] == [False] * len(entries)


def test_a_new_list_replaces_the_old_one(directory: Directory, demo: Demo) -> None:
    for entry in authority(demo):
        directory.put(entry)
    *above, fresh = authority(demo)
    assert fresh.attributes[FULL_LIST]
    assert directory.put(fresh)
    assert not directory.put(fresh)
    assert [directory.put(entry) for entry in above] == [False] * len(above)


def test_a_new_list_of_a_shard_changes_that_shard_alone(directory: Directory, demo: Demo) -> None:
    before = authority(demo, 2)
    for entry in before:
        directory.put(entry)
    *_, fresh = authority(demo, 2)
    assert [directory.put(entry) for entry in (*before[:-1], fresh)] == [False] * (len(before) - 1) + [True]
    assert not directory.put(fresh)


def test_one_list_becomes_two(directory: Directory, demo: Demo) -> None:
    for entry in authority(demo):
        directory.put(entry)
    *above, itself, first, second = authority(demo, 2)
    assert [directory.put(entry) for entry in above] == [False] * len(above)
    assert [directory.put(entry) for entry in (itself, first, second)] == [True] * 3
    assert [directory.put(entry) for entry in (itself, first, second)] == [False] * 3


def test_an_entry_needs_those_above_it(directory: Directory, demo: Demo) -> None:
    with pytest.raises(DomainError) as raised:
        directory.put(authority(demo)[-1])
    assert raised.value.kind is Kind.UNAVAILABLE


def test_persons_come_are_counted_and_go(directory: Directory, demo: Demo) -> None:
    assert directory.persons() == set()
    for entry in authority(demo):
        directory.put(entry)
    assert directory.put(person(demo))
    assert directory.persons() == {"00198705840"}
    directory.remove_person("00198705840")
    directory.remove_person("00198705840")
    assert directory.persons() == set()


def test_no_answer_is_said_as_such(dead: Directory, demo: Demo) -> None:
    for attempt in (
        lambda: dead.put(person(demo)),
        lambda: dead.persons(),
        lambda: dead.remove_person("00198705840"),
    ):
        with pytest.raises(DomainError) as raised:
            attempt()
        assert raised.value.kind is Kind.UNAVAILABLE
