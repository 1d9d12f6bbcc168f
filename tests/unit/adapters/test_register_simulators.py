# SPDX-License-Identifier: EUPL-1.2
"""Registers in trouble (slow, down, answering nonsense), switched by a file; and what the people are like."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from varmentaja.adapters.population_register import record as people_records
from varmentaja.adapters.population_register.simulator import PEOPLE, SimulatedPopulationRegister
from varmentaja.adapters.professional_register import record as professional_records
from varmentaja.adapters.professional_register.simulator import (
    PROFESSIONALS,
    SimulatedProfessionalRegister,
)
from varmentaja.adapters.sandbox.cast import load_cast
from varmentaja.adapters.sandbox.faults import ANSWER_WITHIN, Faults
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.domain.people import Language, Person
from varmentaja.domain.rights import Professional, Register

CODE = load_cast().member("physician").identity_code
DAY = date(2026, 11, 23)
Ask = Callable[[Faults], object]
ASK: dict[str, Ask] = {
    "population_register": lambda faults: SimulatedPopulationRegister(faults).person(CODE, request_id="1"),
    "professional_register": lambda faults: SimulatedProfessionalRegister(faults).professional(
        CODE, request_id="1"
    ),
}


def people() -> list[Person]:
    return [people_records.to_person(json.loads(line)) for line in PEOPLE.read_text("utf-8").splitlines()]


def professionals() -> list[Professional]:
    lines = PROFESSIONALS.read_text("utf-8").splitlines()
    return [professional_records.to_professional(json.loads(line)) for line in lines]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "faults.json"


@pytest.mark.parametrize("system", ASK)
@pytest.mark.parametrize("fault", [{"mode": "down"}, {"mode": "nonsense"}, {"mode": "slow", "seconds": 60}])
def test_a_register_in_trouble_is_unavailable(system: str, fault: dict[str, object], file: Path) -> None:
    slept: list[float] = []
    faults = Faults(file, slept.append)
    file.write_text(json.dumps({system: fault}))
    with pytest.raises(DomainError) as error:
        ASK[system](faults)
    assert error.value.kind is Kind.UNAVAILABLE
    assert slept == ([ANSWER_WITHIN] if fault["mode"] == "slow" else [])
    file.unlink()
    assert ASK[system](faults) is not None


@pytest.mark.parametrize("system", ASK)
def test_a_slow_register_answers_in_the_end(system: str, file: Path) -> None:
    slept: list[float] = []
    file.write_text(json.dumps({system: {"mode": "slow", "seconds": 3}}))
    assert ASK[system](Faults(file, slept.append)) is not None
    assert slept == [3.0]


@pytest.mark.parametrize("content", ["not json", '{"population_register": {"mode": "odd"}}', "[]"])
def test_a_faulty_file_of_faults_is_said_to_be_faulty(content: str, file: Path) -> None:
    file.write_text(content)
    with pytest.raises(DomainError) as error:
        ASK["population_register"](Faults(file))
    assert error.value.kind is Kind.INVALID


@pytest.mark.parametrize("member", ["non_disclosure", "alive", "family_name", "identity_code"])
def test_a_person_with_a_missing_fact_is_not_believed(member: str) -> None:
    record = json.loads(PEOPLE.read_text("utf-8").splitlines()[0])
    del record[member]
    with pytest.raises(DomainError) as error:
        people_records.to_person(record)
    assert error.value.kind is Kind.UNAVAILABLE


@pytest.mark.parametrize("member", ["family_name", "given_names", "first_name"])
def test_a_name_without_end_is_not_taken(member: str) -> None:
    record = json.loads(PEOPLE.read_text("utf-8").splitlines()[0])
    assert people_records.to_person(record | {member: "A" * 300})
    with pytest.raises(DomainError, match="301 characters") as error:
        people_records.to_person(record | {member: "A" * 301})
    assert error.value.kind is Kind.UNAVAILABLE


@pytest.mark.parametrize("member", ["ends", "restricted", "begins", "code"])
def test_a_right_with_a_missing_fact_is_not_believed(member: str) -> None:
    record = json.loads(PROFESSIONALS.read_text("utf-8").splitlines()[0])
    del record["rights"][0][member]
    with pytest.raises(DomainError) as error:
        professional_records.to_professional(record)
    assert error.value.kind is Kind.UNAVAILABLE


def test_people_are_fictive_and_each_is_there_once() -> None:
    everybody = people()
    assert all(person.identity_code.is_artificial for person in everybody)
    assert len({str(person.identity_code) for person in everybody}) == len(everybody) >= 300
    assert len({person.electronic_id for person in everybody}) == len(everybody)


def test_people_are_of_every_sort_that_the_rules_tell_apart() -> None:
    everybody = people()
    assert {person.language for person in everybody} == set(Language)
    assert any(not person.alive for person in everybody)
    assert any(person.non_disclosure for person in everybody)
    assert any(person.alive and person.home_address is None for person in everybody)
    assert {str(person.identity_code)[6] for person in everybody} >= set("-YXWVUABC")


def test_names_hold_every_letter_that_a_name_may_have() -> None:
    letters = {char for person in people() for char in person.family_name + person.given_names}
    latin = {chr(code) for code in range(0xC0, 0x100)} - {"×", "÷"}
    assert letters >= latin
    assert letters >= set("ŠšŽžČčĐđŋŦǨǥǮʹ’'")
    assert max(len(person.family_name) for person in people()) == 70


def test_professionals_have_rights_of_every_sort() -> None:
    everybody = professionals()
    rights = [right for each in everybody for right in each.rights]
    assert len({each.registration_number for each in everybody}) == len(everybody)
    assert {right.register for right in rights} == set(Register)
    assert any(right.ends and right.ends < DAY for right in rights)
    assert any(right.begins > DAY for right in rights)
    assert any(right.restricted for right in rights)
    assert any({"001", "002"} <= {right.code for right in each.rights} for each in everybody)


def test_professionals_are_people_of_the_population_register() -> None:
    known = {person.identity_code for person in people()}
    assert all(professional.identity_code in known for professional in professionals())


def test_every_member_of_the_cast_is_in_the_registers_with_a_story_in_three_languages() -> None:
    cast, known = load_cast(), {person.identity_code: person for person in people()}
    for member in cast.members:
        assert known[member.identity_code].family_name == member.family_name
        assert set(member.story) == {"fi", "sv", "en"}
        assert member.point is None or member.point in {point.id for point in cast.points}
    assert len({member.role for member in cast.members}) == len(cast.members)
