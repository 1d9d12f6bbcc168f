# SPDX-License-Identifier: EUPL-1.2
"""``varmentaja tour status``: asked in every way, revoked, cut off, guarded and observed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.amount import amount
from tests.support.slapd import BASE, PASSWORD, USER, Slapd, slapd
from tests.support.whole_service import WholeService, eventually

from varmentaja.tour.status_story import STEPS

__all__ = ["slapd"]

pytestmark = [pytest.mark.xdist_group("tour-status"), pytest.mark.timeout(400)]

STORY = [step.name for step in STEPS]


@pytest.fixture
def service(tmp_path_factory: pytest.TempPathFactory) -> WholeService:
    """Nothing runs there: the story starts a service of its own."""
    made = WholeService(tmp_path_factory.mktemp("none") / "var")
    made.environment["TMPDIR"] = str(tmp_path_factory.mktemp("t"))  # sockets' addresses are short
    return made


def play(service: WholeService, *options: str) -> list[dict[str, str]]:
    """The facts of each step; nothing is left of the service."""
    done = service.say("tour", "status", "--json", "--all", *options)
    assert done.stdout, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == 0 and document["ok"], document["steps"][-1]
    assert [(step["name"], step["ok"]) for step in document["steps"]] == [(name, True) for name in STORY]
    assert document["left_out"] == {}
    folder = Path(service.environment["TMPDIR"])
    assert eventually(lambda: not list(folder.glob("varmentaja-tour-*")), 10)
    return [step["facts"] for step in document["steps"]]


@pytest.mark.parametrize("algorithm", ("ecc", "rsa")[: amount(1, 2)])
def test_the_story_is_played_with_every_program_that_asks_and_a_directory(
    service: WholeService, slapd: Slapd, tmp_path: Path, algorithm: str
) -> None:
    (tmp_path / "password").write_text(PASSWORD)
    service.environment |= {
        "VARMENTAJA_LDAP_URL": slapd.url,
        "VARMENTAJA_LDAP_BASE": BASE,
        "VARMENTAJA_LDAP_USER": USER,
        "VARMENTAJA_LDAP_PASSWORD_FILE": str(tmp_path / "password"),
    }
    facts = play(service, "--directory", "--algorithm", algorithm)
    lags = {name: value for name, value in facts[10].items() if name.endswith("after")}
    assert len(lags) == 4 and all(float(lag.removesuffix(" s")) < 2 for lag in lags.values())
    assert facts[6]["ocsptool"] == facts[7]["ocsptool, with nonce"] == "good"
    told = {name: value for name, value in facts[11].items() if not name.endswith("new delta")}
    assert len(told) == 7 and set(told.values()) == {"revoked"}
    assert facts[12]["listed"] == facts[4]["serial"]
    assert int(facts[14]["certificates that the records call revoked"]) > 300
    assert "Too many revocations at once" in facts[14]["held"]
    assert facts[4]["set"] == facts[15]["set"]
    assert facts[17]["public page"].startswith("There is a disturbance")
