# SPDX-License-Identifier: EUPL-1.2
"""A production portal does not start on a TEST hierarchy, nor a test service's on a production one."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest
from tests.support.pki import Demo
from tests.support.whole_service import WholeService

from varmentaja.pki.ceremony import perform_ceremony, read_plan
from varmentaja.pki.keystore import open_software_store

PRODUCTION = {
    "VARMENTAJA_ENVIRONMENT": "production",
    "VARMENTAJA_PUBLIC_URL": "https://portal.example.fi",
    "VARMENTAJA_RESPONDER_URL": "http://ca.example.fi",
    "VARMENTAJA_DATA_PASSPHRASE_FILE": "/nowhere",
    "DATABASE_URL": "postgresql:///nowhere?host=/nowhere",
}
PROGRAMS = ("portal", "tlshost")


@pytest.mark.parametrize("program", PROGRAMS)
def test_production_refuses_a_test_hierarchy(demo: Demo, tmp_path: Path, program: str) -> None:
    service = WholeService(tmp_path / "var")
    assert demo.folder is not None
    shutil.copytree(demo.folder, service.state / "hierarchy")
    service.environment |= PRODUCTION
    refused = service.say(program)
    assert (refused.returncode, refused.stdout) == (5, "")
    assert "This is a TEST hierarchy" in refused.stderr


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_test_service_refuses_a_production_hierarchy(tmp_path: Path, program: str) -> None:
    service = WholeService(tmp_path / "var")
    text = (files("varmentaja.profiles") / "hierarchy" / "demo.toml").read_text("utf-8")
    text = text.replace("Varmentaja TEST", "Esimerkki").replace("test = true", "test = false")
    plan = read_plan(text, base_url="http://ca.example.fi")
    root = replace(plan, certificates=tuple(p for p in plan.certificates if p.id == "root-ecc"))
    store = open_software_store(tmp_path / "keys", b"x", random=os.urandom)
    perform_ceremony(root, store, service.state / "hierarchy", now=datetime.now(UTC), random=os.urandom)
    refused = service.say(program)
    assert (refused.returncode, refused.stdout) == (5, "")
    assert "This is a production hierarchy" in refused.stderr


def test_without_a_hierarchy_there_is_no_portal(tmp_path: Path) -> None:
    refused = WholeService(tmp_path / "var").say("portal")
    assert refused.returncode == 4
    assert "no certificate hierarchy here yet" in refused.stderr
