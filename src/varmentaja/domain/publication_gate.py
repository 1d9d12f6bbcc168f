# SPDX-License-Identifier: EUPL-1.2
"""When a publication of statuses is held back, and who may let it through.

On 17-18 April 2023 good cards showed as revoked all over the country. A publication that looks like that one,
or like another known fault, stays where it is: the set before it goes on being served, the office is alarmed,
and two different officers may release it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache

from varmentaja.domain.authority import Action
from varmentaja.domain.data_files import load
from varmentaja.domain.errors import Message, message
from varmentaja.domain.machine import Machine, StateText, Transition

CertificateName = tuple[str, int]
"""Authority and serial number."""

MOST_SHOWN = 20
"""Certificates of a hold that its page shows; a thousand would say no more."""
MOST_NAMED = 10_000
"""Certificates that a finding names: two officers' word is about these and no others."""


class Gate(StrEnum):
    """What a publication is judged by."""

    JUMP = "jump"
    """Too many certificates turn revoked in a short time."""
    GONE = "gone"
    """Too many answers are withdrawn in a short time, or what was published is missing."""
    WRONG_ISSUER = "wrong_issuer"
    """An answer or a list speaks of another authority's certificates."""
    GOING_BACK = "going_back"
    """A number is lower than the published one, or what was revoked is revoked no more."""
    CANARY = "canary"
    """A certificate whose status is known for sure is told wrongly, or no more."""
    DISAGREEMENT = "disagreement"
    """What is published contradicts itself or the records."""
    REJECTED = "rejected"
    """An independent verifier refuses an answer or a list, or could not look at it."""
    CLOCK = "clock"
    """This machine's clock and another one are far apart."""


