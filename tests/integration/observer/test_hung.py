# SPDX-License-Identifier: EUPL-1.2
"""A service that takes every question and says nothing is told of in time, however many there are."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.support.apart import apart
from tests.support.liar import ROOT, Liar
from tests.support.listener import Listener
from tests.support.pki import Demo
from tests.support.web import serve

from varmentaja.domain.availability import Limits, Round, Service, Trouble, limits
from varmentaja.observer.ask import Client, Reply
from varmentaja.observer.judge import Judge
from varmentaja.observer.openssl import OpenSsl
from varmentaja.observer.plan import Copy, Lists, Plan
from varmentaja.observer.questions import AnyQuestion, Question, ask_all
from varmentaja.observer.rounds import Observer

SHARDS = 150
HURRIED = replace(limits(), lost=timedelta(seconds=0.3))
PATIENT = replace(limits(), lost=timedelta(seconds=3))
"""Where others are to answer in time."""


@pytest.fixture
def listener() -> Iterator[Listener]:
    with closing(Listener()) as listener:
        yield listener


@pytest.fixture
def liar(demo: Demo) -> Liar:
    return Liar(demo, demo.now + timedelta(minutes=1))


def hurry(monkeypatch: Any, allowed: Limits) -> None:
    for module in ("ask", "questions"):
        monkeypatch.setattr(f"varmentaja.observer.{module}.limits", lambda: allowed)


def look(liar: Liar, plan: Plan, monkeypatch: Any, allowed: Limits) -> Round:
    hurry(monkeypatch, allowed)
    with closing(Client()) as client:
        observer = Observer(Judge(OpenSsl(shutil.which("openssl") or "")), client)
        return apart(lambda: observer.look(plan, lambda: liar.now))


def many(address: str, authority: str = "a", shards: int = SHARDS) -> tuple[Lists, ...]:
    """Addresses of 300 lists."""
    path = f"{address}/crl/{authority}"
    return tuple(Lists(f"{path}/{n}.crl", f"{path}/{n}-delta.crl", "") for n in range(shards))


@pytest.mark.parametrize(
    "allowed",
    [HURRIED, replace(HURRIED, in_vain=10**6, asking=timedelta(seconds=0.5))],
    ids=["given up", "time is up"],
)
def test_a_hung_service_is_told_of_and_not_waited_for(
    liar: Liar, listener: Listener, monkeypatch: Any, allowed: Limits
) -> None:
    plan = liar.plan(listener.address)
    root, issuing = plan.authorities
    root = replace(root, lists=many(listener.address))
    found = look(liar, replace(plan, authorities=(root, issuing)), monkeypatch, allowed)
    assert {service: tally.asked for service, tally in found.tallies.items()} == {
        Service.CERTIFICATES: 2,
        Service.CRL: 2 * SHARDS + 2,
        Service.OCSP: 10,
    }
    assert all(tally.is_down for tally in found.tallies.values())
    assert {each.trouble for each in found.findings} == {Trouble.UNREACHABLE}
    assert len({each.detail for each in found.findings}) > 1, "some waited, the rest was given up"
    assert found.tallies[Service.CRL].median_ms >= 300
    assert Service.CRL in found.unasked and Service.CERTIFICATES not in found.unasked
    assert len(listener.held) < 60


def test_a_hung_responder_takes_nothing_from_the_others(
    liar: Liar, listener: Listener, monkeypatch: Any
) -> None:
    with serve(liar) as address:
        plan = liar.plan(address)
        root, issuing = plan.authorities
        issuing = replace(issuing, copies=tuple(Copy(None, (each,)) for each in many(listener.address)))
        found = look(liar, replace(plan, authorities=(root, issuing)), monkeypatch, PATIENT)
    assert len(listener.held) < 60
    assert {each.trouble for each in found.findings} == {Trouble.UNREACHABLE}
    assert {service: tally.lost for service, tally in found.tallies.items()} == {
        Service.CERTIFICATES: 0,
        Service.CRL: 2 * SHARDS,
        Service.OCSP: 0,
    }


def test_lists_are_asked_though_the_status_beside_them_hangs(liar: Liar, monkeypatch: Any) -> None:
    """One address, two programs behind it."""
    liar.delay = 6.0
    with serve(liar) as address:
        found = look(liar, liar.plan(address), monkeypatch, PATIENT)
    assert found.tallies[Service.OCSP].is_down
    assert found.tallies[Service.CRL].lost == found.tallies[Service.CERTIFICATES].lost == 0


def test_lists_of_one_authority_that_hang_do_not_make_the_service_lost(liar: Liar, monkeypatch: Any) -> None:
    """The first one's, which would hold all threads before a second one is asked."""
    liar.slow = lambda path: 6.0 if path.startswith(f"/crl/{ROOT}/") else 0.0
    with serve(liar) as address:
        plan = liar.plan(address)
        root, issuing = plan.authorities
        root = replace(root, lists=many(address, ROOT, 20))
        found = look(liar, replace(plan, authorities=(root, issuing)), monkeypatch, PATIENT)
    lists = found.tallies[Service.CRL]
    assert (lists.asked, lists.lost) == (42, 40) and not lists.is_down


