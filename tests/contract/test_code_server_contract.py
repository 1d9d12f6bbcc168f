# SPDX-License-Identifier: EUPL-1.2
"""What every code server must do, in process and over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from varmentaja.adapters.code_server.client import HttpCodeServer
from varmentaja.adapters.code_server.simulator import SimulatedCodeServer, serve
from varmentaja.adapters.sandbox.faults import Faults
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.ports.code_server import RIGHTS_TO_PRACTISE, CodeServer, ConceptStatus


@pytest.fixture
def faults(tmp_path: Path) -> Path:
    return tmp_path / "faults.json"


@pytest.fixture(params=["simulator", "client", "client of small pages"])
def server(request: pytest.FixtureRequest, faults: Path) -> Iterator[CodeServer]:
    simulator = SimulatedCodeServer(Faults(faults))
    if request.param == "simulator":
        yield simulator
        return
    pages = 5 if "small" in request.param else 500
    with serve(simulator, largest_page=pages) as address:
        yield HttpCodeServer(address, timeout=0.3, attempts=2)


def test_a_code_set_comes_whole_and_in_order(server: CodeServer) -> None:
    code_set = server.code_set(RIGHTS_TO_PRACTISE, request_id="1")
    codes = [concept.code for concept in code_set.concepts]
    assert codes[:2] == ["001", "034"]
    assert len(codes) == len(set(codes)) == 19


def test_titles_come_in_both_languages(server: CodeServer) -> None:
    physician = server.code_set(RIGHTS_TO_PRACTISE, request_id="2").concept("001")
    assert physician is not None
    assert (physician.title("fi"), physician.title("sv")) == ("Laillistettu lääkäri", "Legitimerad läkare")
    assert physician.title("en") == "Laillistettu lääkäri"


def test_a_deleted_code_keeps_its_days_and_short_name(server: CodeServer) -> None:
    old = server.code_set(RIGHTS_TO_PRACTISE, request_id="3").concept("S99")
    assert old is not None
    assert (old.status, old.expires, old.title("sv")) == (
        ConceptStatus.DELETED,
        date(2015, 12, 31),
        "Poistunut nimike",
    )


def test_an_unknown_set_is_not_found(server: CodeServer) -> None:
    with pytest.raises(DomainError) as error:
        server.code_set("1.2.246.537.6.999", request_id="4")
    assert error.value.kind is Kind.NOT_FOUND


@pytest.mark.parametrize(
    "fault", ['{"mode": "down"}', '{"mode": "nonsense"}', '{"mode": "slow", "seconds": 99}'], ids=str
)
def test_trouble_of_the_server_is_unavailable(
    server: CodeServer, faults: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("varmentaja.adapters.sandbox.faults.ANSWER_WITHIN", 0.5)
    faults.write_text(f'{{"code_server": {fault}}}')
    with pytest.raises(DomainError) as error:
        server.code_set(RIGHTS_TO_PRACTISE, request_id="5")
    assert error.value.kind is Kind.UNAVAILABLE