LABELS: dict[Gate, Message] = {
    Gate.JUMP: message("Too many revocations at once"),
    Gate.GONE: message("Answers would disappear"),
    Gate.WRONG_ISSUER: message("Wrong issuer"),
    Gate.GOING_BACK: message("A step back"),
    Gate.CANARY: message("A certificate of known status is told wrongly"),
    Gate.DISAGREEMENT: message("A contradiction"),
    Gate.REJECTED: message("Refused by an independent verifier"),
    Gate.CLOCK: message("A clock is wrong"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a publication is held."""

    gate: Gate
    subject: str
    """What it is about: an authority, or something of it after a slash; empty for the whole publication."""
    count: int
    """How many certificates or documents."""
    message: Message
    certificates: tuple[CertificateName, ...] = ()
    """All of them up to ``MOST_NAMED``; of a jump the first ``MOST_SHOWN``."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What officers see of a hold, and so what their word is about."""

    gate: Gate
    subject: str
    count: int
    certificates: frozenset[CertificateName] = frozenset()


@dataclass(frozen=True, slots=True)
class Limits:
    """The figures of data/publication_gate.toml."""

    most: int
    window: timedelta
    most_gone: int
    gone_percent: int
    looked_for: int
    sample: int
    share: float
    entries: int
    verifying: timedelta
    release: timedelta


@cache
def limits() -> Limits:
    """What the data file says."""
    content = load("publication_gate")
    return Limits(
        most=int(content["jump"]["most"]),
        window=timedelta(minutes=content["jump"]["minutes"]),
        most_gone=int(content["gone"]["most"]),
        gone_percent=int(content["gone"]["percent"]),
        looked_for=int(content["gone"]["looked_for"]),
        sample=int(content["independent"]["sample"]),
        share=float(content["independent"]["share"]),
        entries=int(content["independent"]["entries"]),
        verifying=timedelta(seconds=content["independent"]["seconds"]),
        release=timedelta(hours=content["release"]["hours"]),
    )


def allowance(gate: Gate) -> int:
    """How much more than two officers agreed to may come: while they think, ordinary revocations go on."""
    return limits().most if gate is Gate.JUMP else 0


_BY_NUMBER = (Gate.JUMP, Gate.REJECTED, Gate.CLOCK)
"""Ordinary revocations join a jump, other answers are drawn and refused at each try, a clock has none."""


def is_by_name(finding: Finding) -> bool:
    """Whether it says which certificates it is about, all of them, and finds the same ones at each try."""
    return finding.gate not in _BY_NUMBER and len(finding.certificates) == finding.count > 0


def covers(seen: Seen, finding: Finding) -> bool:
    """Whether this finding is what the officers have seen: the same certificates or some of them. Where it
    does not name them all it is no greater, but for ordinary revocations that join a jump."""
    if not _is_alike(seen, finding):
        return False
    if is_by_name(finding):
        return seen.certificates.issuperset(finding.certificates)
    return finding.count <= seen.count + allowance(finding.gate)


def has_grown(seen: Seen, finding: Finding) -> bool:
    """Whether this finding is what the officers have seen, and more."""
    if not _is_alike(seen, finding) or finding.count < seen.count:
        return False
    if is_by_name(finding):
        return seen.certificates < set(finding.certificates)
    return finding.count > seen.count


def used_up(seen: Seen, finding: Finding) -> int:
    """How much of two officers' word is spent when this finding passes by it. Nothing of what names its
    certificates: the same ones pass again, in another list or answer, and no others."""
    if is_by_name(finding):
        return 0
    return seen.count if finding.gate is Gate.CLOCK else finding.count  # minutes are not used up one by one


def _is_alike(seen: Seen, finding: Finding) -> bool:
    """Whether both are about the same thing. What names certificates and what names none are not, though both
    may be about one list; any number of certificates may be announced."""
    return (seen.gate, seen.subject) == (finding.gate, finding.subject) and (
        finding.gate is Gate.JUMP or bool(seen.certificates) is bool(finding.certificates)
    )


class HoldState(StrEnum):
    """The way of a hold, or of two officers' word given in advance."""

    HELD = "held"
    ASKED = "asked"
    RELEASED = "released"
    USED = "used"
    OVER = "over"


class HoldEvent(StrEnum):
    """What can happen to a hold."""

    ASK = "ask"
    AGREE = "agree"
    PASS = "pass"  # noqa: S105  # a publication passes
    END = "end"


@dataclass(frozen=True, slots=True)
class HoldFacts:
    """What the guards look at."""

    asked_by: int | None = None
    acting: int | None = None


def _must_be_another(facts: HoldFacts) -> Message | None:
    if facts.acting is None or facts.acting == facts.asked_by:
        return message("Another officer must agree: nobody releases a publication alone.")
    return None


_S, _E = HoldState, HoldEvent
_Row = Transition[HoldState, HoldEvent, HoldFacts]

HOLD: Machine[HoldState, HoldEvent, HoldFacts] = Machine(
    start=_S.HELD,
    states={
        _S.HELD: StateText(message("Held back"), message("The publication is held back.")),
        _S.ASKED: StateText(
            message("Waits for a second officer"),
            message("One officer has asked for this; another must agree."),
        ),
        _S.RELEASED: StateText(
            message("Released"), message("Two officers have agreed; the next publication passes.")
        ),
        _S.USED: StateText(message("Published"), message("It was published by two officers' word.")),
        _S.OVER: StateText(
            message("Over"), message("What was wrong occurs no more, or the permission was not used in time.")
        ),
    },
    events={
        _E.ASK: message("Ask for the release"),
        _E.AGREE: message("Agree to the release"),
        _E.PASS: message("Note that it was published"),
        _E.END: message("Note that it is over"),
    },
    transitions=(
        _Row(_E.ASK, (_S.HELD,), _S.ASKED, Action.STATUS_RELEASE),
        _Row(_E.AGREE, (_S.ASKED,), _S.RELEASED, Action.STATUS_RELEASE, _must_be_another),
        _Row(_E.PASS, (_S.RELEASED,), _S.USED, Action.DEADLINES_KEEP),
        _Row(_E.END, (_S.HELD, _S.ASKED, _S.RELEASED), _S.OVER, Action.DEADLINES_KEEP),
    ),
)

OPEN = tuple(state for state in HoldState if state not in HOLD.final_states())
