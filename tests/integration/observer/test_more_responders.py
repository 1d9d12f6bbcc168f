# SPDX-License-Identifier: EUPL-1.2
"""Single responders behind the published address, and the one that signs on the spot."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.support.apart import apart
from tests.support.liar import ISSUING, Liar, serial_of
from tests.support.pki import Demo
from tests.support.web import serve

from varmentaja.domain.availability import Round, Service, Trouble
from varmentaja.observer.ask import Client
from varmentaja.observer.judge import Judge
from varmentaja.observer.openssl import OpenSsl
from varmentaja.observer.plan import Copy, Plan
from varmentaja.observer.rounds import Observer

HOUR = timedelta(hours=1)


@pytest.fixture
def liar(demo: Demo) -> Liar:
    return Liar(demo, demo.now + timedelta(minutes=1))


@pytest.fixture
def other(liar: Liar) -> Liar:
    """A second responder for the same certificates."""
    other = Liar(liar.demo, liar.now)
    other.ocsp, other.full, other.delta = replace(liar.ocsp), replace(liar.full), replace(liar.delta)
    return other


@pytest.fixture
def look(liar: Liar, other: Liar) -> Iterator[Callable[[], Round]]:
    client = Client()
    observer = Observer(Judge(OpenSsl(shutil.which("openssl") or "")), client)
    with serve(liar) as address, serve(other) as second:
        plan = _plan(liar, address, second)
        yield lambda: apart(lambda: observer.look(plan, lambda: liar.now))
    client.close()


def _plan(liar: Liar, address: str, second: str) -> Plan:
    plan, theirs = liar.plan(address), liar.plan(second)
    copies = [(Copy(each.ocsp_url, each.lists),) for each in theirs.authorities]
    online = [f"{address}/online/{ISSUING}" if each.name == ISSUING else None for each in plan.authorities]
    authorities = zip(plan.authorities, copies, online, strict=True)
    return replace(
        plan,
        authorities=tuple(replace(each, copies=copy, online_url=url) for each, copy, url in authorities),
    )


def troubles(found: Round) -> set[tuple[Service, Trouble]]:
    return {(each.service, each.trouble) for each in found.findings}


def test_the_truth_passes_and_every_responder_is_asked(
    liar: Liar, other: Liar, look: Callable[[], Round]
) -> None:
    for _ in range(2):  # in the second round with other nonces
        found = look()
        assert found.findings == ()
        assert found.tallies[Service.ONLINE].asked == 4  # the canaries, by both digests
        assert found.tallies[Service.OCSP].asked == 20 and found.tallies[Service.CRL].asked == 6
        assert (found.signed_at, found.holds_until) == (liar.ocsp.this_update, liar.ocsp.next_update)
    assert sorted(set(other.asked)) == ["GET crl", "GET ocsp", "POST ocsp"]


def test_one_responder_that_was_left_behind_is_found_by_its_address(
    liar: Liar, other: Liar, look: Callable[[], Round]
) -> None:
    revoked = {**liar.full.revoked, liar.other.serial_number: liar.now - HOUR}
    liar.full.revoked = liar.ocsp.revoked = revoked
    liar.full.number = liar.delta.number = 11
    found = look()
    assert troubles(found) == {(Service.OCSP, Trouble.DISAGREEMENT), (Service.CRL, Trouble.DISAGREEMENT)}
    (behind,) = [each for each in found.findings if each.service is Service.CRL]
    assert "number 10 instead of 11" in behind.detail and behind.subject.endswith(
        "/crl/professionals-ecc/0.crl"
    )
    other.ocsp.revoked = {}
    wrong = [each for each in look().findings if each.trouble is Trouble.WRONG_STATUS]
    assert len(wrong) == 4
    assert all(each.subject.startswith(f"{serial_of(liar.revoked)} (") for each in wrong)
    assert all(", 127.0.0.1:" in each.subject for each in wrong)


def test_a_copy_that_was_left_behind_is_found_though_the_delta_is_missing(
    liar: Liar, look: Callable[[], Round]
) -> None:
    liar.full.revoked = {**liar.full.revoked, liar.other.serial_number: liar.now - HOUR}
    liar.full.number = 11
    liar.dead.add("delta")
    found = look()
    assert troubles(found) == {(Service.CRL, Trouble.UNREACHABLE), (Service.CRL, Trouble.DISAGREEMENT)}
    assert [each.detail for each in found.findings if each.trouble is Trouble.DISAGREEMENT] == [
        f"number 10 instead of 11 lacks {liar.other.serial_number:x}"
    ]


def test_one_responder_that_ages_or_is_dead_is_found(other: Liar, look: Callable[[], Round]) -> None:
    other.ocsp.next_update = other.now + HOUR
    found = look()
    assert troubles(found) == {(Service.OCSP, Trouble.AGEING)}
    assert found.holds_until == other.now + HOUR
    other.dead.add("ocsp")
    assert troubles(look()) == {(Service.OCSP, Trouble.UNREACHABLE)}


@pytest.mark.parametrize(
    ("nonce", "detail"),
    [
        (lambda nonce: None, "WARNING: no nonce in response"),
        (lambda nonce: nonce[:-1] + bytes([nonce[-1] ^ 1]), "Nonce Verify error"),
    ],
)
def test_a_nonce_that_does_not_come_back_is_found(
    liar: Liar, look: Callable[[], Round], nonce: Callable[[bytes], bytes | None], detail: str
) -> None:
    liar.nonce = nonce
    found = look()
    assert troubles(found) == {(Service.ONLINE, Trouble.INVALID)}
    assert {each.detail for each in found.findings} == {detail}


def test_a_wrong_status_signed_on_the_spot_is_found(liar: Liar, look: Callable[[], Round]) -> None:
    liar.ocsp.revoked = {}
    found = look()
    assert (Service.ONLINE, Trouble.WRONG_STATUS) in troubles(found)


def test_a_dead_online_responder_is_its_own_trouble(liar: Liar, look: Callable[[], Round]) -> None:
    liar.dead.add("online")
    found = look()
    assert troubles(found) == {(Service.ONLINE, Trouble.UNREACHABLE)}
    assert found.tallies[Service.ONLINE].is_down and not found.tallies[Service.OCSP].is_down
