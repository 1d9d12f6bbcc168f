# SPDX-License-Identifier: EUPL-1.2
"""What an officer decides meets what has happened at the desk meanwhile."""

from __future__ import annotations

import pytest
from tests.support.service import Service

from varmentaja.apps.applications.actions.review_application import return_to_registrar
from varmentaja.apps.applications.models import Application
from varmentaja.domain.errors import DomainError, Kind

pytestmark = pytest.mark.django_db


def test_an_application_does_not_come_back_beside_a_newer_draft(service: Service) -> None:
    waiting = service.application()
    Application.objects.filter(pk=waiting.pk).update(state="with_officer")
    newer = service.application()
    assert newer.pk != waiting.pk
    officer = service.officer()
    with pytest.raises(DomainError) as refusal:
        return_to_registrar(officer, waiting.pk, waiting.version, "The number is wrong.", today=service.today)
    assert refusal.value.kind is Kind.CONFLICT
    waiting.refresh_from_db()
    assert waiting.state == "with_officer"
