# SPDX-License-Identifier: EUPL-1.2
"""Messages of the domain in the language of the page."""

from __future__ import annotations

import pytest
from django.utils import translation

from varmentaja.domain.errors import message
from varmentaja.ui.translate import translated


@pytest.mark.parametrize(
    ("language", "shown"), [("fi", "9.3.2026"), ("sv", "9.3.2026"), ("en", "9 March 2026")]
)
def test_a_day_is_written_as_people_of_the_language_write_it(language: str, shown: str) -> None:
    with translation.override(language):
        text = translated(message("The right to practise ended on %(day)s.", day="2026-03-09"))
    assert shown in text
    assert "2026-03-09" not in text


@pytest.mark.parametrize("value", ["2026-000123", "2026-03-09T10:00", "12026-03-09"])
def test_a_text_that_is_no_day_stays_as_it_is(value: str) -> None:
    with translation.override("fi"):
        assert value in translated(message("Card %(serial)s", serial=value))


def test_a_number_stays_a_number() -> None:
    with translation.override("fi"):
        text = translated(message("A draft lapses %(days)s days after its last change.", days=30))
    assert "30" in text


def test_a_message_without_values_may_hold_a_percent_sign() -> None:
    assert translated(message("100 % of it")) == "100 % of it"
