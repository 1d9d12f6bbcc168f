# SPDX-License-Identifier: EUPL-1.2
"""docs/integration/scs.md: each of its commands is run by bash and curl, and answers what stands below it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.reader_fakes import PIN1, MemoryCard, OneReader, TinyHierarchy, Typist

from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.http import LocalServer
from varmentaja.reader.https import LocalTls
from varmentaja.reader.scs import MAX_BODY, Problem, Reason
from varmentaja.reader.scs_http import PORTS, https_ports, scs_app
from varmentaja.reader.scs_pages import ScsPages
from varmentaja.reader.signing import ScsService
from varmentaja.relying_party.page import addresses

GUIDE = (Path(__file__).parents[3] / "docs" / "integration" / "scs.md").read_text("utf-8")
EXAMPLES = re.findall(r"```sh\n(.*?)```(?:\n\n```(json|http)\n(.*?)```)?", GUIDE, re.DOTALL)
OMITTED = "…"


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> LocalTls:
    return LocalTls(tmp_path_factory.mktemp("home") / "var" / "reader")


@pytest.fixture
def servers(tls: LocalTls) -> Iterator[dict[int, LocalServer]]:
    """The program with a card, by the ports that the page names; the right PIN is typed whatever is asked."""
    card = MemoryCard(TinyHierarchy())
    card.pins = dict.fromkeys(card.pins, PIN1)
    service = ScsService(OneReader([InsertedCard("1", card)]), Typist([PIN1]))
    app = scs_app(service, ScsPages(tls, lambda: "https://127.0.0.1"))
    running = {
        53951: LocalServer(app, ports=(0,), max_body=MAX_BODY),
        53952: LocalServer(app, ports=(0,), max_body=MAX_BODY, tls=tls.context),
    }
    for server in running.values():
        server.start()
    yield running
    for server in running.values():
        server.close()


@pytest.mark.parametrize(("command", "kind", "expected"), EXAMPLES)
def test_an_example_answers_what_the_page_shows(
    servers: dict[int, LocalServer], tls: LocalTls, tmp_path: Path, command: str, kind: str, expected: str
) -> None:
    for port, server in servers.items():
        command = command.replace(str(port), str(server.port))
    folder = tls.authority_file.parents[2]
    done = subprocess.run(["bash", "-euc", command], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    if kind == "http":
        said = {line.strip() for line in done.stdout.splitlines()}
        assert set(expected.splitlines()) <= said
    else:
        answer = json.loads(done.stdout)
        assert fits(answer, json.loads(expected)) if kind else answer["version"] == "1.2", answer


def fits(answer: Any, shown: Any) -> bool:
    """Whether an answer is what is shown, in its order; an ellipsis stands for any text that is not empty."""
    if isinstance(shown, dict):
        return list(answer) == list(shown) and all(fits(answer[name], shown[name]) for name in shown)
    if isinstance(shown, list):
        return len(answer) == len(shown) and all(map(fits, answer, shown))
    return bool(answer) if shown == OMITTED else bool(answer == shown)


def test_there_are_examples_of_every_kind() -> None:
    assert [kind for _, kind, _ in EXAMPLES] == ["json", "json", "json", "json", "http", ""]


def test_the_page_names_every_port_and_the_order() -> None:
    for ports in (PORTS, https_ports(PORTS)):
        assert ", ".join(map(str, ports)) in GUIDE
    order = [address.rpartition(":")[2] for address in addresses()]
    assert ", ".join(order) in " ".join(GUIDE.split())


def test_the_page_names_every_reason_and_problem() -> None:
    table = re.findall(r"^\| (\d{3}) \| `(\w+)` \|", GUIDE, re.MULTILINE)
    assert {code for code, _ in table} == {str(int(reason)) for reason in Reason if reason is not Reason.OK}
    assert {problem for _, problem in table} == set(Problem)
