# SPDX-License-Identifier: EUPL-1.2
"""The one command: quick to help, one exit code for each kind of error."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from varmentaja.cli import EXIT_CODES, Group, app
from varmentaja.domain.errors import DomainError, Kind, message

HEAVY = ("django", "procrastinate", "granian", "varmentaja.reader", "varmentaja.card")


def test_help_imports_no_program() -> None:
    script = (
        "import sys\nfrom varmentaja.cli import app\n"
        "try: app(['--help'])\nexcept SystemExit: pass\n"
        "print('LOADED', *sorted(sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    loaded = set(said.rsplit("LOADED", 1)[1].split())
    assert "varmentaja.cli" in loaded
    assert loaded.isdisjoint(HEAVY)


@pytest.mark.parametrize("kind", list(Kind))
def test_an_error_of_the_domain_is_told_and_has_its_code(kind: Kind) -> None:
    failing = typer.Typer(cls=Group)

    @failing.command()
    def fail() -> None:
        raise DomainError(kind, message("The card of %(name)s is locked.", name="Åsa"))

    @failing.command()
    def other() -> None:
        """A second command, so that there is a group."""

    done = CliRunner().invoke(failing, ["fail"])
    assert done.exit_code == EXIT_CODES[kind]
    assert "The card of Åsa is locked." in done.stderr


def test_codes_differ_and_none_is_a_usage_error() -> None:
    assert len(set(EXIT_CODES.values())) == len(Kind)
    assert {0, 1, 2}.isdisjoint(EXIT_CODES.values())


def test_every_program_is_a_command() -> None:
    said = CliRunner().invoke(app, ["--help"]).stdout
    for name in ("demo", "status", "tour", "portal", "worker", "responder", "cardhost", "reader", "audit"):
        assert name in said
