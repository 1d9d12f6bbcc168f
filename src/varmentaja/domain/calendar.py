# SPDX-License-Identifier: EUPL-1.2
"""Business days in Finland: Monday to Friday without public holidays, Midsummer Eve and Christmas Eve."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import holidays

from varmentaja.domain.data_files import load

_SATURDAY = 5
_DAY = timedelta(days=1)


@cache
def _holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("FI", years=year))


def is_business_day(day: date) -> bool:
    """Whether offices and the post work on ``day``."""
    return day.weekday() < _SATURDAY and day not in _holidays(day.year)


def add_business_days(day: date, count: int) -> date:
    """The ``count``-th business day after ``day`` (``count`` at least 0); 0 gives ``day`` or the next one."""
    if count == 0:
        return day if is_business_day(day) else add_business_days(day, 1)
    while count:
        day += _DAY
        count -= is_business_day(day)
    return day


@dataclass(frozen=True, slots=True)
class LetterRule:
    """How many business days after the card its code letter is posted."""

    earliest: int
    latest: int
    usual: int


def letter_rule() -> LetterRule:
    """The rule in the data file."""
    return LetterRule(**load("schedule")["code_letter"]["business_days"])


def code_letter_day(dispatched: date, rule: LetterRule | None = None) -> date:
    """The business day on which the code letter of a card dispatched on ``dispatched`` is due.

    By the rule in the data file unless another is given.
    """
    return add_business_days(dispatched, (rule or letter_rule()).usual)
