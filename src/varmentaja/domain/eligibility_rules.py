# SPDX-License-Identifier: EUPL-1.2
"""The conditions of the rules in ``data/rules.toml``, one function a rule.

A function sees the case and says how it went, why, and which facts it looked at. It decides nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from varmentaja.domain.data_files import load
from varmentaja.domain.eligibility_facts import Facts
from varmentaja.domain.errors import Message, message
from varmentaja.domain.identity_documents import why_not_accepted
from varmentaja.domain.products import BoundTo, PhotoRule, last_day, product
from varmentaja.domain.rights import Right


class Outcome(StrEnum):
    """What a rule, and the decision as a whole, says."""

    APPROVED = "approved"
    REFUSED = "refused"
    TO_DESK = "to_desk"
    """An answer must be changed before anything is decided: the application stays a draft."""
    TO_OFFICER = "to_officer"


@dataclass(frozen=True, slots=True)
class Case:
    """One application on one day under one rule."""

    facts: Facts
    today: date
    right: Right | None
    """The right the card would carry, if any is valid."""
    valid_until: date | None
    """The last day of the card, if it can be told."""
    values: Mapping[str, Any]
    """The rule's own values from the data file."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule found."""

    outcome: Outcome
    reason: Message
    used: Mapping[str, str] = field(default_factory=dict)


CODE_REPLACED = message("The person has been given another identity code. Apply with the present one.")


def pick_right(facts: Facts, today: date) -> Right | None:
    """The valid right the card carries: the chosen one, else the longest (open-ended first)."""
    valid = [right for right in facts.rights if right.valid_on(today)]
    if facts.chosen_right:
        valid = [right for right in valid if right.code == facts.chosen_right]
    # max() keeps the register's order among equals.
    return max(valid, key=lambda right: right.ends or date.max, default=None)


def last_day_of_card(facts: Facts, today: date, right: Right | None) -> date | None:
    """The product's years from ``today`` on, cut by the right's end; None for a missing right."""
    wanted = product(facts.product)
    full = last_day(today, wanted.years)
    if wanted.bound_to is not BoundTo.RIGHT:
        return full
    if right is None:
        return None
    return min(full, right.ends or full)


def _passed(text: Message, **used: str) -> Finding:
    return Finding(Outcome.APPROVED, text, used)


def _refused(text: Message, **used: str) -> Finding:
    return Finding(Outcome.REFUSED, text, used)


def _to_officer(text: Message, **used: str) -> Finding:
    return Finding(Outcome.TO_OFFICER, text, used)


def _to_desk(text: Message, **used: str) -> Finding:
    return Finding(Outcome.TO_DESK, text, used)


def _unknown_person() -> Finding:
    """One refusal is enough: nothing else may be said about someone the register does not know."""
    return _passed(message("Not looked at, because the person is not known."))


def person_known(case: Case) -> Finding:
    if case.facts.person_known:
        return _passed(message("The population register knows the person."))
    return _refused(message("The population register does not know the identity code."))


def person_alive(case: Case) -> Finding:
    if not case.facts.person_known:
        return _unknown_person()
    if case.facts.person_alive:
        return _passed(message("The person is alive."))
    return _refused(message("According to the population register the person has died."))


def identity_code_in_force(case: Case) -> Finding:
    if not case.facts.person_known:
        return _unknown_person()
    if case.facts.identity_code_in_force:
        return _passed(message("The identity code is the person's present one."))
    return _refused(CODE_REPLACED)


def right_valid(case: Case) -> Finding:
    facts, today = case.facts, case.today
    if case.right is not None:
        ends = case.right.ends.isoformat() if case.right.ends else ""
        return _passed(
            message("The right to practise is in force."),
            code=case.right.code,
            begins=case.right.begins.isoformat(),
            ends=ends,
        )
    rights = [right for right in facts.rights if facts.chosen_right in ("", right.code)]
    if not rights:
        return _refused(
            message("The professional registers (Terhikki, Suosikki) show no right to practise."),
            chosen=facts.chosen_right,
        )
    begins = min((right.begins for right in rights if right.begins > today), default=None)
    if begins is not None:
        return _refused(
            message("The right to practise begins only on %(day)s. Apply then.", day=begins.isoformat()),
            begins=begins.isoformat(),
        )
    ended = max(right.ends for right in rights if right.ends is not None).isoformat()
    return _refused(message("The right to practise ended on %(day)s.", day=ended), ended=ended)


def right_unrestricted(case: Case) -> Finding:
    if case.right is not None and case.right.restricted:
        return _to_officer(
            message("The right to practise is restricted. An officer looks at the application."),
            code=case.right.code,
        )
    return _passed(message("No restriction of the right is known."))


def right_lasts(case: Case) -> Finding:
    ends = case.right.ends if case.right else None
    if ends is not None and ends < case.today + timedelta(days=case.values["days"]):
        return _to_officer(
            message(
                "The right to practise ends in less than %(days)s days, so the card might come too late. "
                "An officer looks at the application.",
                days=case.values["days"],
            ),
            ends=ends.isoformat(),
        )
    return _passed(message("The right does not end before the card comes."))


