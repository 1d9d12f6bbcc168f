# SPDX-License-Identifier: EUPL-1.2
"""A publisher that has stopped: told by the office's front page, the responder and the observer's metrics
while everything still holds, though the worker that would note it is the one that is dead."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from tests.integration.observation.test_own_service import Look, look, troubles
from tests.integration.web_office.conftest import signed_in
from tests.support.service import Service

from varmentaja.apps.observation.models import Outage
from varmentaja.apps.observation.queries import overview
from varmentaja.domain.availability import Service as Asked
from varmentaja.domain.availability import Trouble
from varmentaja.domain.availability_record import read_report
from varmentaja.observer.record import Record
from varmentaja.pki.publication import PublicationReader
from varmentaja.responder.health import health
from varmentaja.responder.watch import Watch

__all__ = ["look"]
pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
WEEK = 7 * 24


@pytest.fixture
def front(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The office's front page at a moment, its spaces folded."""
    office = signed_in(service, "officer", "officer")

    def read(moment: datetime) -> str:
        monkeypatch.setattr("varmentaja.web.office.views.overview", lambda *, now: overview(now=moment))
        return " ".join(office.get("/en/office/").content.decode().split())

    yield read


def test_it_is_told_long_before_anything_is_out_of_date(
    service: Service, look: Look, front: Any, tmp_path: Path
) -> None:
    record = Record(tmp_path / "observer", service.now)
    told = {}
    for hours in (1, 35, 37, 49, WEEK):
        for minutes in (0, 1):  # one round may be wrong, two are believed
            now = service.now + hours * HOUR + minutes * timedelta(minutes=1)
            record.add(look(now))
            record.publish()
        told[hours] = front(now), _health(service, now)
        assert not Outage.objects.exists(), "no worker has noted anything"
    for hours in (1, 35):
        page, state = told[hours]
        assert "renewed" not in page and "Everything that they say holds until" in page
        assert state == ("200 OK", "ok")
    page, state = told[37]
    assert "Revocation lists: Has not been renewed in time" in page
    assert "Status of one certificate (OCSP): Has not been renewed in time" in page
    assert "What is published is not being renewed. The first of it goes out of date at" in page
    assert state == ("200 OK", "ageing")
    for hours in (49, WEEK):
        page, state = told[hours]
        assert "Gives an answer that is out of date" in page
        assert state == ("503 Service Unavailable", "expired")
    assert troubles(look(now)) == {Trouble.STALE}
    report = read_report(json.loads((tmp_path / "observer" / "report.json").read_bytes()))
    assert report.holds_until == service.now.replace(microsecond=0) + 48 * HOUR
    assert Record(tmp_path / "observer", now).report == report
    stale = {each.service: each for each in report.open if each.trouble is Trouble.STALE}
    assert stale.keys() == {Asked.OCSP, Asked.CRL}
    assert all(each.begun_at == service.now + 49 * HOUR for each in stale.values())
    assert stale[Asked.OCSP].is_serious, "nobody has got a status that can be used since"


def test_nobody_looks_and_nobody_has_looked(
    service: Service, front: Any, settings: Any, tmp_path: Path
) -> None:
    settings.OBSERVER = tmp_path
    assert "The observer has not reported anything yet." in front(timezone.now())
    (tmp_path / "report.json").write_text(
        json.dumps({"at": service.now.isoformat(), "services": {}, "days": {}, "open": [], "over": []})
    )
    assert "Nobody has looked" not in front(service.now + timedelta(minutes=2))
    assert "Nobody has looked at the status services since" in front(service.now + timedelta(minutes=4))


def _health(service: Service, now: datetime) -> tuple[str, str]:
    """Of a responder over the same publication."""
    assert service.outside.custody is not None
    watch = Watch(PublicationReader(service.folder / "publication", service.outside.custody.verify_seal))
    watch.look()
    watch.measure()
    status, body = health(watch, now.timestamp())
    return status, json.loads(body)["state"]
