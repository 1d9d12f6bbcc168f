# SPDX-License-Identifier: EUPL-1.2
"""``varmentaja demo``: everything from one command, and nothing left of it, whatever way it ends."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from jsonschema import Draft202012Validator
from tests.support.whole_service import WholeService, eventually, whole_service

from varmentaja.config import Settings
from varmentaja.ground.status import read_status

SCHEMA = Path("docs/integration/status.schema.json")
WARM_SECONDS = 15.0
"""The limit is 5 s, which bench/start.py measures alone; here other tests run at the same time."""
SERVICES = {"cardhost", "responder", "reader", "worker", "observer", "portal"}
"""What always runs; where nginx is found, the host of sign-in by TLS runs too."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeService]:
    """One state folder; a test finds the demo running and leaves it so."""
    with whole_service(tmp_path_factory.mktemp("demo") / "var") as made:
        yield made


pytestmark = pytest.mark.xdist_group("demo")


def people(demo: WholeService) -> list[str]:
    return [person["name"] for person in demo.status()["people"]]


def test_the_portal_answers_and_status_tells_what_runs(demo: WholeService) -> None:
    assert httpx.get(f"http://localhost:{demo.port}/fi/", follow_redirects=True).status_code == 200
    document = demo.status()
    assert {service["name"] for service in document["services"]} >= SERVICES
    assert {service["state"] for service in document["services"]} == {"ready"}
    assert len(document["authorities"]) == 8
    staff = [person for person in document["people"] if "pin1" in person]
    assert staff and all(len(person["cards"]) == 1 for person in staff)


def test_status_keeps_to_its_schema(demo: WholeService, tmp_path: Path) -> None:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(demo.status())
    Draft202012Validator(schema).validate(read_status(Settings(state=tmp_path)))


def test_a_second_demo_on_the_same_folder_is_refused(demo: WholeService) -> None:
    refused = demo.say("demo")
    assert refused.returncode == 6
    assert re.search(r"A demo is running already .*process \d+", refused.stderr)


def test_a_port_in_use_is_named(demo: WholeService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(demo.environment, "VARMENTAJA_STATE", str(tmp_path))
    refused = demo.say("demo")
    assert refused.returncode == 6
    assert f"Port {demo.port} is in use by another program" in refused.stderr


def test_a_child_that_dies_is_started_again(demo: WholeService) -> None:
    before = {service["name"]: service["pid"] for service in demo.status()["services"]}
    os.kill(before["portal"], signal.SIGKILL)

    def back() -> bool:
        portal = next(each for each in demo.status()["services"] if each["name"] == "portal")
        return bool(portal["state"] == "ready" and portal["pid"] != before["portal"] and portal["restarts"])

    assert eventually(back, 20), demo.output
    assert httpx.get(f"http://localhost:{demo.port}/fi/", follow_redirects=True).status_code == 200


def test_the_audit_trail_of_the_demo_is_proved(demo: WholeService) -> None:
    assert eventually(lambda: (demo.state / "publication/audit/head.json").exists(), 20)
    proved = demo.say("audit", "verify", "--json")
    report = json.loads(proved.stdout)
    assert report["findings"] == [] and report["links"] > 0 and report["heads"] > 0
    assert proved.returncode == 0
    with psycopg.connect(demo.database) as connection:
        query = (
            "SELECT count(*) FROM audit_entry WHERE action = %s AND content::jsonb #>> '{facts,for}' = 'demo'"
        )
        row = connection.execute(query, ["code.derived"]).fetchone()
    assert row == (len([person for person in demo.status()["people"] if "pin1" in person]),)


def test_kill_leaves_nothing_and_the_second_start_has_the_same_data_within_seconds(
    demo: WholeService,
) -> None:
    before, old = people(demo), demo.processes()
    demo.end(signal.SIGKILL)
    seconds = demo.start()
    assert seconds < WARM_SECONDS
    assert people(demo) == before
    assert eventually(lambda: not (old & demo.processes()), 5)


def test_ctrl_c_ends_everything_cleanly(demo: WholeService) -> None:
    assert demo.end(signal.SIGINT) == 0
    assert eventually(lambda: not demo.processes(), 5), demo.processes()
    assert "Stopped." in demo.output
    assert not (demo.state / "postgres/data/postmaster.pid").exists()
    told = demo.say("status")
    assert (told.returncode, told.stdout) == (1, "Nothing is running. Start the demo with: varmentaja demo\n")
    demo.start()
