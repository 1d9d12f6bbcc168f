# SPDX-License-Identifier: EUPL-1.2
"""The list of versions is fetched while the program runs, card or no card."""

from __future__ import annotations

import threading
from pathlib import Path

import httpx
import pytest
from tests.support.pki import Demo
from tests.unit.reader.test_examination import Service

from varmentaja.reader import keep_up
from varmentaja.reader.keep_up import KeepUp
from varmentaja.reader.service_link import ServiceLink

SECONDS = 20.0


def test_the_list_is_fetched_at_the_start_and_again_soon_while_the_service_is_away(
    demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keep_up, "_RETRY_SECONDS", 0.01)
    service, tries, heard = Service(demo, tmp_path), [], threading.Event()
    service.away = True
    link = service.link(version="1.8")

    def asked() -> None:
        tries.append(link.ruling("2020"))
        service.away = len(tries) < 3
        if tries[-1] is not None:
            heard.set()

    it = KeepUp(link, asked)
    it.start()
    assert heard.wait(SECONDS)
    it.close()
    assert tries[:3] == [None, None, None], "the service was away"
    assert tries[-1] is not None and tries[-1].refusal is not None


def test_a_fault_does_not_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keep_up, "_RETRY_SECONDS", 0.01)
    tries, heard = [], threading.Event()

    def answer(_: httpx.Request) -> httpx.Response:
        tries.append(1)
        if len(tries) > 2:
            heard.set()
        raise RuntimeError

    link = ServiceLink("http://portal.example", client=httpx.Client(transport=httpx.MockTransport(answer)))
    it = KeepUp(link)
    it.start()
    assert heard.wait(SECONDS)
    it.close()
