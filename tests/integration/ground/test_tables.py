# SPDX-License-Identifier: EUPL-1.2
"""Tables are made on a PostgreSQL that is new enough, and on no other."""

from __future__ import annotations

from io import StringIO

import pytest
from django.db import connection
from django.utils.translation import override
from typer.testing import CliRunner

from varmentaja.cli import EXIT_CODES, app
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.ground import tables
from varmentaja.ground.preparation import follow, run
from varmentaja.ui.translate import translated

pytestmark = pytest.mark.django_db


def test_a_server_that_is_too_old_is_named_before_any_table_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "OLDEST", 99)
    ours = connection.pg_version // 10_000
    said = CliRunner().invoke(app, ["migrate"])
    assert said.exit_code == EXIT_CODES[Kind.CONFLICT]
    assert said.stderr == f"The database server is PostgreSQL {ours}; the service needs 99 or newer.\n"
    with pytest.raises(DomainError) as refusal:
        tables.bring_up_to_date()
    words = set()
    for language in ("fi", "sv", "en"):
        with override(language):
            words.add(translated(refusal.value.message))
    assert len(words) == 3


def test_the_preparation_of_a_demo_ends_with_the_same_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "OLDEST", 99)
    monkeypatch.setattr("varmentaja.ground.demo_hierarchy.demo_hierarchy", lambda now: None)
    output = StringIO()
    run(output)
    output.seek(0)
    with pytest.raises(DomainError, match="the service needs 99 or newer"):
        follow(output, lambda text: None)


def test_the_server_of_these_tests_is_new_enough() -> None:
    assert tables.OLDEST == 15
    assert tables.bring_up_to_date() is False
