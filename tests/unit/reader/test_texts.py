# SPDX-License-Identifier: EUPL-1.2
"""Languages of the program: which one is chosen, and how dates are written."""

from datetime import UTC, datetime

import pytest

from varmentaja.domain.errors import message
from varmentaja.reader.texts import best_language, day, say


@pytest.mark.parametrize(
    ("header", "language"),
    [("", "fi"), ("sv-FI,fi;q=0.8", "sv"), ("de,en-GB;q=0.5", "en"), ("se", "fi"), (";,", "fi")],
)
def test_the_browsers_first_language_that_we_have_is_chosen(header: str, language: str) -> None:
    assert best_language(header) == language


def test_a_certificate_that_ends_at_a_finnish_midnight_ends_on_the_local_day() -> None:
    end = datetime(2031, 11, 22, 21, 59, 59, tzinfo=UTC)
    assert [day(end, language) for language in ("fi", "sv", "en")] == [
        "22.11.2031",
        "22.11.2031",
        "22 November 2031",
    ]
    assert day(datetime(2031, 11, 22, 22, 0, tzinfo=UTC), "fi") == "23.11.2031"


def test_a_message_is_said_with_its_values() -> None:
    assert say(message("%(tries)s tries left.", tries=3), "en") == "3 tries left."
