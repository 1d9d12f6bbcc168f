# SPDX-License-Identifier: EUPL-1.2
"""What the supervisor tells whoever typed ``make run``."""

from __future__ import annotations

import json
import os
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from varmentaja import config
from varmentaja.card.card_list import ListedCard
from varmentaja.card.host_client import CardHostClient
from varmentaja.config import Settings
from varmentaja.ground.service import all_services
from varmentaja.ground.status import as_text, read_status
from varmentaja.ground.supervisor import Supervisor


@pytest.mark.parametrize("nginx", [None, "/usr/sbin/nginx"])
def test_where_nginx_is_not_found_it_says_how_to_switch_sign_in_by_certificate_on(
    nginx: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config.shutil, "which", lambda name, path: nginx)
    now, said = Settings(state=tmp_path), StringIO()
    Supervisor(now, Console(file=said, width=200))._welcome(2.0)
    assert "Ready in 2.0 s" in said.getvalue()
    advice = "Sign-in by certificate is off: install nginx (Debian: nginx-light) and start again."
    assert (advice in said.getvalue()) is (nginx is None)
    assert {"tlshost", "nginx"} & {service.name for service in all_services(now)} == (
        {"tlshost", "nginx"} if nginx else set()
    )


def test_the_first_table_says_in_words_who_people_are_and_which_cards_they_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, said = Settings(state=tmp_path), StringIO()
    people = [
        {"name": "Onni Aho", "role": "nurse_ended", "story": {"en": "A nurse."}, "registration_number": None},
        {"name": "Aino Koski", "role": "officer", "story": {"en": "An officer."}, "electronic_id": "12345"},
    ]
    now.run.mkdir(parents=True, exist_ok=True)
    (now.run / "demo.json").write_text(json.dumps({"people": people}), "utf-8")
    (now.run / "status.json").write_text(json.dumps({"services": [], "supervisor": os.getpid()}), "utf-8")
    monkeypatch.setattr("varmentaja.ground.status._runs", lambda supervisor: True)
    cards = [
        ListedCard(f"{serial}F", serial, "", "Aino Koski", "12345", "Officer", "", True, True, None, None)
        for serial in ("111111111", "222222222")
    ]
    monkeypatch.setattr(CardHostClient, "list", lambda self: cards)
    Supervisor(now, Console(file=said, width=200))._welcome(2.0)
    rows = [" ".join(line.split()) for line in said.getvalue().splitlines()]
    assert rows[:3] == [
        "Demo person Who it is Card",
        "Onni Aho A nurse.",
        "Aino Koski An officer. 111111111, 222222222",
    ]
    told = as_text(read_status(now))
    assert "Aino Koski: An officer, card 111111111, card 222222222" in told
    assert "nurse_ended" not in said.getvalue() + told
