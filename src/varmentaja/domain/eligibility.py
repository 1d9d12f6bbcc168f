# SPDX-License-Identifier: EUPL-1.2
"""Decide an application by rule, and keep the decision so that it can be explained and made again.

Every rule that is in force on the day is applied, also after one has refused: the applicant hears all
reasons at once. A decision made by rule says so (hallintolaki, as amended by HE 145/2022).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from varmentaja.domain.data_files import load
from varmentaja.domain.eligibility_facts import Facts, day, facts_from_document, facts_to_document
from varmentaja.domain.eligibility_rules import RULES, Case, Outcome, last_day_of_card, pick_right
from varmentaja.domain.errors import Message, message
from varmentaja.domain.rights import Right


@dataclass(frozen=True, slots=True)
class RuleResult:
    """How one rule went."""

    rule: str
    outcome: Outcome
    reason: Message
    source: str
    in_force: date
    """The day this wording of the rule came into force."""
    used: Mapping[str, str]
    """The facts the rule looked at, for the officer's page."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The whole decision; ``right`` and ``valid_until`` are what the card carries if it is approved."""

    outcome: Outcome
    decided_on: date
    results: tuple[RuleResult, ...]
    right: Right | None
    valid_until: date | None
    facts: Facts

    def reasons(self) -> tuple[Message, ...]:
        """The reasons to tell the applicant: of all rules that gave the decision's outcome."""
        return tuple(result.reason for result in self.results if result.outcome is self.outcome)

    def to_document(self) -> dict[str, Any]:
        """The decision as JSON types."""
        return {
            "outcome": str(self.outcome),
            "decided_on": self.decided_on.isoformat(),
            "right": self.right.code if self.right else None,
            "valid_until": self.valid_until.isoformat() if self.valid_until else None,
            "results": [
                {
                    "rule": result.rule,
                    "outcome": str(result.outcome),
                    "reason": {"text": result.reason.text, "values": dict(result.reason.values)},
                    "source": result.source,
                    "in_force": result.in_force.isoformat(),
                    "used": dict(result.used),
                }
                for result in self.results
            ],
            "facts": facts_to_document(self.facts),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Decision:
        """The decision that ``to_document`` wrote, in the words of its own day."""
        facts = facts_from_document(document["facts"])
        decided_on = date.fromisoformat(document["decided_on"])
        return cls(
            outcome=Outcome(document["outcome"]),
            decided_on=decided_on,
            results=tuple(map(_result, document["results"])),
            right=pick_right(facts, decided_on),
            valid_until=day(document["valid_until"]),
            facts=facts,
        )


def decide(facts: Facts, today: date) -> Decision:
    """Apply the rules in force on ``today``; one refusal refuses, else one answer to be changed goes back to
    the desk, else one doubt to an officer."""
    right = pick_right(facts, today)
    valid_until = last_day_of_card(facts, today, right)
    results = tuple(
        _apply(rule, Case(facts, today, right, valid_until, rule.get("values", {})))
        for rule in rules_in_force(facts.product, today)
    )
    outcomes = {result.outcome for result in results}
    outcome = next(
        (worst for worst in (Outcome.REFUSED, Outcome.TO_DESK, Outcome.TO_OFFICER) if worst in outcomes),
        Outcome.APPROVED,
    )
    return Decision(outcome, today, results, right, valid_until, facts)


def news(before: Decision, after: Decision) -> tuple[Message, ...]:
    """What somebody who knows the decision ``before`` must hear of the one made ``after`` it.

    The reasons of rules that go otherwise now, another right, an earlier last day; that days have passed
    is no news.
    """
    known = {result.rule: result for result in before.results}
    heard = [result.reason for result in after.results if _is_news(known.get(result.rule), result)]
    if after.right and before.right and after.right.code != before.right.code:
        title = after.right.title_fi
        heard.append(message("The card would now carry another right to practise: %(title)s.", title=title))
    if after.valid_until and before.valid_until and after.valid_until < before.valid_until:
        last = after.valid_until.isoformat()
        heard.append(message("The card would now be valid until %(day)s only.", day=last))
    return tuple(heard)


def _is_news(before: RuleResult | None, after: RuleResult) -> bool:
    if before is None or before.outcome is not after.outcome:
        return True
    return after.outcome is not Outcome.APPROVED and before.reason != after.reason


def rules_in_force(product: str, today: date) -> list[Mapping[str, Any]]:
    """The rules of the data file that concern ``product`` on ``today``, in its order."""
    return [
        rule
        for rule in load("rules")["rule"]
        if product in rule["products"] and rule["in_force"] <= today <= rule.get("until", date.max)
    ]


def _apply(rule: Mapping[str, Any], case: Case) -> RuleResult:
    finding = RULES[rule["id"]](case)
    return RuleResult(
        rule["id"], finding.outcome, finding.reason, rule["source"], rule["in_force"], finding.used
    )


def _result(row: Mapping[str, Any]) -> RuleResult:
    return RuleResult(
        rule=row["rule"],
        outcome=Outcome(row["outcome"]),
        reason=Message(row["reason"]["text"], row["reason"]["values"]),
        source=row["source"],
        in_force=date.fromisoformat(row["in_force"]),
        used=row["used"],
    )
