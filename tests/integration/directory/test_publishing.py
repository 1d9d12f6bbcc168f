# SPDX-License-Identifier: EUPL-1.2
"""What is published reaches a real OpenLDAP server, and what a stranger reads there openssl verifies."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from tests.support.service import Service
from tests.support.slapd import BASE, PASSWORD, USER, Slapd

from varmentaja.adapters.directory.ldap import LdapAccess, LdapDirectory
from varmentaja.apps.audit.models import Entry
from varmentaja.apps.cards.actions.end_card import end_card
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.directory.actions.consent import give_consent, withdraw_consent
from varmentaja.apps.directory.actions.publish_directory import publish
from varmentaja.apps.directory.models import Consent
from varmentaja.apps.directory.tasks import publish_directory
from varmentaja.apps.status.actions.publish_status import publish_status
from varmentaja.domain.actors import Actor, Authentication, Role
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.domain.revocation import Ground
from varmentaja.pki.publication import reader
from varmentaja.ports.connected import connect

pytestmark = pytest.mark.django_db

CA = "cn=Varmentaja TEST CA for Care Professionals ECC"


@pytest.fixture
def connected(service: Service, slapd: Slapd) -> Service:
    directory = LdapDirectory(LdapAccess(slapd.url, BASE, USER, PASSWORD))
    outside = replace(service.outside, directory=directory)
    connect(outside)
    return replace(service, outside=outside)


def publish_all(service: Service, **later: int) -> int:
    now = service.now + timedelta(**later)
    publish_status(now=now)
    return publish(now=now)


def authorities(slapd: Slapd) -> dict[str, dict[str, list[bytes]]]:
    return slapd.search(BASE, "sub", "(objectClass=pkiCA)")


def holder(card: Any) -> Actor:
    return Actor(card.person_id, frozenset({Role.HOLDER}), Authentication.SCS)


def numbers(slapd: Slapd) -> set[str]:
    found = slapd.search(BASE, "sub", "(serialNumber=*)", "serialNumber")
    return {each["serialNumber"][0].decode() for each in found.values()}


def openssl(folder: Path, *words: str) -> str:
    done = subprocess.run(["openssl", *words], cwd=folder, capture_output=True, text=True, timeout=30)
    return done.stdout + done.stderr


def test_what_is_published_is_not_verified_again_for_the_directory(
    connected: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = connected.made_card()
    publish_all(connected)
    end_card(holder(card), card.pk, Ground.LOST, now=connected.now, today=connected.today)
    publish_status(now=connected.now + timedelta(seconds=5))
    monkeypatch.setattr(reader, "_matches", lambda path, ref: pytest.fail(f"{path} is read again"))
    assert publish(now=connected.now) == 1, "the list and its delta, in one entry"


def test_a_stranger_finds_every_authority_and_verifies_by_it(
    connected: Service, slapd: Slapd, tmp_path: Path
) -> None:
    card = connected.made_card()
    publish_all(connected)
    end_card(holder(card), card.pk, Ground.LOST, now=connected.now, today=connected.today)
    publish_all(connected, seconds=5)
    found = authorities(slapd)
    assert len(found) == len(connected.demo.hierarchy.authorities)
    name, entry = next((name, each) for name, each in found.items() if name.startswith(CA))
    assert name == f"{CA},o=Varmentaja TEST,{BASE}"
    (tmp_path / "ca.der").write_bytes(entry["cACertificate;binary"][0])
    root = next(each for name, each in found.items() if name.startswith("cn=Varmentaja TEST Root CA ECC"))
    assert root["authorityRevocationList;binary"] == root["certificateRevocationList;binary"]
    assert "deltaRevocationList;binary" not in root
    (tmp_path / "root.der").write_bytes(root["cACertificate;binary"][0])
    for part in ("ca", "root"):
        openssl(tmp_path, "x509", "-inform", "DER", "-in", f"{part}.der", "-out", f"{part}.pem")
    assert "ca.pem: OK" in openssl(tmp_path, "verify", "-CAfile", "root.pem", "ca.pem")
    for attribute in ("certificateRevocationList;binary", "deltaRevocationList;binary"):
        (tmp_path / "list").write_bytes(entry[attribute][0])
        asked = ["crl", "-inform", "DER", "-in", "list", "-noout", "-text", "-CAfile", "ca.pem"]
        said = openssl(tmp_path, *asked)
        assert "verify OK" in said
        for row in Certificate.objects.filter(card=card):
            assert f"Serial Number: {row.serial.upper()}" in said


def test_what_has_not_changed_is_not_written(connected: Service) -> None:
    assert publish_all(connected) > 0
    assert publish(now=connected.now) == 0


def test_a_directory_that_was_down_is_caught_up_with(connected: Service, slapd: Slapd) -> None:
    publish_all(connected)
    slapd.stop()
    card = connected.made_card()
    publish_status(now=connected.now + timedelta(seconds=3))
    end_card(holder(card), card.pk, Ground.LOST, now=connected.now, today=connected.today)
    publish_status(now=connected.now + timedelta(seconds=5))
    with pytest.raises(DomainError) as raised:
        publish(now=connected.now)
    assert raised.value.kind is Kind.UNAVAILABLE
    publish_directory()  # the job itself only says so
    slapd.start()
    publish_directory()
    entry = next(each for name, each in authorities(slapd).items() if name.startswith(CA))
    listed = x509.load_der_x509_crl(entry["certificateRevocationList;binary"][0])
    row = Certificate.objects.filter(card=card)[0]
    assert listed.get_revoked_certificate_by_serial_number(int(row.serial, 16)) is not None


def test_a_directory_that_lost_everything_heals(connected: Service, slapd: Slapd) -> None:
    publish_all(connected)
    before = authorities(slapd)
    slapd.empty()
    assert authorities(slapd) == {}
    publish(now=connected.now)
    assert authorities(slapd) == before


def test_a_run_that_was_cut_off_goes_on(
    connected: Service, slapd: Slapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_status(now=connected.now)
    whole = LdapDirectory.put
    puts: list[object] = []

    def cut_off(self: LdapDirectory, entry: Any) -> bool:
        if len(puts) == 4:
            raise KeyboardInterrupt
        puts.append(entry)
        return whole(self, entry)

    monkeypatch.setattr(LdapDirectory, "put", cut_off)
    with pytest.raises(KeyboardInterrupt):
        publish(now=connected.now)
    monkeypatch.setattr(LdapDirectory, "put", whole)
    publish(now=connected.now)
    assert len(authorities(slapd)) == len(connected.demo.hierarchy.authorities)


def test_nobody_is_found_without_consent(connected: Service, slapd: Slapd, settings: Any) -> None:
    settings.DIRECTORY_PERSONS = True
    card = connected.made_card()
    publish_all(connected)
    assert numbers(slapd) == set()
    row = Certificate.objects.filter(card=card)[0]
    assert slapd.search("c=FI", "sub", f"(cn=*{row.subject.split('CN=')[1][:8]}*)") == {}
    assert slapd.search("c=FI", "sub", "(userCertificate;binary=*)") == {}


def test_a_person_is_found_by_consent_and_gone_when_it_is_withdrawn(
    connected: Service, slapd: Slapd, settings: Any
) -> None:
    settings.DIRECTORY_PERSONS = True
    card, other = connected.made_card(), connected.made_card("prescribing_nurse")
    give_consent(holder(card), now=connected.now)
    publish_all(connected)
    ((name, entry),) = slapd.search("c=FI", "sub", "(objectClass=pkiUser)").items()
    rows = {bytes(row.der) for row in Certificate.objects.filter(card=card) if row.der}
    assert set(entry["userCertificate;binary"]) == rows and len(rows) == 2
    assert name == f"serialNumber={entry['serialNumber'][0].decode()},{BASE}"
    assert entry["sn"] == [b"M\xc3\xa4ntykangas"]
    assert other.person_id != card.person_id
    withdraw_consent(holder(card), now=connected.now + timedelta(minutes=1))
    publish(now=connected.now + timedelta(minutes=1))
    assert numbers(slapd) == set()
    told = [each.content for each in Entry.objects.order_by("id") if '"directory.' in each.content]
    assert [text.split('"directory.')[1].split('"')[0] for text in told] == [
        "consented",
        "person_published",
        "withdrawn",
        "person_removed",
    ]
    assert "ntykangas" not in "".join(told) and "00198705840" not in "".join(told)


def test_revoked_certificates_leave_the_directory(connected: Service, slapd: Slapd, settings: Any) -> None:
    settings.DIRECTORY_PERSONS = True
    card = connected.made_card()
    give_consent(holder(card), now=connected.now)
    publish_all(connected)
    end_card(holder(card), card.pk, Ground.LOST, now=connected.now, today=connected.today)
    publish_all(connected, seconds=5)
    assert numbers(slapd) == set()


def test_the_switch_is_off_by_default_and_empties_the_directory(
    connected: Service, slapd: Slapd, settings: Any
) -> None:
    card = connected.made_card()
    with pytest.raises(DomainError) as raised:
        give_consent(holder(card), now=connected.now)
    assert raised.value.kind is Kind.CONFLICT
    settings.DIRECTORY_PERSONS = True
    give_consent(holder(card), now=connected.now)
    publish_all(connected)
    assert len(numbers(slapd)) == 1
    settings.DIRECTORY_PERSONS = False
    publish(now=connected.now)
    assert numbers(slapd) == set()
    withdraw_consent(holder(card), now=connected.now)


def test_consent_is_given_once_and_is_one_s_own(connected: Service, settings: Any) -> None:
    settings.DIRECTORY_PERSONS = True
    card = connected.made_card()
    give_consent(holder(card), now=connected.now)
    with pytest.raises(DomainError):
        give_consent(holder(card), now=connected.now)
    withdraw_consent(holder(card), now=connected.now)
    with pytest.raises(DomainError):
        withdraw_consent(holder(card), now=connected.now)
    give_consent(holder(card), now=connected.now + timedelta(days=1))
    given = Consent.objects.order_by("id").values_list("given_at", "withdrawn_at")
    assert [(bool(since), bool(until)) for since, until in given] == [(True, True), (True, False)]
    officer = Actor(card.person_id, frozenset({Role.OFFICER}), Authentication.SCS)
    with pytest.raises(DomainError) as raised:
        give_consent(officer, now=connected.now)
    assert raised.value.kind is Kind.NOT_ALLOWED