def test_a_slow_service_is_slow_and_each_of_its_lists_gets_its_turn(liar: Liar, monkeypatch: Any) -> None:
    """The time of a round is too short for all of them."""
    liar.slow = lambda path: 0.1 if path.startswith("/crl/") else 0.0
    allowed = replace(limits(), asking=timedelta(seconds=0.25))
    with serve(liar) as address, closing(Client()) as client:
        plan = liar.plan(address)
        root, issuing = plan.authorities
        lists = many(address, ROOT, 20)
        plan = replace(plan, authorities=(replace(root, lists=lists), issuing))
        hurry(monkeypatch, allowed)
        observer = Observer(Judge(OpenSsl(shutil.which("openssl") or "")), client)
        missed = {url for each in lists for url in (each.full, each.delta)}
        for _ in range(30):
            found = apart(lambda: observer.look(plan, lambda: liar.now))
            told = [each for each in found.findings if each.service is Service.CRL]
            slow = {each.subject for each in told if each.detail.startswith("not asked")}
            tally = found.tallies[Service.CRL]
            assert slow and Service.CRL in found.unasked
            assert tally.asked + len(slow) == 42 and 0 < tally.median_ms <= tally.slowest_ms < 10_000
            assert Trouble.SLOW in {each.trouble for each in told} and not tally.is_down
            assert Trouble.UNREACHABLE not in {each.trouble for each in told}
            missed &= slow
            if not missed:
                break
    assert not missed


def test_a_service_is_slow_though_its_first_answer_comes_when_the_time_is_up(
    liar: Liar, monkeypatch: Any
) -> None:
    with serve(liar) as address:
        plan = liar.plan(address)
        found = look(liar, plan, monkeypatch, replace(limits(), asking=timedelta()))
    assert {each.trouble for each in found.findings} == {Trouble.SLOW}
    assert all(tally.asked and not tally.lost for tally in found.tallies.values())


def test_a_full_list_is_not_judged_without_the_delta_that_was_not_asked_for(
    liar: Liar, monkeypatch: Any
) -> None:
    """What was revoked lately stands in the delta alone."""
    liar.delta.revoked, liar.full.revoked = liar.full.revoked, {}
    liar.delta.number = liar.full.number + 1

    def no_time_for_the_delta(*asked: Any) -> dict[AnyQuestion, Reply]:
        replies = ask_all(*asked)
        skipped = {each for each in replies if isinstance(each, Question) and each.url.endswith("-delta.crl")}
        assert skipped
        return {**replies, **{each: Reply(b"", 0, "not asked", Trouble.SLOW) for each in skipped}}

    with serve(liar) as address:
        plan = liar.plan(address)
        assert look(liar, plan, monkeypatch, limits()).findings == ()
        monkeypatch.setattr("varmentaja.observer.rounds.ask_all", no_time_for_the_delta)
        found = look(liar, plan, monkeypatch, limits())
    assert {each.trouble for each in found.findings} == {Trouble.SLOW}
    assert found.unasked == {Service.CRL} and found.tallies[Service.CRL].asked == 2
