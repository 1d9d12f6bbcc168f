# SPDX-License-Identifier: EUPL-1.2
"""Two officers' word lets out what they saw: these certificates in answers and lists, and no others."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.integration.apps.test_gate_bulk import (
    AUTHORITY,
    SECOND,
    alarms,
    publish_all,
    release,
    revoke,
    told_revoked,
)
from tests.integration.apps.test_publication_gate import officers
from tests.support.rows import issued_rows
from tests.support.service import Service

from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status.actions import publish_status as publishing
from varmentaja.apps.status.actions.publish_status import publish_answers, publish_revocations, publish_status
from varmentaja.apps.status.actions.release_publication import agree_to_release, ask_for_release
from varmentaja.apps.status.holds import MOST_WAITING, hold_back
from varmentaja.apps.status.models import CrlShard, Hold
from varmentaja.domain.errors import DomainError, Kind, message
from varmentaja.domain.publication_gate import Finding, Gate, HoldState
from varmentaja.pki.publication import gates

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "BATCH", 3)


def revoked_rows(count: int, now: datetime) -> list[Any]:
    """Certificates that relying parties have been told of as revoked."""
    rows = issued_rows(count, now=now)
    publish_all(now)
    revoke(rows, now)
    publish_all(now)
    return rows


def restore(rows: Sequence[Any], now: datetime) -> None:
    """The records call them good again, as after a fault was mended."""
    for row in Certificate.objects.filter(pk__in=[row.pk for row in rows]):
        row.state, row.revoked_at, row.revocation_reason = "issued", None, ""
        row.revision, row.answer_due_at = row.revision + 1, now
        row.save()


def test_of_a_backlog_those_pass_that_officers_saw(service: Service) -> None:
    now = service.now + SECOND
    rows = revoked_rows(9, service.now)
    restore(rows, now)
    assert publish_status(now=now) is None
    hold = Hold.objects.get()
    assert (hold.gate, hold.count) == (Gate.GOING_BACK, 3)
    release(service, hold, now)
    assert publish_answers(now=now) is not None
    assert publish_answers(now=now) is None, "three others, of whom nobody has been asked"
    assert told_revoked(service, rows) == 6
    hold.refresh_from_db()
    assert (hold.state, hold.count) == (HoldState.RELEASED, 3)
    other = Hold.objects.get(state=HoldState.HELD)
    assert other.count == 3
    assert not {serial for _, serial in other.certificates} & {serial for _, serial in hold.certificates}


def test_a_list_of_all_that_are_good_again_shows_them_all_at_once(service: Service) -> None:
    now = service.now + SECOND
    rows = revoked_rows(25, service.now)
    restore(rows, now)
    CrlShard.objects.update(due_at=now)
    assert publish_status(now=now) is None
    hold = Hold.objects.get()
    assert (hold.count, len(hold.certificates)) == (25, 25), "three that wait for their answer are among them"
    release(service, hold, now)
    publish_all(now)
    assert told_revoked(service, rows) == 0
    hold.refresh_from_db()
    assert hold.state == HoldState.USED and Hold.objects.count() == 1, "nobody had to sign again"


def test_one_word_serves_the_answers_and_then_the_list(service: Service) -> None:
    now = service.now + SECOND
    rows = revoked_rows(3, service.now)
    restore(rows, now)
    assert publish_answers(now=now) is None
    release(service, Hold.objects.get(), now)
    CrlShard.objects.update(due_at=now)
    assert publish_answers(now=now) is not None
    assert told_revoked(service, rows) == 0
    assert Hold.objects.get().state == HoldState.RELEASED
    assert publish_revocations(now=now) is not None
    assert Hold.objects.get().state == HoldState.USED


def due_again(count: int, service: Service) -> datetime:
    """So many published certificates whose answers are to be renewed at the moment that is returned."""
    now = service.now + SECOND
    issued_rows(count, now=service.now)
    publish_all(service.now)
    Certificate.objects.update(answer_due_at=now)
    return now


def test_what_is_refused_is_held_again_at_the_next_publication(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = due_again(9, service)
    monkeypatch.setenv("PATH", str(service.folder))
    assert publish_answers(now=now) is None
    hold = Hold.objects.get()
    assert (hold.gate, hold.subject, hold.count) == (Gate.REJECTED, "openssl", 1)
    release(service, hold, now)
    assert publish_answers(now=now) is not None
    hold.refresh_from_db()
    assert hold.state == HoldState.USED
    assert publish_answers(now=now) is None, "nobody has looked at these"
    assert Hold.objects.filter(state=HoldState.HELD).count() == 1


def test_one_word_does_not_cover_two_rules_that_cannot_judge(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = due_again(2, service)

    def fails(_: object) -> None:
        raise ValueError("a fault of ours")

    monkeypatch.setattr(gates, "going_back", fails)
    assert publish_answers(now=now) is None
    release(service, Hold.objects.get(), now)
    with monkeypatch.context() as patch:
        patch.setattr(gates, "disagreement", fails)
        assert publish_answers(now=now) is None, "the officers have seen one"
    assert publish_answers(now=now) is not None


def test_each_part_of_a_set_that_is_made_anew_needs_a_word_of_its_own(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = service.now + SECOND
    issued_rows(9, now=service.now)
    publish_all(service.now)
    shutil.rmtree(service.folder / "publication")
    monkeypatch.setenv("PATH", str(service.folder))
    assert publish_revocations(now=now) is None
    hold = Hold.objects.get()
    release(service, hold, now)
    assert publish_revocations(now=now) is not None
    assert publish_revocations(now=now) is None
    hold.refresh_from_db()
    assert hold.state == HoldState.USED


def found(*serials: int, gate: Gate = Gate.GOING_BACK, count: int = 0) -> Finding:
    names = tuple((AUTHORITY, serial) for serial in serials)
    return Finding(gate, AUTHORITY, count or len(names), message("Found"), names)


def held() -> list[tuple[str, list[int]]]:
    rows = Hold.objects.order_by("id")
    return [(row.state, [int(serial, 16) for _, serial in row.certificates]) for row in rows]


def test_a_hold_shows_what_has_joined_it(service: Service) -> None:
    hold_back([found(1, 2)], now=service.now)
    hold_back([found(1, 2, 3)], now=service.now)
    hold_back([found(2)], now=service.now)
    assert held() == [("held", [1, 2, 3])] and Hold.objects.get().count == 3 and len(alarms()) == 1


def test_other_certificates_are_a_hold_of_their_own(service: Service) -> None:
    for again in range(2):
        hold_back([found(1, 2, 3)], now=service.now)
        hold_back([found(4, 5, 6)], now=service.now)
        hold_back([found(3, 4)], now=service.now)
        assert held() == [("held", [1, 2, 3]), ("held", [4, 5, 6]), ("held", [3, 4])], again
    assert len(alarms()) == 3
    hold_back([found(1, 2, 3, 4, 5, 6)], now=service.now)
    assert held() == [("held", [1, 2, 3, 4, 5, 6]), ("over", [4, 5, 6]), ("over", [3, 4])]


def test_a_fault_in_everything_makes_no_end_of_holds(service: Service) -> None:
    for serial in range(1, 2 * MOST_WAITING):
        hold_back([found(serial)], now=service.now)
    waiting = [[serial] for serial in [*range(1, MOST_WAITING), 2 * MOST_WAITING - 1]]
    assert [names for state, names in held() if state == "held"] == waiting, "the present one among them"
    assert [names for state, names in held() if state == "over"] == [[]] * (MOST_WAITING - 1)


def test_what_was_asked_for_lasts_while_others_come_and_ends_when_it_grows(service: Service) -> None:
    hold_back([found(1, 2)], now=service.now)
    ask_for_release(service.officer(), Hold.objects.get().pk, "Examined", seen=2)
    hold_back([found(3, 4)], now=service.now)
    hold_back([found(2)], now=service.now)
    assert held() == [("asked", [1, 2]), ("held", [3, 4])]
    hold_back([found(1, 2, 5)], now=service.now)
    assert held() == [("over", [1, 2]), ("held", [3, 4]), ("held", [1, 2, 5])]


def test_answers_that_are_refused_at_random_make_one_hold(service: Service) -> None:
    for serials in ((1,), (2,), (3, 4), (5,)):
        hold_back([found(*serials, gate=Gate.REJECTED)], now=service.now)
    row = Hold.objects.get()
    assert (row.state, row.count) == (HoldState.HELD, 2)


def test_nobody_releases_more_than_the_page_showed(service: Service) -> None:
    hold_back([found(1, 2)], now=service.now)
    hold_back([found(1, 2, 3)], now=service.now)
    first, second = officers(service)
    hold_id = Hold.objects.get().pk
    with pytest.raises(DomainError, match="grown to 3 since") as refused:
        ask_for_release(first, hold_id, "Examined", seen=2)
    assert refused.value.kind is Kind.CONFLICT and Hold.objects.get().state == HoldState.HELD
    ask_for_release(first, hold_id, "Examined", seen=3)
    with pytest.raises(DomainError, match="grown to 3 since"):
        agree_to_release(second, hold_id, seen=2, now=service.now)
    assert Hold.objects.get().state == HoldState.ASKED


def test_what_was_stored_with_its_first_certificates_alone_is_asked_anew(service: Service) -> None:
    """Holds of earlier versions named twenty at the most."""
    now = service.now + timedelta(minutes=1)
    rows = revoked_rows(3, service.now)
    restore(rows, now)
    assert publish_answers(now=now) is None
    hold = Hold.objects.get()
    release(service, hold, now)
    Hold.objects.update(certificates=hold.certificates[:2])
    assert publish_answers(now=now) is None
    assert Hold.objects.get(state=HoldState.HELD).count == 3
