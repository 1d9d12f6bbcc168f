# SPDX-License-Identifier: EUPL-1.2
"""Who may revoke what, and in which words of RFC 5280."""

from __future__ import annotations

from cryptography.x509 import ReasonFlags

from varmentaja.domain.actors import SYSTEM, Actor, Authentication, Role
from varmentaja.domain.cards import CARD, CardEvent, CardState
from varmentaja.domain.products import product
from varmentaja.domain.revocation import GROUNDS, Ground, RevocationReason, offered, why_not_ground

PROFESSIONAL, PERSONNEL = product("professional"), product("personnel")


def someone(role: Role) -> Actor:
    return Actor(1, frozenset({role}), Authentication.SCS)


def test_every_ground_has_a_rule_and_a_code_of_the_standard() -> None:
    assert set(GROUNDS) == set(Ground)
    for reason in RevocationReason:
        assert ReasonFlags(reason.value)


def test_what_a_holder_may_say() -> None:
    told = (Ground.LOST, Ground.STOLEN, Ground.PIN_KNOWN, Ground.DAMAGED, Ground.NOT_NEEDED)
    assert offered(someone(Role.HOLDER), PROFESSIONAL) == told
    assert offered(someone(Role.HOLDER), PERSONNEL) == told


def test_the_end_of_an_employment_ends_only_a_card_bound_to_it() -> None:
    registrar = someone(Role.REGISTRAR)
    assert Ground.EMPLOYMENT_ENDED in offered(registrar, PERSONNEL)
    assert Ground.EMPLOYMENT_ENDED not in offered(registrar, PROFESSIONAL)
    why = why_not_ground(Ground.EMPLOYMENT_ENDED, registrar, PROFESSIONAL)
    assert str(why) == "This reason does not concern a card of this kind."


def test_the_end_of_a_right_ends_only_a_card_bound_to_it() -> None:
    assert Ground.RIGHT_ENDED in offered(someone(Role.OFFICER), PROFESSIONAL)
    assert Ground.RIGHT_ENDED not in offered(someone(Role.OFFICER), PERSONNEL)
    assert Ground.RIGHT_ENDED not in offered(someone(Role.REGISTRAR), PROFESSIONAL)


def test_an_officer_may_say_whatever_a_registrar_or_holder_may() -> None:
    for one in (PROFESSIONAL, PERSONNEL):
        officer = set(offered(someone(Role.OFFICER), one))
        assert (
            officer >= set(offered(someone(Role.REGISTRAR), one)) >= set(offered(someone(Role.HOLDER), one))
        )


def test_only_the_service_says_that_a_card_was_replaced_or_discarded() -> None:
    for ground in (Ground.REPLACED, Ground.DISCARDED):
        assert GROUNDS[ground].roles == {Role.SYSTEM}
        assert why_not_ground(ground, SYSTEM, PROFESSIONAL) is None
        assert str(why_not_ground(ground, someone(Role.OFFICER), PROFESSIONAL)) == (
            "Your role does not allow this reason."
        )


def test_lost_and_stolen_cards_count_as_compromised_keys() -> None:
    for ground in (Ground.LOST, Ground.STOLEN):
        assert GROUNDS[ground].code is RevocationReason.KEY_COMPROMISE
        assert GROUNDS[ground].card_event is CardEvent.REPORT_LOST


def test_the_cards_life_cycle_knows_every_grounds_event() -> None:
    for rule in GROUNDS.values():
        assert any(CARD.leads(state, rule.card_event) for state in CardState)
