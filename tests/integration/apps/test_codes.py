# SPDX-License-Identifier: EUPL-1.2
"""The code set of rights is imported, kept while the server is down, and names rights given by code alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from tests.support.service import Service

from varmentaja import wiring
from varmentaja.adapters.code_server.client import HttpCodeServer
from varmentaja.adapters.code_server.simulator import SimulatedCodeServer, serve
from varmentaja.apps.codes.actions.import_code_set import import_code_set
from varmentaja.apps.codes.models import Code
from varmentaja.apps.codes.queries import title, titles_of
from varmentaja.config import Settings
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.domain.people import Language
from varmentaja.domain.rights import Register, Right, RightKind
from varmentaja.ports.code_server import RIGHTS_TO_PRACTISE
from varmentaja.ports.connected import connect, outside

pytestmark = pytest.mark.django_db

PHYSICIAN = Right(Register.TERHIKKI, "001", "", "", RightKind.LEGITIMISED, date(2014, 6, 2))


def test_the_set_is_imported_over_http_and_a_second_time_changes_no_code(service: Service) -> None:
    with serve(service.outside.code_server) as address:
        connect(replace(service.outside, code_server=HttpCodeServer(address)))
        first = import_code_set(RIGHTS_TO_PRACTISE, now=service.now)
        second = import_code_set(RIGHTS_TO_PRACTISE, now=service.now)
    assert first == second == Code.objects.count() > 10
    assert title(RIGHTS_TO_PRACTISE, "001", "sv") == "Legitimerad läkare"
    assert title(RIGHTS_TO_PRACTISE, "nonsense", "sv") is None


def test_the_server_that_is_set_is_the_one_that_is_asked(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(service.outside.code_server) as address:
        monkeypatch.setenv("VARMENTAJA_CODE_SERVER", address)
        monkeypatch.setattr(wiring, "settings", Settings)
        wiring.connect_portal()
        assert isinstance(outside().code_server, HttpCodeServer)
        assert import_code_set(RIGHTS_TO_PRACTISE, now=service.now) == Code.objects.count() > 10
    with pytest.raises(DomainError):
        import_code_set(RIGHTS_TO_PRACTISE, now=service.now)
    monkeypatch.delenv("VARMENTAJA_CODE_SERVER")
    wiring.connect_portal()
    assert isinstance(outside().code_server, SimulatedCodeServer)


def test_a_server_that_is_down_leaves_what_was_imported(service: Service) -> None:
    import_code_set(RIGHTS_TO_PRACTISE, now=service.now)
    service.faults.write_text(json.dumps({"code_server": {"mode": "down"}}))
    with pytest.raises(DomainError) as failure:
        import_code_set(RIGHTS_TO_PRACTISE, now=service.now)
    assert failure.value.kind is Kind.UNAVAILABLE
    assert title(RIGHTS_TO_PRACTISE, "001", "fi") == "Laillistettu lääkäri"


def test_a_right_given_by_code_alone_takes_its_title_from_the_code_set(service: Service) -> None:
    assert titles_of(PHYSICIAN)[Language.FINNISH] == "001"
    import_code_set(RIGHTS_TO_PRACTISE, now=service.now)
    assert titles_of(PHYSICIAN)[Language.SWEDISH] == "Legitimerad läkare"
