# SPDX-License-Identifier: EUPL-1.2
"""Each lie of a status service is found, by its own name, and the truth is not called a lie."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.support.apart import apart
from tests.support.liar import DAY, Liar, serial_of
from tests.support.pki import Demo
from tests.support.responder import free_port
from tests.support.web import serve

from varmentaja.domain.availability import Round, Service, Trouble
from varmentaja.observer.ask import Client
from varmentaja.observer.judge import Judge
from varmentaja.observer.openssl import OpenSsl
from varmentaja.observer.rounds import Observer

HOUR = timedelta(hours=1)


@pytest.fixture
def liar(demo: Demo) -> Liar:
    return Liar(demo, demo.now + timedelta(minutes=1))


@pytest.fixture
def observer() -> Iterator[Observer]:
    client = Client()
    yield Observer(Judge(OpenSsl(shutil.which("openssl") or "")), client)
    client.close()


@pytest.fixture
def look(liar: Liar, observer: Observer) -> Iterator[Callable[[], Round]]:
    with serve(liar) as address:
        yield lambda: apart(lambda: observer.look(liar.plan(address), lambda: liar.now))


def troubles(found: Round) -> set[tuple[Service, Trouble]]:
    return {(each.service, each.trouble) for each in found.findings}


def test_the_truth_passes_and_every_address_is_asked(liar: Liar, look: Callable[[], Round]) -> None:
    found = look()
    assert found.findings == ()
    assert sorted(liar.asked) == ["GET ca"] * 2 + ["GET crl"] * 3 + ["GET ocsp"] * 5 + ["POST ocsp"] * 5
    assert {service: tally.asked for service, tally in found.tallies.items()} == {
        Service.CERTIFICATES: 2,
        Service.CRL: 3,
        Service.OCSP: 10,  # canaries by both digests
    }


def test_a_wrong_good_is_found(liar: Liar, look: Callable[[], Round]) -> None:
    liar.ocsp.revoked = {}
    found = look()
    assert troubles(found) == {
        (Service.OCSP, Trouble.WRONG_STATUS),
        (Service.OCSP, Trouble.DISAGREEMENT),
    }
    wrong = [each for each in found.findings if each.trouble is Trouble.WRONG_STATUS]
    assert {each.subject for each in wrong} == {
        f"{serial_of(liar.revoked)} (GET)",
        f"{serial_of(liar.revoked)} (POST)",
        f"{serial_of(liar.revoked)} (GET, sha256)",
        f"{serial_of(liar.revoked)} (POST, sha256)",
    }
    assert wrong[0].detail == "told to be good, known to be revoked"


def test_a_wrong_good_that_only_some_are_told_is_found(liar: Liar, look: Callable[[], Round]) -> None:
    """Whoever asks by SHA-256 gets another signed answer than whoever asks by SHA-1."""
    liar.ocsp_sha256 = replace(liar.ocsp, revoked={})
    wrong = [each.subject for each in look().findings if each.trouble is Trouble.WRONG_STATUS]
    assert sorted(wrong) == [f"{serial_of(liar.revoked)} ({method}, sha256)" for method in ("GET", "POST")]
    liar.ocsp_sha256 = replace(liar.ocsp, next_update=liar.now - HOUR)
    assert troubles(look()) == {(Service.OCSP, Trouble.STALE)}


def test_a_wrong_revoked_as_in_2023_is_found(liar: Liar, look: Callable[[], Round]) -> None:
    serial = liar.good.serial_number
    for document in (liar.ocsp, liar.full):
        document.revoked = {**document.revoked, serial: liar.now - HOUR}
    assert troubles(look()) == {(Service.OCSP, Trouble.WRONG_STATUS), (Service.CRL, Trouble.WRONG_STATUS)}


def test_a_list_without_a_revoked_canary_is_found(liar: Liar, look: Callable[[], Round]) -> None:
    liar.full.revoked = {}
    assert (Service.CRL, Trouble.WRONG_STATUS) in troubles(look())


def test_stale_lists_and_answers_are_found(liar: Liar, look: Callable[[], Round]) -> None:
    liar.full.next_update = liar.now - HOUR
    assert troubles(look()) == {(Service.CRL, Trouble.STALE)}
    for age in (timedelta(seconds=1), HOUR):
        liar.full.next_update, liar.ocsp.next_update = liar.now + DAY, liar.now - age
        assert troubles(look()) == {(Service.OCSP, Trouble.STALE)}


def test_a_document_that_should_have_been_renewed_is_found(liar: Liar, look: Callable[[], Round]) -> None:
    liar.delta.next_update = liar.now + HOUR
    assert troubles(look()) == {(Service.CRL, Trouble.AGEING)}


def test_ocsp_and_list_that_contradict_each_other_are_found(liar: Liar, look: Callable[[], Round]) -> None:
    liar.full.revoked = {**liar.full.revoked, liar.other.serial_number: liar.now - HOUR}
    found = look()
    assert troubles(found) == {(Service.OCSP, Trouble.DISAGREEMENT)}
    assert found.findings[0].detail == "full list: revoked, list with delta: revoked, OCSP: good"


def test_a_revocation_on_its_way_is_no_contradiction(liar: Liar, look: Callable[[], Round]) -> None:
    liar.ocsp.revoked = {**liar.ocsp.revoked, liar.other.serial_number: liar.now - timedelta(seconds=20)}
    assert look().findings == ()


def test_a_newer_delta_completes_the_list(liar: Liar, look: Callable[[], Round]) -> None:
    revoked = {liar.other.serial_number: liar.now - HOUR}
    liar.ocsp.revoked = {**liar.ocsp.revoked, **revoked}
    liar.delta.number, liar.delta.revoked = 11, revoked
    assert look().findings == ()


def test_a_delta_that_forgets_is_found(liar: Liar, look: Callable[[], Round]) -> None:
    revoked = {liar.other.serial_number: liar.now - HOUR}
    liar.ocsp.revoked = {**liar.ocsp.revoked, **revoked}
    liar.delta.number = 11
    assert troubles(look()) == {(Service.OCSP, Trouble.DISAGREEMENT)}


def test_a_delta_without_its_base_is_found(liar: Liar, look: Callable[[], Round]) -> None:
    liar.delta.number, liar.delta.base = 12, 11
    found = look()
    assert troubles(found) == {(Service.CRL, Trouble.DELTA_WITHOUT_BASE)}
    assert found.findings[0].subject.endswith("/crl/professionals-ecc/0-delta.crl")


@pytest.mark.parametrize(
    ("fault", "trouble"), [("dead", Trouble.UNREACHABLE), ("spoilt", Trouble.INVALID)], ids=["dead", "spoilt"]
)
def test_a_list_whose_delta_is_missing_is_not_called_wrong(
    liar: Liar, look: Callable[[], Round], fault: str, trouble: Trouble
) -> None:
    """What was revoked lately, a canary among it, stands in the delta alone."""
    liar.delta.number, liar.delta.revoked = 11, liar.full.revoked
    liar.full.revoked = {}
    assert look().findings == ()
    getattr(liar, fault).add("delta")
    assert troubles(look()) == {(Service.CRL, trouble)}


def test_a_list_that_comes_back_is_found(liar: Liar, look: Callable[[], Round]) -> None:
    assert look().findings == ()
    liar.full.number, liar.delta.number, liar.delta.base = 9, 9, 9
    assert troubles(look()) == {(Service.CRL, Trouble.GOING_BACK)}


@pytest.mark.parametrize(("kind", "service"), [("ocsp", Service.OCSP), ("crl", Service.CRL)])
def test_one_turned_bit_is_found(liar: Liar, look: Callable[[], Round], kind: str, service: Service) -> None:
    liar.spoilt.add(kind)
    assert troubles(look()) == {(service, Trouble.INVALID)}


def test_another_certificate_of_the_authority_is_found(liar: Liar, look: Callable[[], Round]) -> None:
    liar.spoilt.add("ca")
    assert troubles(look()) == {(Service.CERTIFICATES, Trouble.INVALID)}


def test_a_dead_responder_is_found(observer: Observer, liar: Liar) -> None:
    found = observer.look(liar.plan(f"http://127.0.0.1:{free_port()}"), lambda: liar.now)
    assert troubles(found) == {
        (service, Trouble.UNREACHABLE) for service in (Service.OCSP, Service.CRL, Service.CERTIFICATES)
    }
    assert all(tally.is_down for tally in found.tallies.values())


def test_a_service_that_refuses_is_found(liar: Liar, look: Callable[[], Round]) -> None:
    liar.dead.add("ocsp")
    found = look()
    assert troubles(found) == {(Service.OCSP, Trouble.UNREACHABLE)}
    assert found.findings[0].detail == "HTTP 503"
    assert found.tallies[Service.OCSP].is_down
    assert not found.tallies[Service.CRL].is_down


def test_a_slow_responder_is_found(liar: Liar, look: Callable[[], Round]) -> None:
    liar.delay = 2.1
    found = look()
    assert troubles(found) == {(Service.OCSP, Trouble.SLOW)}
    assert found.tallies[Service.OCSP].median_ms > 2000


def test_an_answer_about_another_certificate_is_refused(liar: Liar, look: Callable[[], Round]) -> None:
    liar.answers_about = liar.good.serial_number
    found = look()
    assert troubles(found) == {(Service.OCSP, Trouble.INVALID)}
    assert not found.tallies[Service.OCSP].is_down  # the good one's own answer can be used


def test_a_worker_that_writes_no_plan_any_more_is_found(liar: Liar, observer: Observer) -> None:
    with serve(liar) as address:
        plan = replace(liar.plan(address), written_at=liar.now - timedelta(minutes=30))
        assert apart(lambda: observer.look(plan, lambda: liar.now)).findings == ()
        plan = replace(plan, written_at=plan.written_at - timedelta(seconds=1))
        found = apart(lambda: observer.look(plan, lambda: liar.now))
    assert troubles(found) == {(Service.CRL, Trouble.OLD_PLAN)}
    assert found.tallies[Service.CRL].lost == 0


def test_a_service_that_puts_everybody_off_is_down(liar: Liar, look: Callable[[], Round]) -> None:
    """``tryLater`` in a 200: an answer to HTTP, and none to who asked."""
    liar.puts_off = True
    found = look()
    assert troubles(found) == {(Service.OCSP, Trouble.INVALID)}
    assert "trylater" in found.findings[0].detail
    assert found.tallies[Service.OCSP].is_down


@pytest.mark.parametrize("kind", ["stale", "spoilt"])
def test_a_service_whose_every_answer_is_of_no_use_is_down(
    liar: Liar, look: Callable[[], Round], kind: str
) -> None:
    if kind == "stale":
        for truth in (liar.ocsp, liar.full, liar.delta, liar.root_list):
            truth.next_update = liar.now - HOUR
    else:
        liar.spoilt |= {"ocsp", "crl"}
    found = look()
    assert found.tallies[Service.OCSP].is_down and found.tallies[Service.CRL].is_down
    assert not found.tallies[Service.CERTIFICATES].is_down
