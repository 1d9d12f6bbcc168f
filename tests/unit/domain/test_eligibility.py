# SPDX-License-Identifier: EUPL-1.2
"""Decisions by rule: a table of cases, and that a decision can be stored, explained and made again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varmentaja.domain.data_files import load
from varmentaja.domain.eligibility import Decision, decide, news, rules_in_force
from varmentaja.domain.eligibility_facts import Facts, HeldCard, OpenApplication
from varmentaja.domain.eligibility_rules import RULES, Outcome
from varmentaja.domain.identity_documents import DocumentKind, IdentityDocument
from varmentaja.domain.products import ProductId
from varmentaja.domain.rights import Register, Right, RightKind

TODAY = date(2026, 11, 23)
FULL = date(2031, 11, 22)


def right(code: str = "001", begins: date = date(2015, 6, 1), ends: date | None = None, **more: Any) -> Right:
    return Right(Register.TERHIKKI, code, "nimike", "titel", RightKind.LEGITIMISED, begins, ends, **more)


PASSPORT = IdentityDocument(DocumentKind.FINNISH_PASSPORT, "FI", date(2030, 1, 1))
GOOD = Facts(
    product="professional",
    person_known=True,
    person_alive=True,
    identity_code_in_force=True,
    rights=(right(),),
    chosen_right="",
    cards=(),
    open_applications=(),
    ordered_for_self=False,
    identity_document=PASSPORT,
    terms_accepted="2026-1",
    terms_in_force="2026-1",
    with_photo=False,
)
OLD_PASSPORT = replace(PASSPORT, valid_until=TODAY - timedelta(days=1))
LICENCE = IdentityDocument(DocumentKind.DRIVING_LICENCE, "FI", date(2030, 1, 1))
BOTH = (right("034"), right("002"))
ENDED = right(ends=date(2026, 11, 22))
LATER = right(begins=date(2026, 12, 1))
LAST_DAY = right(ends=TODAY)
CARD = HeldCard("K1", "001", date(2029, 1, 1))

APPROVED, REFUSED = Outcome.APPROVED, Outcome.REFUSED
TO_DESK, TO_OFFICER = Outcome.TO_DESK, Outcome.TO_OFFICER

# What differs from a good application; outcome; the rules that gave it; the card's last day.
CASES: list[tuple[str, Mapping[str, Any], Outcome, set[str], date | None]] = [
    ("all well", {}, APPROVED, set(), FULL),
    (
        "unknown person",
        {"person_known": False, "person_alive": False, "identity_code_in_force": False},
        REFUSED,
        {"person-known"},
        FULL,
    ),
    ("dead person", {"person_alive": False}, REFUSED, {"person-alive"}, FULL),
    ("old code", {"identity_code_in_force": False}, REFUSED, {"identity-code-in-force"}, FULL),
    ("no right", {"rights": ()}, REFUSED, {"right-valid"}, None),
    ("ended right", {"rights": (ENDED,)}, REFUSED, {"right-valid"}, None),
    ("right not begun", {"rights": (LATER,)}, REFUSED, {"right-valid"}, None),
    ("right's last day", {"rights": (LAST_DAY,)}, TO_OFFICER, {"right-lasts"}, TODAY),
    ("right begins today", {"rights": (right(begins=TODAY),)}, APPROVED, set(), FULL),
    (
        "time-limited right cuts the validity",
        {"rights": (right(ends=date(2028, 5, 31)),)},
        APPROVED,
        set(),
        date(2028, 5, 31),
    ),
    ("right outlasts the card", {"rights": (right(ends=date(2040, 1, 1)),)}, APPROVED, set(), FULL),
    ("right ends with the card", {"rights": (right(ends=FULL),)}, APPROVED, set(), FULL),
    ("restricted right", {"rights": (right(restricted=True),)}, TO_OFFICER, {"right-unrestricted"}, FULL),
    (
        "restricted right that is not the chosen one",
        {"rights": (right(restricted=True), right("S21")), "chosen_right": "S21"},
        APPROVED,
        set(),
        FULL,
    ),
    (
        "open-ended right wins when none is chosen",
        {"rights": (right(ends=date(2027, 6, 1)), right("S21"))},
        APPROVED,
        set(),
        FULL,
    ),
    (
        "the chosen right decides the validity",
        {"rights": (right(ends=date(2027, 6, 1)), right("S21")), "chosen_right": "001"},
        APPROVED,
        set(),
        date(2027, 6, 1),
    ),
    (
        "chosen right has ended, another is valid",
        {"rights": (ENDED, right("S21")), "chosen_right": "001"},
        REFUSED,
        {"right-valid"},
        None,
    ),
    ("chosen right is not the person's", {"chosen_right": "S99"}, REFUSED, {"right-valid"}, None),
    ("second card", {"cards": (CARD,)}, REFUSED, {"one-card"}, FULL),
    ("card about to end", {"cards": (replace(CARD, valid_until=date(2027, 2, 21)),)}, APPROVED, set(), FULL),
    (
        "card with 91 days left",
        {"cards": (replace(CARD, valid_until=date(2027, 2, 22)),)},
        REFUSED,
        {"one-card"},
        FULL,
    ),
    ("card with an old name", {"cards": (replace(CARD, agrees=False),)}, APPROVED, set(), FULL),
    (
        "dentist's card beside the physician's",
        {"rights": BOTH, "chosen_right": "002", "cards": (CARD,)},
        APPROVED,
        set(),
        FULL,
    ),
    (
        "second physician's card of a physician and dentist",
        {"rights": BOTH, "chosen_right": "034", "cards": (CARD,)},
        REFUSED,
        {"one-card"},
        FULL,
    ),
    (
        "third card of a physician and dentist",
        {"rights": BOTH, "chosen_right": "002", "cards": (CARD, replace(CARD, card="K2", right_code="035"))},
        REFUSED,
        {"one-card"},
        FULL,
    ),
    (
        "dentist who is no longer a physician",
        {"rights": (ENDED, right("002")), "chosen_right": "002", "cards": (CARD,)},
        REFUSED,
        {"one-card"},
        FULL,
    ),
    (
        "nurse and physician have one card",
        {"rights": (right(), right("S21")), "chosen_right": "S21", "cards": (CARD,)},
        REFUSED,
        {"one-card"},
        FULL,
    ),
    ("duplicate", {"open_applications": (OpenApplication("9", "001"),)}, REFUSED, {"no-duplicate"}, FULL),
    (
        "open application as a dentist",
        {"rights": BOTH, "chosen_right": "034", "open_applications": (OpenApplication("9", "002"),)},
        APPROVED,
        set(),
        FULL,
    ),
    ("registrar for himself", {"ordered_for_self": True}, REFUSED, {"not-for-oneself"}, FULL),
    ("no document", {"identity_document": None}, REFUSED, {"identity-document"}, FULL),
    ("expired passport", {"identity_document": OLD_PASSPORT}, REFUSED, {"identity-document"}, FULL),
    ("driving licence", {"identity_document": LICENCE}, REFUSED, {"identity-document"}, FULL),
    ("terms not accepted", {"terms_accepted": ""}, REFUSED, {"terms"}, FULL),
    ("older terms", {"terms_accepted": "2025-1"}, REFUSED, {"terms"}, FULL),
    ("photograph not asked", {"with_photo": None}, REFUSED, {"photo-choice"}, FULL),
    ("with photograph", {"with_photo": True}, APPROVED, set(), FULL),
    ("home under no order", {"sent_home": True}, APPROVED, set(), FULL),
    ("an order and the point", {"non_disclosure": True}, APPROVED, set(), FULL),
    (
        "home under a non-disclosure order",
        {"sent_home": True, "non_disclosure": True},
        TO_DESK,
        {"home-not-hidden"},
        FULL,
    ),
    (
        "an answer to be changed comes before a doubt",
        {"sent_home": True, "non_disclosure": True, "rights": (right(restricted=True),)},
        TO_DESK,
        {"home-not-hidden"},
        FULL,
    ),
    (
        "a refusal comes before an answer to be changed",
        {"sent_home": True, "non_disclosure": True, "terms_accepted": ""},
        REFUSED,
        {"terms"},
        FULL,
    ),
    ("a name that cannot be carried", {"name_misfits": ("surname",)}, TO_OFFICER, {"name-fits"}, FULL),
    (
        "a refusal is stronger than a doubt",
        {"rights": (right(restricted=True),), "terms_accepted": ""},
        REFUSED,
        {"terms"},
        FULL,
    ),
    (
        "all refusals are told",
        {"rights": (), "cards": (CARD,), "with_photo": None},
        REFUSED,
        {"right-valid", "one-card", "photo-choice"},
        None,
    ),
    ("personnel card", {"product": "personnel", "rights": ()}, TO_OFFICER, {"employment"}, FULL),
    (
        "personnel card for oneself",
        {"product": "personnel", "ordered_for_self": True},
        REFUSED,
        {"not-for-oneself"},
        FULL,
    ),
]


@pytest.mark.parametrize(
    ("changes", "outcome", "by", "until"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_cases(changes: Mapping[str, Any], outcome: Outcome, by: set[str], until: date | None) -> None:
    decision = decide(replace(GOOD, **changes), TODAY)
    assert decision.outcome is outcome
    assert decision.valid_until == until
    decisive = {result.rule for result in decision.results if result.outcome is outcome}
    if outcome is not APPROVED:
        assert decisive == by
        assert len(decision.reasons()) == len(by)
    assert all(str(result.reason).endswith(".") for result in decision.results)


@pytest.mark.parametrize("changes", [c[1] for c in CASES], ids=[c[0] for c in CASES])
def test_a_decision_survives_storage_and_can_be_made_again(changes: Mapping[str, Any]) -> None:
    decision = decide(replace(GOOD, **changes), TODAY)
    read = Decision.from_document(json.loads(json.dumps(decision.to_document())))
    assert read == decision
    assert decide(read.facts, read.decided_on) == decision


def test_a_decision_from_before_a_fact_was_looked_at_can_be_read() -> None:
    document = decide(GOOD, TODAY).to_document()
    for later in ("sent_home", "non_disclosure", "name_misfits"):
        del document["facts"][later]
    assert Decision.from_document(document).facts == GOOD


def test_the_reasons_say_what_a_person_can_act_on() -> None:
    def told(**changes: Any) -> str:
        return " ".join(map(str, decide(replace(GOOD, **changes), TODAY).reasons()))

    assert told(rights=()) == "The professional registers (Terhikki, Suosikki) show no right to practise."
    assert told(rights=(ENDED,)) == "The right to practise ended on 2026-11-22."
    assert told(rights=(LATER,)) == "The right to practise begins only on 2026-12-01. Apply then."
    assert "valid until 2029-01-01" in told(cards=(CARD,))


def test_every_result_names_its_source_and_date() -> None:
    for result in decide(GOOD, TODAY).results:
        assert result.source
        assert result.in_force <= TODAY


def test_the_facts_used_are_kept_for_the_officer() -> None:
    used = {result.rule: result.used for result in decide(replace(GOOD, cards=(CARD,)), TODAY).results}
    assert used["one-card"] == {"card": "K1", "right": "001"}
    assert used["right-valid"]["code"] == "001"


def test_the_data_file_and_the_functions_name_the_same_rules() -> None:
    assert {rule["id"] for rule in load("rules")["rule"]} == set(RULES)


@pytest.mark.parametrize("product", ProductId)
def test_at_most_one_wording_of_a_rule_is_in_force(product: str) -> None:
    for day in (date(2020, 12, 1), TODAY, date(2040, 1, 1)):
        ids = [rule["id"] for rule in rules_in_force(product, day)]
        assert ids
        assert len(ids) == len(set(ids))


def test_before_their_day_rules_are_not_applied() -> None:
    assert rules_in_force("professional", date(2020, 11, 30)) == []


def test_a_decision_holds_no_name_and_no_code() -> None:
    text = json.dumps(decide(GOOD, TODAY).to_document())
    assert "family_name" not in text
    assert 'identity_code"' not in text


rights = st.lists(
    st.builds(
        right,
        code=st.sampled_from(["001", "002", "034", "S21"]),
        begins=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
        ends=st.none() | st.dates(date(2030, 1, 1), date(2040, 1, 1)) | st.just(TODAY),
        restricted=st.booleans(),
    ),
    max_size=4,
).map(tuple)


@given(rights, st.sampled_from(["", "001", "002"]), st.dates(date(2021, 1, 1), date(2039, 1, 1)))
def test_an_approved_card_never_outlives_its_right_or_five_years(
    held: tuple[Right, ...], chosen: str, today: date
) -> None:
    facts = replace(
        GOOD, rights=held, chosen_right=chosen, identity_document=replace(PASSPORT, valid_until=today)
    )
    decision = decide(facts, today)
    if not any(one.valid_on(today) and chosen in ("", one.code) for one in held):
        assert decision.outcome is REFUSED
        return
    assert decision.outcome is not REFUSED
    assert decision.right is not None
    assert decision.valid_until is not None
    assert decision.right.valid_on(decision.valid_until)
    assert today <= decision.valid_until < today + timedelta(days=5 * 366)


def test_days_that_have_passed_are_no_news() -> None:
    restricted = replace(GOOD, rights=(right(restricted=True),))
    before = Decision.from_document(json.loads(json.dumps(decide(restricted, TODAY).to_document())))
    assert news(before, decide(restricted, TODAY + timedelta(days=3))) == ()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"rights": (ENDED,)}, "right"),
        ({"person_alive": False}, "died"),
        ({"rights": (right(),)}, "restrict"),
        ({"rights": (right("034", restricted=True),)}, "another right"),
        ({"rights": (right(restricted=True, ends=date(2029, 1, 1)),)}, "valid until 2029-01-01 only"),
        ({"identity_document": OLD_PASSPORT}, "identity document"),
    ],
)
def test_what_the_rules_say_otherwise_today_is_news(change: Mapping[str, Any], text: str) -> None:
    restricted = replace(GOOD, rights=(right(restricted=True),))
    heard = news(decide(restricted, TODAY), decide(replace(restricted, **change), TODAY))
    assert any(text in str(each) for each in heard), [str(each) for each in heard]
