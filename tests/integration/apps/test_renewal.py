# SPDX-License-Identifier: EUPL-1.2
"""The worker renews responders in time, and what it publishes from then on is signed by the new ones."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509 import ocsp
from tests.support.pki import BASE_URL, Demo
from tests.support.service import Service

from varmentaja.apps.audit.models import Entry
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status.actions.publish_status import publish_status
from varmentaja.config import settings as current_settings
from varmentaja.ground import reader_versions, renewal
from varmentaja.pki.ceremony import demo_plan, perform_ceremony
from varmentaja.pki.hierarchy import load_hierarchy
from varmentaja.pki.keystore import open_software_store
from varmentaja.pki.publication import PublicationReader, verifier
from varmentaja.pki.serials import serial_text
from varmentaja.ports.connected import connect
from varmentaja.signer.in_process import InProcessCustody
from varmentaja.signer.keys import PUBLICATION_KEY

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("old-pki")


@pytest.fixture(scope="module")
def demo(folder: Path) -> Demo:
    """A hierarchy made eleven months ago: its responders' certificates are about to end."""
    store = open_software_store(folder / "keys", b"passphrase", random=os.urandom)
    made = datetime.now(UTC).replace(microsecond=0) - timedelta(days=330)
    plan = demo_plan(BASE_URL)
    return Demo(perform_ceremony(plan, store, folder / "hierarchy", now=made, random=os.urandom), store, made)


@dataclass(frozen=True)
class Settings:
    """The part of the settings that the renewal asks for."""

    hierarchy_folder: Path
    test_service: bool = True


def answer_about(row: Certificate, service: Service, published: Path) -> ocsp.OCSPResponse:
    reader = PublicationReader(published, verifier(service.demo.store.public_key(PUBLICATION_KEY)))
    reader.poll()
    found = reader.current.find(row.authority, int(row.serial, 16)) if reader.current else None
    assert found is not None, reader.problem
    segment, entry = found
    return ocsp.load_der_ocsp_response(segment.sha256(entry))


def test_new_answers_are_signed_by_the_renewed_responder(
    service: Service, folder: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reconnect() -> None:
        hierarchy = load_hierarchy(folder / "hierarchy", production=False)
        custody = InProcessCustody(hierarchy, service.demo.store, os.urandom)
        connect(replace(service.outside, custody=custody))

    monkeypatch.setattr(renewal, "settings", lambda: Settings(folder / "hierarchy"))
    monkeypatch.setattr(renewal, "authority_store", lambda: service.demo.store)
    monkeypatch.setattr(renewal, "connect_worker", reconnect)
    old = service.demo.hierarchy.authority("professionals-ecc").responder
    assert old is not None
    row = service.made_card().certificates.get(purpose="authentication")
    publish_status(now=datetime.now(UTC))
    published = Path(settings.PUBLICATION)
    assert answer_about(row, service, published).certificates == [old.certificate]
    renewal.renew_due_responders()
    renewed = load_hierarchy(folder / "hierarchy", production=False).authority("professionals-ecc").responder
    assert renewed is not None and renewed.id != old.id
    entries = Entry.objects.filter(action="hierarchy.responder_renewed")
    assert len(entries) == 6
    facts = [entry.document["facts"] for entry in entries]
    assert {each["profile"]["id"] for each in facts} == {"ocsp-responder"}
    assert serial_text(renewed.certificate.serial_number) in [each["serial"] for each in facts]
    Certificate.objects.filter(pk=row.pk).update(answer_due_at=row.issued_at, revision=1)
    publish_status(now=datetime.now(UTC))
    assert answer_about(row, service, published).certificates == [renewed.certificate]
    renewal.renew_due_responders()
    assert len(entries.all()) == 6


class Killed(BaseException):
    """Stands for kill -9."""


def test_certificates_that_are_in_force_are_in_the_evidence_although_the_worker_was_killed(
    service: Service, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Renewed, delegated and certified first, then entered: whatever is missing is entered later, once."""
    shutil.copytree(folder / "hierarchy", tmp_path / "hierarchy")
    chosen = current_settings().model_copy(update={"state": tmp_path})
    monkeypatch.setattr(renewal, "settings", lambda: chosen)
    monkeypatch.setattr(renewal, "authority_store", lambda: service.demo.store)
    monkeypatch.setattr(renewal, "connect_worker", lambda: None)
    monkeypatch.setattr(reader_versions, "settings", lambda: chosen)
    monkeypatch.setattr(reader_versions, "authority_store", lambda: service.demo.store)
    works = {
        renewal.renew_due_responders: ("hierarchy.responder_renewed", 6),
        renewal.renew_delegation: ("hierarchy.responder_delegated", 6),
        reader_versions.publish_versions: ("hierarchy.service_certified", 1),
    }

    def killed(*args: object) -> None:
        raise Killed

    for work, (action, count) in works.items():
        with monkeypatch.context() as patch:
            patch.setattr(renewal, "record_certified", killed)
            patch.setattr(reader_versions, "record_certified", killed)
            with pytest.raises(Killed):
                work()
        for _ in range(2):
            work()
        facts = [entry.document["facts"] for entry in Entry.objects.filter(action=action)]
        assert len(facts) == len({each["serial"] for each in facts}) == count
        assert all(len(each["profile"]["content_hash"]) == 64 for each in facts)
