# SPDX-License-Identifier: EUPL-1.2
"""``varmentaja tour``: the whole story of a card, as a user would play it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.whole_service import WholeService

from varmentaja.config import Settings
from varmentaja.tour.card import STEPS, open_story
from varmentaja.tour.card.people import name_of
from varmentaja.tour.engine import play
from varmentaja.tour.place import running

pytestmark = pytest.mark.xdist_group("shared-demo")

STORY = [step.name for step in STEPS]
APPLIED = "A physician applies for a card, with a photograph; approved"
GOOD, REVOKED = "OpenSSL asks for the status: good", "OpenSSL asks for the status: revoked"
LOST = "The holder reports the card lost in the open session"


def played(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.stdout, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == 0 and document["ok"], document["steps"][-1]
    return document


def facts(document: dict[str, Any], step: str) -> dict[str, str]:
    found: dict[str, str] = next(each["facts"] for each in document["steps"] if each["name"] == step)
    return found


def assert_whole(document: dict[str, Any], algorithm: str) -> None:
    """Every step went well, and what was found out fits together."""
    assert document["algorithm"] == algorithm
    assert [(step["name"], step["ok"]) for step in document["steps"]] == [(name, True) for name in STORY]
    assert facts(document, GOOD)["openssl ocsp"] == "good"
    assert facts(document, REVOKED)["openssl ocsp"] == "revoked"
    assert facts(document, GOOD)["serial"] == facts(document, REVOKED)["serial"]
    lags = [value for name, value in facts(document, LOST).items() if name.endswith("after")]
    assert len(lags) == 2 and all(float(lag.removesuffix(" s")) < 2 for lag in lags)


@pytest.fixture
def register_down(shared_demo: WholeService) -> Iterator[None]:
    file = shared_demo.state / "sandbox" / "faults.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"population_register": {"mode": "down"}}))
    yield
    file.unlink()


def leave_a_card_in_use(demo: WholeService) -> str:
    """Play until the card has come, and stop there; its holder."""
    place = running(Settings().model_copy(update={"state": demo.state, "port": demo.port}))
    assert place is not None
    with open_story(place) as story:
        results = play(STEPS[:2], story)
        assert not results[-1].error, results[-1]
        return name_of(story.hero)


def test_the_story_of_a_card_is_played_on_the_running_demo_again_and_again(shared_demo: WholeService) -> None:
    first = played(shared_demo.say("tour", "card", "--json"))
    holder = leave_a_card_in_use(shared_demo)
    second = played(shared_demo.say("tour", "card", "--json"))
    for document in (first, second):
        assert_whole(document, "ecc")
        assert document["portal"] == f"http://localhost:{shared_demo.port}"
    assert facts(first, GOOD)["serial"] != facts(second, GOOD)["serial"]
    assert facts(first, APPLIED)["applicant"] == facts(second, APPLIED)["have a card already"] == holder
    assert facts(second, APPLIED)["applicant"] != holder


def test_rsa_cards_get_a_service_of_their_own_beside_the_demo_which_goes_away(
    shared_demo: WholeService, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("t")  # a short name: addresses of sockets have 107 characters at most
    monkeypatch.setitem(shared_demo.environment, "TMPDIR", str(folder))
    document = played(shared_demo.say("tour", "card", "--algorithm", "rsa", "--json"))
    assert_whole(document, "rsa")
    assert document["portal"] != f"http://localhost:{shared_demo.port}"
    assert list(folder.glob("varmentaja-tour-*")) == []


@pytest.mark.usefixtures("register_down")
def test_a_step_that_fails_is_named_and_ends_the_story(shared_demo: WholeService) -> None:
    done = shared_demo.say("tour", "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 1
    assert document["failed_step"] == STORY[1] == document["steps"][-1]["name"]
    assert "does not answer" in document["steps"][-1]["error"]


@pytest.mark.usefixtures("register_down")
def test_people_read_each_step_without_escape_codes_where_there_is_no_terminal(
    shared_demo: WholeService,
) -> None:
    told = shared_demo.say("tour").stdout
    assert told.startswith("The story is played on the running demo: ")
    assert f"ok  1. {STORY[0]}" in told and f"failed  2. {STORY[1]}" in told
    assert told.endswith(f"Failed at: {STORY[1]}\n")
    assert "\x1b" not in told
