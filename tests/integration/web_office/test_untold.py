# SPDX-License-Identifier: EUPL-1.2
"""Revocations that nobody tells relying parties of: the office and the log know within minutes."""

from __future__ import annotations

from datetime import timedelta

import pytest
import structlog
from django.db import transaction
from django.test import Client
from django.utils import timezone
from tests.support.rows import issued_rows
from tests.support.service import Service

from varmentaja.apps.certificates.actions.revoke_certificates import revoke_rows
from varmentaja.apps.status.actions.publish_status import publish_status
from varmentaja.apps.status.tasks import watch_revocations
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.revocation import RevocationReason

pytestmark = pytest.mark.django_db


def _tile(office: Client) -> str:
    """What the front page says of them."""
    front = " ".join(office.get("/en/office/").text.split())
    return front.partition("/en/office/untold/")[2].partition("</li>")[0]


def _logged() -> list[tuple[str, int]]:
    with structlog.testing.capture_logs() as logged:
        watch_revocations(0)
    return [(each["event"], each["count"]) for each in logged]


def test_what_waits_for_longer_than_a_minute_is_counted_named_and_logged(
    service: Service, office: Client
) -> None:
    now = timezone.now()
    forgotten, just_now, _good = issued_rows(3, now=now - timedelta(hours=1), authority="professionals-rsa")
    for row, seconds in ((forgotten, 61), (just_now, 5)):
        with transaction.atomic():
            revoke_rows(SYSTEM, [row], RevocationReason.SUPERSEDED, now=now - timedelta(seconds=seconds))
    assert 'class="status attention">1<' in _tile(office)
    page = office.get("/en/office/untold/").text
    assert forgotten.serial in page and just_now.serial not in page
    assert _logged() == [("revocations_untold", 1)]
    assert publish_status(now=now) is not None
    assert 'class="status neutral">0<' in _tile(office)
    assert "Every revocation has been told." in office.get("/en/office/untold/").text
    assert _logged() == []
