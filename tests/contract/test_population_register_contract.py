# SPDX-License-Identifier: EUPL-1.2
"""What every population register must do; a new adapter joins by a line in ``ADAPTERS``."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from varmentaja.adapters.population_register.simulator import SimulatedPopulationRegister
from varmentaja.adapters.sandbox.cast import load_cast
from varmentaja.adapters.sandbox.faults import Faults
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.ports.population_register import PopulationRegister

ADAPTERS: dict[str, Callable[[], PopulationRegister]] = {
    "simulator": lambda: SimulatedPopulationRegister(Faults()),
}


@pytest.fixture(params=ADAPTERS)
def register(request: pytest.FixtureRequest) -> PopulationRegister:
    return ADAPTERS[request.param]()


def code(role: str) -> IdentityCode:
    return load_cast().member(role).identity_code


def test_a_known_person_is_told_whole(register: PopulationRegister) -> None:
    person = register.person(code("physician"), request_id="1")
    assert person is not None
    assert (person.family_name, person.given_names, person.first_name) == (
        "Mäntykangas",
        "Elina Sofia",
        "Elina",
    )
    assert person.identity_code == code("physician")
    assert person.alive
    assert person.home_address is not None


def test_the_same_question_has_the_same_answer(register: PopulationRegister) -> None:
    answers = [register.person(code("non_disclosure"), request_id="2") for _ in range(2)]
    assert answers[0] == answers[1] is not None


def test_an_unknown_code_has_no_person(register: PopulationRegister) -> None:
    assert register.person(IdentityCode.parse("010181-900C"), request_id="3") is None


def test_codes_that_differ_in_the_separator_are_two_people(register: PopulationRegister) -> None:
    known = code("english_speaker")
    other = IdentityCode.parse(str(known).replace("Y", "-"))
    assert register.person(known, request_id="4") is not None
    assert register.person(other, request_id="5") is None


def test_a_dead_person_is_told_as_dead(register: PopulationRegister) -> None:
    person = register.person(code("dead"), request_id="6")
    assert person is not None
    assert not person.alive


def test_a_non_disclosure_order_is_told(register: PopulationRegister) -> None:
    person = register.person(code("non_disclosure"), request_id="7")
    assert person is not None
    assert person.non_disclosure
