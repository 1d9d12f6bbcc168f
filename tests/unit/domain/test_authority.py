# SPDX-License-Identifier: EUPL-1.2
"""Who may do what to whose things."""

from __future__ import annotations

import pytest

from varmentaja.domain.actors import SYSTEM, Actor, Authentication, Role
from varmentaja.domain.authority import NOT_FOR_ONESELF, TABLE, Action, Scope, Subject, allowed, require
from varmentaja.domain.errors import DomainError, Kind

NOBODY = Actor(1, frozenset(), Authentication.SCS)


def someone(*roles: Role, person: int = 1, point: int | None = None) -> Actor:
    return Actor(person, frozenset(roles), Authentication.SCS, point_id=point)


def test_every_action_has_a_row() -> None:
    assert set(TABLE) == set(Action)


@pytest.mark.parametrize("action", Action)
def test_without_a_role_nothing_is_allowed(action: Action) -> None:
    assert str(allowed(NOBODY, action, Subject(1, 1))) == "Your role does not allow this."


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", Role)
def test_a_role_reaches_as_far_as_its_scope(action: Action, role: Role) -> None:
    actor = someone(role, person=1, point=5)
    own_elsewhere, same_point, other = Subject(1, 6), Subject(2, 5), Subject(2, 6)
    may = [allowed(actor, action, subject) is None for subject in (own_elsewhere, same_point, other)]
    own_is_barred = action in NOT_FOR_ONESELF
    match TABLE[action].get(role):
        case Scope.ALL:
            assert may == [not own_is_barred, True, True]
        case Scope.POINT:
            assert may == [False, True, False]
        case Scope.OWN:
            assert may == [True, False, False]
        case None:
            assert may == [False, False, False]


def test_a_registrar_does_not_order_for_himself_or_herself() -> None:
    registrar = someone(Role.HOLDER, Role.REGISTRAR, person=1, point=5)
    for action in (Action.APPLICATION_OPEN, Action.APPLICATION_EDIT, Action.APPLICATION_SUBMIT):
        assert "of your own" in str(allowed(registrar, action, Subject(1, 5)))
        assert allowed(registrar, action, Subject(2, 5)) is None


def test_a_registrar_without_a_point_reaches_nothing_that_has_none() -> None:
    assert allowed(someone(Role.REGISTRAR), Action.APPLICATION_READ, Subject(2)) is not None


def test_two_roles_reach_as_far_as_either() -> None:
    both = someone(Role.HOLDER, Role.OFFICER)
    assert allowed(both, Action.CARD_READ, Subject(2, 6)) is None
    registrar = someone(Role.HOLDER, Role.REGISTRAR, point=5)
    assert allowed(registrar, Action.CARD_READ, Subject(1, 6)) is None
    assert str(allowed(registrar, Action.CARD_READ, Subject(2, 6))) == (
        "This belongs to another registration point."
    )


def test_the_service_is_nobodys_self() -> None:
    assert allowed(SYSTEM, Action.APPLICATION_DECIDE_BY_RULE, Subject()) is None
    holder_of_nothing = Actor(None, frozenset({Role.HOLDER}), Authentication.SCS)
    assert allowed(holder_of_nothing, Action.CARD_READ, Subject()) is not None


def test_require_raises_not_allowed_with_the_reason() -> None:
    require(someone(Role.OFFICER), Action.PERSON_FIND, Subject())
    with pytest.raises(DomainError, match="another person") as caught:
        require(someone(Role.HOLDER), Action.CARD_READ, Subject(2))
    assert caught.value.kind is Kind.NOT_ALLOWED
