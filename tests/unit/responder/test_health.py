# SPDX-License-Identifier: EUPL-1.2
"""Health and metrics: a publisher that has stopped is told long before anything it signed is out of date."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.responder import request_for
from tests.support.status import DAY, HOUR, NOW, Authority, Publication

from varmentaja.pki.publication import Answer, PublicationReader, verifier
from varmentaja.responder.ages import ages_of_answers
from varmentaja.responder.app import Responder
from varmentaja.responder.counters import Counters
from varmentaja.responder.watch import MIRROR_STATE, Watch

_PEOPLE = Authority("people")
_SERIALS = range(100, 140)


class Served:
    """A publication and a responder over it, by a clock that a test sets."""

    def __init__(self, folder: Path) -> None:
        self.now = NOW
        self.publication = Publication(folder)
        self.watch = Watch(PublicationReader(folder, verifier(self.publication.key.public_key())))
        self.counters = Counters(2)
        self._responder = Responder(self.watch, lambda: self.now.timestamp(), self.counters)

    def publish(self, *answers: Answer, number: int) -> None:
        """By a publisher who signs lists for two days."""
        crl = _PEOPLE.crl(number=number, now=self.now)
        object.__setattr__(crl, "next_update", self.now + 2 * DAY)
        self.publication.publisher.publish(answers, [crl], {"people": _PEOPLE.der}, number, self.now)
        self.look()

    def look(self) -> None:
        self.watch.look()
        self.watch.measure()

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[str, bytes]:
        told: list[Any] = []
        environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "wsgi.input": io.BytesIO(body)}
        environ["CONTENT_LENGTH"] = str(len(body))
        content = b"".join(self._responder(environ, lambda *start: told.extend(start)))
        self.counters.workers[1].count(environ, told[0], 0.0002)
        return told[0], content

    def health(self) -> tuple[str, dict[str, Any]]:
        status, body = self.ask("GET", "/health")
        return status[:3], json.loads(body)

    def metrics(self) -> dict[str, float]:
        text = self.ask("GET", "/metrics")[1].decode()
        rows = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
        return {name.removeprefix("varmentaja_responder_"): float(value) for name, _, value in rows}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    yield Served(tmp_path / "publication")


def test_a_publisher_that_has_stopped_is_told_long_before_anything_is_stale(served: Served) -> None:
    served.publish(*(_PEOPLE.answer(serial) for serial in _SERIALS), number=1)
    told = []
    for hours in (0, 20, 35, 37, 47, 48, 7 * 24):
        served.now = NOW + hours * HOUR
        status, report = served.health()
        values = served.metrics()
        told.append((hours, status, report["state"]))
        assert report["holds_until"] == (NOW + 2 * DAY).isoformat()
        for kind in ("answer", "crl"):
            assert values[f"{kind}_age_seconds"] == hours * 3600
            assert values[f"{kind}_left_seconds"] == (48 - hours) * 3600
    assert told == [
        (0, "200", "ok"),
        (20, "200", "ok"),
        (35, "200", "ok"),
        (37, "200", "ageing"),
        (47, "200", "ageing"),
        (48, "503", "expired"),
        (7 * 24, "503", "expired"),
    ]


def test_one_answer_that_was_not_renewed_is_found_among_many(served: Served) -> None:
    served.publish(*(_PEOPLE.answer(serial) for serial in _SERIALS), number=1)
    served.now = NOW + DAY
    renewed = [_PEOPLE.answer(serial, now=served.now) for serial in _SERIALS if serial != 117]
    served.publish(*renewed, number=2)
    assert served.metrics()["answer_age_seconds"] == 24 * 3600
    served.now = NOW + 2 * DAY + HOUR
    status, report = served.health()
    assert (status, report["state"]) == ("200", "stale")
    served.publish(_PEOPLE.answer(117, now=served.now), number=3)
    assert served.health()[1]["state"] == "ok"
    assert served.metrics()["answer_age_seconds"] == 25 * 3600


def test_ages_are_those_of_what_is_in_force(served: Served) -> None:
    """Whatever lies in older segments: the same by the plain rule, the newest word for each serial."""
    chance, held = random.Random(5), dict[int, Answer]()
    for number in range(1, 12):
        served.now = NOW + number * HOUR
        some = chance.sample(_SERIALS, k=chance.choice([1, 2, 5, 30]))
        fresh = [_PEOPLE.answer(serial, now=served.now - serial * timedelta(seconds=1)) for serial in some]
        fresh = [each for each in fresh if held.get(each.serial, each).this_update <= each.this_update]
        if number == 9:
            fresh.append(Answer.withdrawn("people", min(held), 0, served.now))
        held |= {each.serial: each for each in fresh}
        served.publish(*fresh, number=number)
        snapshot = served.watch.view and served.watch.view.snapshot
        assert snapshot is not None
        in_force = [each for each in held.values() if each.sha1]
        assert ages_of_answers(snapshot) == (
            min(each.this_update for each in in_force).timestamp(),
            min(each.next_update for each in in_force).timestamp(),
            max(each.next_update for each in in_force).timestamp(),
        )


def test_nothing_and_a_refused_set(served: Served) -> None:
    assert served.health() == ("503", {"state": "empty", "problem": None})
    assert served.metrics()["serving"] == 0
    served.publish(_PEOPLE.answer(100), number=1)
    (served.publication.folder / "head.json").write_text("{}")
    served.look()
    status, report = served.health()
    assert (status, report["state"], report["set"]) == ("200", "behind", 1)
    assert served.metrics()["behind"] == 1 and served.metrics()["serving"] == 1


def test_the_mirror_that_fills_the_folder_is_told_of(served: Served) -> None:
    served.publish(_PEOPLE.answer(100), number=1)
    assert "mirror_behind" not in served.metrics()
    state = {"looked_at": (NOW - HOUR).isoformat(), "problem": "gone"}
    (served.publication.folder / MIRROR_STATE).write_text(json.dumps(state))
    values = served.metrics()
    assert (values["mirror_behind"], values["mirror_age_seconds"]) == (1, 3600)
    assert served.health()[1]["mirror"] == state
    for nonsense in ("{", "{}", "[]", '{"looked_at": 1, "problem": null}', '{"looked_at": "x"}'):
        (served.publication.folder / MIRROR_STATE).write_text(nonsense)
        assert "mirror_behind" not in served.metrics()


def test_requests_are_counted_by_method_and_outcome(served: Served) -> None:
    served.publish(_PEOPLE.answer(100), number=1)
    issued, unknown = (request_for(_PEOPLE.certificate, serial) for serial in (100, 99))
    for body in (issued, issued, unknown, b"nonsense"):
        served.ask("POST", "/ocsp/people", body)
    for method, path in (
        ("GET", "/crl/people/0.crl"),
        ("HEAD", "/ca/people.crt"),
        ("GET", "/nowhere"),
        ("BREW", "/ocsp/people"),
    ):
        served.ask(method, path)
    values = served.metrics()
    counted = {name: value for name, value in values.items() if name.startswith("requests_total")}
    assert counted == {
        f'requests_total{{method="{method}",outcome="{outcome}",worker="1"}}': value
        for method, outcome, value in (
            ("POST", "answer", 2),
            ("POST", "unauthorized", 1),
            ("POST", "malformed", 1),
            ("GET", "list", 1),
            ("HEAD", "certificate", 1),
            ("GET", "not_found", 1),
            ("other", "turned_away", 1),
        )
    }
    assert values['request_seconds_bucket{le="0.0001",worker="1"}'] == 0
    assert values['request_seconds_bucket{le="0.00025",worker="1"}'] == 8
    assert values['request_seconds_count{worker="1"}'] == 8
    assert values['request_seconds_sum{worker="1"}'] == pytest.approx(0.0016)
    assert values['request_seconds_count{worker="0"}'] == 0


@pytest.mark.parametrize("place", ["reading", "viewing"])
def test_an_unforeseen_fault_is_told_and_tried_again(
    served: Served, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Out of memory, say: the newest state must not be passed over in silence."""
    served.publish(_PEOPLE.answer(100), number=1)

    def fail(*_: object) -> None:
        raise MemoryError("no room")

    with monkeypatch.context() as patch:
        if place == "reading":
            patch.setattr(served.watch._reader, "load", fail)
        else:
            patch.setattr("varmentaja.responder.watch.View", fail)
        served.publish(_PEOPLE.answer(100, revoked=True), number=2)
        served.watch.look()
        status, report = served.health()
        assert (status, report["state"], report["set"]) == ("200", "behind", 1)
        assert report["problem"] == "MemoryError: no room"
    served.watch.look(again=True)
    assert served.health()[1]["set"] == 2 and served.watch.problem is None