def validity(case: Case) -> Finding:
    if case.valid_until is None:
        return _passed(message("Without a right to practise a card has no validity."))
    years = product(case.facts.product).years
    until = case.valid_until.isoformat()
    if case.valid_until < last_day(case.today, years):
        return _passed(
            message("The card is valid until %(day)s, when the right to practise ends.", day=until),
            until=until,
        )
    return _passed(
        message("The card is valid for %(years)s years, until %(day)s.", years=years, day=until), until=until
    )


def one_card(case: Case) -> Finding:
    renewable = case.today + timedelta(days=case.values["renew_days"])
    held = [
        card
        for card in case.facts.cards
        if card.agrees and card.valid_until > renewable and not _other_profession(case, card.right_code)
    ]
    if not held:
        return _passed(message("No other card stands in the way."), cards=str(len(case.facts.cards)))
    return _refused(
        message(
            "The person already has a professional card, valid until %(day)s. If it is lost or broken, "
            "report it first; otherwise a new one can be ordered when less than %(days)s days are left.",
            day=held[0].valid_until.isoformat(),
            days=case.values["renew_days"],
        ),
        card=held[0].card,
        right=held[0].right_code,
    )


def no_duplicate(case: Case) -> Finding:
    others = [
        other for other in case.facts.open_applications if not _other_profession(case, other.right_code)
    ]
    if not others:
        return _passed(message("The person has no other open application for this card."))
    return _refused(
        message("The person already has an open application for this card."),
        application=others[0].application,
    )


def not_for_oneself(case: Case) -> Finding:
    if case.facts.ordered_for_self:
        return _refused(message("A registrar cannot order a card for himself or herself."))
    return _passed(message("The registrar and the applicant are different people."))


def employment(_: Case) -> Finding:
    return _to_officer(message("An officer checks the contract and the employment."))


def identity_document(case: Case) -> Finding:
    shown = case.facts.identity_document
    if shown is None:
        return _refused(message("No identity document was shown."))
    refusal = why_not_accepted(shown, case.today)
    used = {"kind": shown.kind.value, "country": shown.country}
    if refusal is not None:
        return _refused(refusal, **used)
    return _passed(message("The identity document is accepted and valid."), **used)


def terms(case: Case) -> Finding:
    accepted, in_force = case.facts.terms_accepted, case.facts.terms_in_force
    if accepted == in_force:
        return _passed(message("The terms in force were accepted."), version=in_force)
    if not accepted:
        return _refused(message("The terms were not accepted."), in_force=in_force)
    return _refused(
        message("An older version of the terms was accepted. Accept the version in force."),
        accepted=accepted,
        in_force=in_force,
    )


def photo_choice(case: Case) -> Finding:
    chosen, rule = case.facts.with_photo, product(case.facts.product).photo
    if chosen is None:
        return _refused(message("Choose whether the card has a photograph."))
    if rule is PhotoRule.REQUIRED and not chosen:
        return _refused(message("This card needs a photograph."))
    if rule is PhotoRule.NONE and chosen:
        return _refused(message("This card has no photograph."))
    return _passed(message("The choice about the photograph is possible."), photo=str(chosen).lower())


def home_not_hidden(case: Case) -> Finding:
    if case.facts.sent_home and case.facts.non_disclosure:
        return _to_desk(
            message(
                "The person has a non-disclosure order: the home address is not used. Choose another address."
            )
        )
    return _passed(message("Nothing is sent to a home under a non-disclosure order."))


def name_fits(case: Case) -> Finding:
    misfits = case.facts.name_misfits
    if misfits:
        return _to_officer(
            message(
                "The certificates of this service cannot carry the name as the population register has it. "
                "An officer looks at the application."
            ),
            parts=", ".join(misfits),
        )
    return _passed(message("Certificates can carry the name."))


def _other_profession(case: Case, code: str) -> bool:
    return case.right is not None and stand_together(case.facts, case.right.code, code, case.today)


def stand_together(facts: Facts, code: str, other_code: str, today: date) -> bool:
    """Whether one person may have a card for each of two rights: one as physician, one as dentist."""
    mine, other = _profession(code), _profession(other_code)
    valid = {_profession(right.code) for right in facts.rights if right.valid_on(today)}
    return None not in (mine, other) and mine != other and {mine, other} <= valid


def _profession(code: str) -> str | None:
    groups: Mapping[str, list[str]] = load("rules")["professions"]
    return next((name for name, codes in groups.items() if code in codes), None)


RULES: Mapping[str, Callable[[Case], Finding]] = {
    "person-known": person_known,
    "person-alive": person_alive,
    "identity-code-in-force": identity_code_in_force,
    "right-valid": right_valid,
    "right-unrestricted": right_unrestricted,
    "right-lasts": right_lasts,
    "validity": validity,
    "one-card": one_card,
    "no-duplicate": no_duplicate,
    "not-for-oneself": not_for_oneself,
    "employment": employment,
    "identity-document": identity_document,
    "terms": terms,
    "photo-choice": photo_choice,
    "home-not-hidden": home_not_hidden,
    "name-fits": name_fits,
}
"""Each rule of the data file by its id."""
