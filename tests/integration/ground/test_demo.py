# SPDX-License-Identifier: EUPL-1.2
"""``varmentaja demo``: everything from one command, and nothing left of it, whatever way it ends."""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import httpx
import psycopg
import pytest
from jsonschema import Draft202012Validator
from tests.support.whole_service import Desk, WholeService, eventually, whole_service

from varmentaja.adapters.sandbox.cast import load_cast
from varmentaja.config import Settings
from varmentaja.ground.status import read_status

SCHEMA = Path("docs/integration/status.schema.json")
WARM_SECONDS = 5.0
"""On a machine that does nothing else; bench/start.py measures it alone."""
SERVICES = {"cardhost", "responder", "online", "reader", "worker", "observer", "portal", "clinic"}
"""What always runs; where nginx is found, the host of sign-in by TLS runs too."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeService]:
    """One state folder; a test finds the demo running and leaves it so."""
    with whole_service(tmp_path_factory.mktemp("demo") / "var", reader_package=True) as made:
        yield made


pytestmark = pytest.mark.xdist_group("demo")


RECORDS = {
    "applications": "SELECT id, state, submitted_at, decision::text FROM applications_application",
    "cards": "SELECT id, state, chip_serial, printed_serial FROM cards_card",
    "certificates": "SELECT authority, serial, state, der FROM certificates_certificate",
    "letters": "SELECT id, state, due_on FROM letters_letter",
}


def records(demo: WholeService) -> dict[str, set[object]]:
    """Who applied, for which card, with which certificates: the same after a kill, nothing more or less."""
    return {name: set(demo.rows(query)) for name, query in RECORDS.items()}


def evidence(demo: WholeService) -> set[object]:
    """The audit trail, to which the programs add at any time."""
    return set(demo.rows("SELECT id, content FROM audit_entry"))


def slowness() -> float:
    """How much longer work takes here than it would if nobody else were working: 1 on a quiet machine."""
    clock, core = time.monotonic(), time.process_time()
    while time.process_time() - core < 0.2:
        pass
    return (time.monotonic() - clock) / (time.process_time() - core)


def apply_for_a_card(demo: WholeService) -> None:
    """Have an application made at a registrar's desk and its card made."""
    desk = Desk(demo)
    answer = desk.ask(str(load_cast().member("physician").identity_code))
    desk.close()
    assert answer["outcome"] == "approved", answer
    made = "SELECT state = 'dispatched' FROM cards_order WHERE id = %s"
    assert eventually(lambda: demo.rows(made, answer["order"]) == [(True,)], 60)


def environment(process: int) -> dict[str, str]:
    """As the kernel shows it to others."""
    words = Path(f"/proc/{process}/environ").read_text("utf-8").split("\0")
    return dict(word.partition("=")[::2] for word in words if word)


def test_the_portal_answers_and_status_tells_what_runs(demo: WholeService) -> None:
    assert httpx.get(f"http://localhost:{demo.port}/fi/", follow_redirects=True).status_code == 200
    document = demo.status()
    assert {service["name"] for service in document["services"]} >= SERVICES
    assert {service["state"] for service in document["services"]} == {"ready"}
    assert len(document["authorities"]) == 8
    staff = [person for person in document["people"] if "pin1" in person]
    assert staff and all(len(person["cards"]) == 1 for person in staff)


def test_a_plain_start_soon_offers_the_card_reader_program(demo: WholeService, tmp_path: Path) -> None:
    """Wheel and .deb, as their checksums and signatures say; nothing is built again for the next start."""
    listing = demo.state / "downloads" / "packages.json"
    page = f"http://localhost:{demo.port}/en/reader/"
    assert listing.exists() or "being built just now" in httpx.get(page).text
    assert eventually(listing.exists, 120), (demo.state / "log" / "reader-package.log").read_text()
    text = httpx.get(page).text
    assert "2020 (S4-2)" in text and "What has changed" in text and f"version {version('varmentaja')}" in text
    files = {}
    for name in re.findall(r"/reader/files/([^\"]+)", text):
        (tmp_path / name).write_bytes(httpx.get(f"http://localhost:{demo.port}/reader/files/{name}").content)
        files[Path(name).suffix] = tmp_path / name
    assert {".deb", ".whl", ".gpg", ".asc"} == set(files)
    for file in (files[".deb"], files[".whl"]):
        assert hashlib.sha256(file.read_bytes()).hexdigest() in text
        checked = ["gpgv", "--keyring", str(files[".gpg"]), f"{file}.asc", str(file)]
        subprocess.run(checked, check=True, capture_output=True)
    subprocess.run(["dpkg-deb", "--contents", str(files[".deb"])], check=True, capture_output=True)
    built = listing.stat().st_mtime_ns
    again = demo.say("reader-package")
    assert (again.returncode, listing.stat().st_mtime_ns) == (0, built), again.stderr


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
    assert f"Port {demo.port} (portal) is in use by another program" in refused.stderr


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


def test_the_front_page_lists_the_demo_people(demo: WholeService) -> None:
    page = html.unescape(httpx.get(f"http://localhost:{demo.port}/fi/").text)
    for member in load_cast().members:
        assert f"{member.given_names} {member.family_name}" in page
        assert str(member.identity_code) in page


def test_cards_are_found_by_the_holders_number(demo: WholeService) -> None:
    document = demo.status()
    by_number = {card["number"]: card["printed_serial"] for card in document["cards"]}
    staff = [person for person in document["people"] if "pin1" in person]
    assert len(by_number) >= len(staff) == 3
    assert all(person["cards"] == [by_number[person["electronic_id"]]] for person in staff)


def test_only_who_works_with_the_records_is_told_of_the_database(demo: WholeService) -> None:
    services = demo.services()
    shown = {name: environment(service["pid"]) for name, service in services.items()}
    assert set(shown) >= SERVICES
    for name, variables in shown.items():
        assert variables["VARMENTAJA_STATE"] == str(demo.state), name
        assert not any("DATABASE" in each or "PASSPHRASE" in each for each in variables), name


def test_kill_leaves_nothing_and_the_second_start_has_the_same_data_within_seconds(
    demo: WholeService,
) -> None:
    apply_for_a_card(demo)
    people, before, proved = demo.status()["people"], records(demo), evidence(demo)
    old, slowed = demo.processes(), slowness()
    demo.end(signal.SIGKILL)
    seconds = demo.start()
    assert seconds <= WARM_SECONDS * max(slowed, slowness())
    assert demo.status()["people"] == people
    assert records(demo) == before
    assert evidence(demo) >= proved
    assert eventually(lambda: not (old & demo.processes()), 5)


def test_ctrl_c_ends_everything_cleanly(demo: WholeService) -> None:
    assert demo.end(signal.SIGINT) == 0
    assert eventually(lambda: not demo.processes(), 5), demo.processes()
    assert "Stopped." in demo.output
    assert not (demo.state / "postgres/data/postmaster.pid").exists()
    told = demo.say("status")
    assert (told.returncode, told.stdout) == (1, "Nothing is running. Start the demo with: varmentaja demo\n")
    demo.start()
