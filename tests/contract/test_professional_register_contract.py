# SPDX-License-Identifier: EUPL-1.2
"""What every professional register must do; a new adapter joins by a line in ``ADAPTERS``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from varmentaja.adapters.professional_register.simulator import SimulatedProfessionalRegister
from varmentaja.adapters.sandbox.cast import load_cast
from varmentaja.adapters.sandbox.faults import Faults
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.domain.rights import Professional, Register, RightKind
from varmentaja.ports.professional_register import ProfessionalRegister

ADAPTERS: dict[str, Callable[[], ProfessionalRegister]] = {
    "simulator": lambda: SimulatedProfessionalRegister(Faults()),
}
DAY = date(2026, 11, 23)


@pytest.fixture(params=ADAPTERS)
def register(request: pytest.FixtureRequest) -> ProfessionalRegister:
    return ADAPTERS[request.param]()


def professional(register: ProfessionalRegister, role: str) -> Professional:
    answer = register.professional(load_cast().member(role).identity_code, request_id="1")
    assert answer is not None
    return answer


def test_code_and_registration_number_lead_to_the_same_professional(register: ProfessionalRegister) -> None:
    by_code = professional(register, "physician")
    assert by_code.registration_number == "00999000101"
    assert register.professional_by_number("00999000101", request_id="2") == by_code


def test_somebody_without_a_right_is_not_a_professional(register: ProfessionalRegister) -> None:
    assert register.professional(load_cast().member("without_right").identity_code, request_id="3") is None
    assert register.professional_by_number("99999999999", request_id="4") is None
    assert register.professional(IdentityCode.parse("010181-900C"), request_id="5") is None


def test_ended_and_future_rights_are_told_but_not_valid(register: ProfessionalRegister) -> None:
    for role in ("nurse_ended", "future_dentist"):
        answer = professional(register, role)
        assert len(answer.rights) == 1
        assert answer.valid_rights(DAY) == ()


def test_several_rights_are_told_together(register: ProfessionalRegister) -> None:
    assert [right.code for right in professional(register, "physician_dentist").rights] == ["034", "002"]


def test_limits_of_a_right_are_told(register: ProfessionalRegister) -> None:
    (limited,) = professional(register, "nurse_time_limited").rights
    assert (limited.kind, limited.ends) == (RightKind.TIME_LIMITED, date(2028, 2, 29))
    (restricted,) = professional(register, "restricted_physician").rights
    assert restricted.restricted


def test_prescribers_have_an_identification_code(register: ProfessionalRegister) -> None:
    assert professional(register, "prescribing_nurse").physician_code == "099107"
    assert professional(register, "sami_nurse").physician_code is None


def test_social_welfare_has_a_register_of_its_own(register: ProfessionalRegister) -> None:
    assert professional(register, "social_worker").rights[0].register is Register.SUOSIKKI
