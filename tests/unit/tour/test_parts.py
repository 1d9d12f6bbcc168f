# SPDX-License-Identifier: EUPL-1.2
"""Parts of the tours that a whole story shows only when something is amiss."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import cast

import pytest
from rich.console import Console
from typer.testing import CliRunner

from varmentaja.adapters.sandbox.cast import load_cast
from varmentaja.tour import cli, openssl
from varmentaja.tour.card.people import applicants, name_of, person_of
from varmentaja.tour.engine import LEFT_OUT, Result, Step, StepFailed, play
from varmentaja.tour.reader_story import verifiers
from varmentaja.tour.reader_story.story import ReaderStory
from varmentaja.tour.report import Printer, as_data
from varmentaja.tour.status_story import asking
from varmentaja.tour.status_story.story import StatusStory

TODAY = date(2026, 11, 30)


def test_after_the_one_who_comes_first_there_are_physicians_without_another_part() -> None:
    first = person_of(load_cast().member("english_speaker").identity_code)
    people = list(applicants(first, TODAY))
    parts = {member.identity_code for member in load_cast().members}
    assert people[0] == first
    assert len(people) > 10 and len({name_of(person) for person in people}) == len(people)
    assert not parts & {person.identity_code for person in people[1:]}
    assert all(person.alive and not person.non_disclosure for person in people)


def test_a_program_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StepFailed, match=r"openssl.* is not installed"):
        openssl.crl_number(tmp_path / "list", tmp_path / "issuer")
    story = cast(StatusStory, None)  # nothing is asked of it
    assert "gnutls-bin" in asking.gnutls_says_good(story)["left out"]
    assert "gnutls-bin" in asking._by_gnutls_with_nonce(story, asking.GOOD)["left out"]
    told = cast(ReaderStory, None)  # here, too
    for verify in (verifiers.pdfsig, verifiers.pdfsig_of_revoked):
        assert "pdfsig, certutil" in verify(told)["left out"]
    assert "xmlsec1" in verifiers.xmlsec1(told)["left out"]


@pytest.mark.parametrize(("options", "code"), [([], 0), (["--all"], 1)])
def test_what_was_left_out_is_told_at_the_end_and_fails_the_strict(
    monkeypatch: pytest.MonkeyPatch, options: list[str], code: int
) -> None:
    steps: list[Step[None]] = [Step("Asked", lambda _: {LEFT_OUT: "no ocsptool"}), Step("Good", lambda _: {})]

    def played(name: object, place: object, console: Console) -> list[Result]:
        results = play(steps, None)
        Printer(console).close(results)
        return results

    monkeypatch.setattr(cli, "_place", lambda *_, **__: nullcontext())
    monkeypatch.setattr(cli, "_played", played)
    done = CliRunner().invoke(cli.tour_app, ["status", *options])
    assert done.exit_code == code
    assert "left out Asked: no ocsptool" in done.output
    document = as_data("status", "ecc", "", played(None, None, Console(quiet=True)))
    assert document["ok"] and document["left_out"] == {"Asked": "no ocsptool"}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("Response verify OK\nleaf: good\nWARNING: no nonce in response", "WARNING"),
        ("Response Verify Failure\nleaf: good", "Failure"),
    ],
)
def test_a_verdict_with_a_warning_or_a_bad_signature_is_none(said: str, why: str) -> None:
    with pytest.raises(StepFailed, match=why):
        openssl._verdicts(said, ["leaf"])
    assert openssl._verdicts("Response verify OK\nleaf: revoked", ["leaf", "other"]) == [
        "revoked",
        "no verdict",
    ]
