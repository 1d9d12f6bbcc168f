# SPDX-License-Identifier: EUPL-1.2
"""Sign-in with a card: curl with OpenSC's PKCS#11 module, pcscd, vpcd and a virtual card."""

from __future__ import annotations

import dataclasses
import os
import shlex
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from tests.integration.tls.conftest import World, begin
from tests.support import nginx
from tests.support.browser import CHROMIUM
from tests.support.browser_window import NssHome, browser_window, wait_for_dialog
from tests.support.desktop import Desktop
from tests.support.pcsc import ONE_PIN_MODULE, Pcsc
from tests.support.service import Service

from varmentaja.adapters.card_factory.simulator import SimulatedCardFactory
from varmentaja.adapters.sandbox.faults import Faults
from varmentaja.apps.cards.models import Card
from varmentaja.domain.pins import pin_rules
from varmentaja.ports.connected import connect
from varmentaja.signer.keys import ISSUER_SECRET

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.pcsc, pytest.mark.xdist_group("pcsc")]

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop in this very thread

PIN1, PIN2 = "2580", "258036"


@pytest.fixture
def with_reader(service: Service, pcsc: Pcsc) -> Service:
    """The service, its card factory making cards that can be put into pcscd's reader."""
    factory = SimulatedCardFactory(
        pcsc.host,
        service.folder / "factory",
        service.demo.store.derive(ISSUER_SECRET, b"master", 32),
        service.outside.sender,
        os.urandom,
        Faults(service.faults),
    )
    outside = dataclasses.replace(service.outside, card_factory=factory)
    connect(outside)
    return dataclasses.replace(service, outside=outside, cards=pcsc.host)


@pytest.fixture
def world(
    with_reader: Service, pcsc: Pcsc, hierarchy_folder: Path, tmp_path: Path, settings: Any
) -> Iterator[World]:
    """nginx and curl beside pcscd; sockets in files lead out of its namespace to everything else."""
    with ExitStack() as stack:
        made = begin(stack, with_reader, hierarchy_folder, tmp_path, settings)
        asked = ["curl", "--silent", "--insecure", "--output", "/dev/null", made.portal]
        config = tmp_path / "nginx" / "nginx.conf"
        stack.enter_context(nginx.running(config, lambda: pcsc.run(asked).returncode == 0, pcsc.start))
        made.runner = pcsc.run
        yield made


def activate(world: World, pcsc: Pcsc, card: Card) -> None:
    """With the code, by OpenSC's own tool."""
    custody = world.service.outside.custody
    assert custody is not None and card.chip_serial
    code = custody.activation_code(card.chip_serial, pin_rules(card.product, card.generation).code_length)
    for pin_id, pin in (("01", PIN1), ("02", PIN2)):
        unblock = ["pkcs15-tool", "--reader", "0", "--unblock-pin", "--auth-id", pin_id]
        done = pcsc.run([*unblock, "--puk", code, "--new-pin", pin])
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("algorithm", ["ecc", "rsa"])
def test_a_card_in_the_reader_signs_its_holder_in_to_my_card(
    world: World, pcsc: Pcsc, monkeypatch: pytest.MonkeyPatch, settings: Any, algorithm: str
) -> None:
    settings.CARD_ALGORITHM = algorithm
    card = world.service.made_card()
    world.publish()
    pcsc.insert(card.chip_serial)
    activate(world, pcsc, card)
    monkeypatch.setenv("PKCS11_MODULE_PATH", str(ONE_PIN_MODULE))
    engine = ["--engine", "pkcs11", "--cert-type", "ENG", "--key-type", "ENG"]
    engine += ["--cert", "pkcs11:id=%45;type=cert", "--key", f"pkcs11:id=%45;type=private;pin-value={PIN1}"]
    answer = world.sign_in(None, *engine, next="")
    assert (answer.status, answer.url) == (200, f"{world.portal}/en/my-card/")
    assert card.person.family_name in answer.text
    card.refresh_from_db()
    assert (card.state, card.algorithm) == ("activated", algorithm)
    pcsc.pull(card.chip_serial)


def test_chromium_asks_for_the_pin_of_the_card_and_signs_its_holder_in(
    world: World, pcsc: Pcsc, browser: Browser, desktop: Desktop, tmp_path: Path
) -> None:
    """Chromium's own handshake, with the key on the card."""
    card = world.service.made_card()
    world.publish()
    pcsc.insert(card.chip_serial)
    activate(world, pcsc, card)
    home = NssHome(tmp_path / "home")
    home.trust_site(world.server_certificate)
    home.add_module(ONE_PIN_MODULE)
    program = tmp_path / "chromium"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(pcsc.enter)} {CHROMIUM} "$@"\n')
    program.chmod(0o755)
    with browser_window(browser, desktop, home, program=str(program)) as window:
        page = window.pages[0]
        page.goto(f"{world.portal}/en/sign-in/?next=/en/my-card/")
        page.get_by_role("link", name="certificate choice").click(no_wait_after=True)
        desktop.wait_for("Unlock Security Device")
        desktop.type(PIN1)
        desktop.press("Return")
        wait_for_dialog(desktop)  # which certificate: there is one
        desktop.press("Return")
        page.wait_for_url("**/en/my-card/", timeout=30_000)
        assert card.person.family_name in page.locator("body").inner_text()
    pcsc.pull(card.chip_serial)
