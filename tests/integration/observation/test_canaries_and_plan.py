# SPDX-License-Identifier: EUPL-1.2
"""The observer is told what to ask: addresses, canaries whose status is known, a sample without names."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from tests.support.service import Service

from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.observation.actions.keep_canaries import LIFE, RENEWED, keep_canaries
from varmentaja.apps.observation.actions.write_plan import WRITTEN_EVERY, write_plan
from varmentaja.apps.status.actions.publish_status import publish_status
from varmentaja.apps.status.models import Canary, Hold
from varmentaja.domain.certificates import CertificateState
from varmentaja.observer.plan import read_plan

pytestmark = pytest.mark.django_db

LINES = ("professionals-ecc", "professionals-rsa")


@pytest.fixture(autouse=True)
def folders(service: Service, settings: Any) -> Path:
    settings.OBSERVER = service.folder / "observer"
    settings.HIERARCHY = service.demo.folder
    return service.folder / "observer" / "plan.json"


def plan(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def watched(path: Path) -> list[dict[str, Any]]:
    found = next(each for each in plan(path)["authorities"] if each["name"] == "professionals-ecc")
    certificates: list[dict[str, Any]] = found["watched"]
    return certificates


def test_each_authority_for_people_gets_its_two_canaries_once(service: Service) -> None:
    assert keep_canaries(now=service.now) == 4
    found = {(each.authority, each.revoked) for each in Canary.objects.all()}
    assert found == {(name, revoked) for name in LINES for revoked in (False, True)}
    for canary in Canary.objects.all():
        row = Certificate.objects.get(authority=canary.authority, serial=canary.serial)
        assert (row.card, row.person) == (None, None)
        assert row.state == (CertificateState.REVOKED if canary.revoked else CertificateState.ISSUED)
    assert keep_canaries(now=service.now) == 0
    publish_status(now=service.now)
    assert not Hold.objects.exists()  # the gate knows them as they are


def test_a_persons_certificate_does_not_stand_in_for_a_canary(service: Service) -> None:
    row = Certificate.objects.filter(card=service.made_card())[0]
    Canary.objects.create(authority=row.authority, serial=row.serial, revoked=False)
    assert keep_canaries(now=service.now) == 4


def test_a_canary_is_replaced_before_it_expires(service: Service) -> None:
    keep_canaries(now=service.now)
    before = set(Canary.objects.values_list("serial", flat=True))
    assert keep_canaries(now=service.now + LIFE - RENEWED + timedelta(hours=1)) == 4
    after = set(Canary.objects.values_list("serial", flat=True))
    assert len(after) == 4 and not before & after


def test_the_plan_names_every_address_and_no_person(service: Service, folders: Path) -> None:
    card = service.made_card()
    rows = Certificate.objects.filter(card=card)
    rows.update(issued_at=service.now - timedelta(hours=1), answer_due_at=service.now + timedelta(hours=1))
    keep_canaries(now=service.now)
    assert write_plan(now=service.now + timedelta(minutes=2))
    read = read_plan(folders, Path(str(service.demo.folder)))
    assert len(read.roots) == 2
    authorities = {each.name: each for each in read.authorities}
    assert set(authorities) == set(service.demo.hierarchy.authorities)
    assert authorities["root-ecc"].ocsp_url is None and authorities["root-ecc"].lists[0].delta is None
    professionals = authorities["professionals-ecc"]
    base = service.demo.hierarchy.base_url
    assert professionals.ocsp_url == f"{base}/ocsp/professionals-ecc"
    assert professionals.lists[0].delta == f"{base}/crl/professionals-ecc/0-delta.crl"
    certificate = x509.load_der_x509_certificate(professionals.certificate)
    assert certificate == service.demo.hierarchy.authority("professionals-ecc").certificate
    canaries = [each for each in professionals.watched if each.revoked is not None]
    assert {each.revoked for each in canaries} == {False, True} and all(each.certificate for each in canaries)
    assert not any(each.certificate for each in professionals.watched if each not in canaries)
    sample = {each.serial for each in professionals.watched if each.revoked is None}
    assert sample and sample <= {int(row.serial, 16) for row in rows}
    told = json.dumps(plan(folders), ensure_ascii=False)
    for row in rows:
        assert row.der is not None
        assert base64.b64encode(bytes(row.der)).decode() not in told
    assert service.person("physician").family_name not in told


def test_the_plan_names_single_responders_and_the_one_that_signs_on_the_spot(
    service: Service, folders: Path, settings: Any
) -> None:
    settings.ONLINE_URL, settings.RESPONDERS = None, ()
    assert write_plan(now=service.now)
    read = read_plan(folders, Path(str(service.demo.folder)))
    assert all(each.online_url is None and each.copies == () for each in read.authorities)
    settings.ONLINE_URL, settings.RESPONDERS = (
        "https://online.example",
        ("http://a.example", "http://b.example"),
    )
    assert write_plan(now=service.now + timedelta(seconds=1)), "addresses have changed"
    authorities = {each.name: each for each in read_plan(folders, Path(str(service.demo.folder))).authorities}
    assert authorities["professionals-ecc"].online_url == "https://online.example/ocsp/professionals-ecc"
    first, second = authorities["professionals-ecc"].copies
    assert first.ocsp_url == "http://a.example/ocsp/professionals-ecc"
    assert second.lists[0].delta == "http://b.example/crl/professionals-ecc/0-delta.crl"
    root = authorities["root-ecc"]
    assert root.online_url is None and root.copies[0].ocsp_url is None
    assert root.copies[0].lists[0].full == "http://a.example/crl/root-ecc/0.crl"
    assert root.copies[0].lists[0].delta is None


def test_a_fresh_plan_stays_until_something_changes_or_time_goes(
    service: Service, folders: Path, settings: Any
) -> None:
    assert write_plan(now=service.now)
    assert not write_plan(now=service.now + timedelta(seconds=30))
    keep_canaries(now=service.now)
    assert not write_plan(now=service.now + timedelta(seconds=59))  # not published everywhere yet
    assert write_plan(now=service.now + timedelta(seconds=61))
    assert not write_plan(now=service.now + timedelta(seconds=90))
    assert write_plan(now=service.now + timedelta(seconds=61) + WRITTEN_EVERY)
    settings.DIRECTORY = "ldap://directory.example"
    assert write_plan(now=service.now + timedelta(seconds=61) + WRITTEN_EVERY)
    folders.write_text("{")
    assert write_plan(now=service.now + timedelta(seconds=61) + WRITTEN_EVERY)


def test_what_a_killed_run_reserved_is_burned(service: Service) -> None:
    keep_canaries(now=service.now)
    row = Certificate.objects.filter(card=None, authority="professionals-ecc").first()
    assert row is not None
    row.pk, row.serial, row.state, row.answer_due_at = None, "51" + "00" * 15, "reserved", None
    row.save()
    Canary.objects.all().delete()
    keep_canaries(now=service.now)
    row.refresh_from_db()
    assert row.state == CertificateState.BURNED


def test_what_was_revoked_last_is_known_to_be_so(service: Service, folders: Path) -> None:
    card = service.made_card()
    rows = Certificate.objects.filter(card=card)
    an_hour_ago = service.now - timedelta(hours=1)
    rows.update(state="revoked", revoked_at=an_hour_ago, revocation_reason="superseded", crl_entry=b"")
    write_plan(now=service.now)
    told = watched(folders)
    assert {each["serial"] for each in told} == {row.serial for row in rows}
    assert all(each["revoked"] is True and each["certificate"] is None for each in told)
    rows.update(revoked_at=service.now - timedelta(seconds=30))
    folders.unlink()
    write_plan(now=service.now)
    told = watched(folders)
    assert not [each for each in told if each["revoked"]]
