# SPDX-License-Identifier: EUPL-1.2
"""Hundreds of certificates through the real publishing: approved ones go through whole, others are held."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from django.db import transaction
from tests.integration.apps.test_publication_gate import officers
from tests.integration.apps.test_status import crl_of, published
from tests.support.rows import issued_rows
from tests.support.service import Service

from varmentaja.apps.audit.models import Entry
from varmentaja.apps.certificates.actions.revoke_certificates import revoke_rows
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status.actions import publish_status as publishing
from varmentaja.apps.status.actions.publish_status import (
    is_behind,
    publish_answers,
    publish_revocations,
    publish_status,
)
from varmentaja.apps.status.actions.release_publication import (
    agree_to_release,
    announce_bulk_revocation,
    ask_for_release,
)
from varmentaja.apps.status.gate import PublicationGate
from varmentaja.apps.status.holds import hold_back
from varmentaja.apps.status.models import Hold, Publication
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.errors import message
from varmentaja.domain.publication_gate import Finding, Gate, HoldState
from varmentaja.domain.revocation import RevocationReason
from varmentaja.pki.publication import Candidate
from varmentaja.pki.publication.gates.reading import is_revoked
from varmentaja.ports.custody import SerialStatus
from varmentaja.signer.in_process import InProcessCustody

pytestmark = pytest.mark.django_db

MANY = 300
SECOND = timedelta(seconds=1)
AUTHORITY = "professionals-ecc"


def revoke(rows: Sequence[Certificate], now: datetime) -> None:
    with transaction.atomic():
        revoke_rows(SYSTEM, rows, RevocationReason.SUPERSEDED, now=now)


def publish_all(now: datetime) -> None:
    """Publish until nothing waits."""
    while publish_status(now=now) is not None:
        pass
    assert not Certificate.objects.filter(answer_due_at__lte=now).exists(), list(Hold.objects.values())


def told_revoked(service: Service, rows: Sequence[Certificate]) -> int:
    """How many of them answers call revoked; the list must say the same of all."""
    snapshot = published(service)
    listed = {entry.serial_number for entry in x509.load_der_x509_crl(crl_of(service, AUTHORITY))}
    said = {int(row.serial, 16): is_revoked(snapshot, AUTHORITY, int(row.serial, 16)) for row in rows}
    assert listed >= {serial for serial, revoked in said.items() if revoked}
    return sum(revoked is True for revoked in said.values())


def release(service: Service, hold: Hold, now: datetime) -> None:
    first, second = officers(service)
    if hold.state == HoldState.HELD:
        ask_for_release(first, hold.pk, "A box of cards was stolen", seen=hold.count)
    agree_to_release(second, hold.pk, seen=hold.count, now=now)


def test_a_bulk_revocation_that_two_officers_release_goes_through_whole(service: Service) -> None:
    now = service.now
    rows = issued_rows(MANY, now=now)
    publish_all(now)
    revoke(rows, now + SECOND)
    assert publish_status(now=now + SECOND) is None
    hold = Hold.objects.get()
    assert (hold.gate, hold.count, len(hold.certificates)) == (Gate.JUMP, MANY, 20)
    assert told_revoked(service, rows) == 0
    release(service, hold, now + 2 * SECOND)
    publish_all(now + 2 * SECOND)  # the answers may take several runs
    assert told_revoked(service, rows) == MANY
    hold.refresh_from_db()
    assert hold.state == HoldState.USED and Hold.objects.count() == 1, "nobody had to sign again"
    poisoned = issued_rows(60, now=now + 3 * SECOND)
    publish_all(now + 3 * SECOND)
    revoke(poisoned, now + 4 * SECOND)
    assert publish_status(now=now + 4 * SECOND) is None, "the word is used up"


def test_an_announced_bulk_revocation_goes_through_whole_though_it_comes_piece_by_piece(
    service: Service,
) -> None:
    now = service.now
    rows = issued_rows(MANY, now=now)
    publish_all(now)
    first, _ = officers(service)
    announce_bulk_revocation(first, MANY, "A box of cards was stolen", now=now)
    release(service, Hold.objects.get(), now)
    for begin in range(0, MANY, 75):
        now += SECOND
        revoke(rows[begin : begin + 75], now)
        assert publish_status(now=now) is not None
    publish_all(now)
    assert told_revoked(service, rows) == MANY
    assert [hold.state for hold in Hold.objects.all()] == [HoldState.USED]


def test_one_revocation_more_does_not_void_what_was_asked_for(service: Service) -> None:
    now = service.now
    rows = issued_rows(120, now=now)
    publish_all(now)
    revoke(rows[:60], now + SECOND)
    assert publish_status(now=now + SECOND) is None
    first, second = officers(service)
    hold = Hold.objects.get()
    ask_for_release(first, hold.pk, "A box of cards was stolen", seen=60)
    revoke(rows[60:65], now + 2 * SECOND)
    assert publish_status(now=now + 2 * SECOND) is None
    hold.refresh_from_db()
    assert (hold.state, hold.count, Hold.objects.count()) == (HoldState.ASKED, 60, 1)
    agree_to_release(second, hold.pk, seen=60, now=now + 3 * SECOND)
    publish_all(now + 3 * SECOND)
    assert told_revoked(service, rows) == 65


def test_many_more_than_were_asked_for_are_a_new_hold(service: Service) -> None:
    now = service.now
    rows = issued_rows(120, now=now)
    publish_all(now)
    revoke(rows[:60], now + SECOND)
    publish_status(now=now + SECOND)
    ask_for_release(service.officer(), Hold.objects.get().pk, "A box of cards was stolen", seen=60)
    revoke(rows[60:], now + 2 * SECOND)
    assert publish_status(now=now + 2 * SECOND) is None
    assert sorted(Hold.objects.values_list("count", "state")) == [(60, "over"), (120, "held")]


def test_a_hold_outlasts_a_run_that_leaves_its_cause_waiting(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "BATCH", 50)
    now = service.now
    rows = issued_rows(130, now=now)
    publish_all(now)
    hold_back([Finding(Gate.REJECTED, f"{AUTHORITY}/openssl", 1, message("Refused"))], now=now)
    first, second = officers(service)
    ask_for_release(first, Hold.objects.get().pk, "Examined", seen=1)
    Certificate.objects.update(answer_due_at=now)  # renewals, among them the cause
    revoke(rows[:1], now + SECOND)
    assert publish_status(now=now + SECOND) is not None and is_behind(now + SECOND)
    assert Hold.objects.get().state == HoldState.ASKED
    agree_to_release(second, Hold.objects.get().pk, seen=1, now=now + SECOND)
    revoke(rows[1:2], now + 2 * SECOND)
    assert publish_status(now=now + 2 * SECOND) is not None and is_behind(now + 2 * SECOND)
    assert Hold.objects.get().state == HoldState.RELEASED
    publish_all(now + 2 * SECOND)
    assert Hold.objects.get().state == HoldState.OVER, "all has passed without it"


def test_a_lost_folder_is_made_anew_and_is_no_way_round_the_gate(service: Service) -> None:
    now = service.now
    rows = issued_rows(150, now=now)
    revoke(rows[:70], now)
    publish_all(now)  # the very first publication: nobody had been told anything
    assert told_revoked(service, rows) == 70
    shutil.rmtree(service.folder / "publication")
    publish_all(now + SECOND)
    assert told_revoked(service, rows) == 70, "they were told before"
    revoke(rows[70:], now + 2 * SECOND)
    shutil.rmtree(service.folder / "publication")
    assert publish_status(now=now + 2 * SECOND) is None
    hold = Hold.objects.get()
    assert (hold.gate, hold.count) == (Gate.JUMP, 80), "those that nobody had been told of"


def test_a_folder_of_yesterday_is_made_good_though_a_day_of_revocations_is_many(service: Service) -> None:
    now, folder, copy = service.now, service.folder / "publication", service.folder / "yesterday"
    rows = issued_rows(120, now=now)
    publish_all(now)
    shutil.copytree(folder, copy)
    for begin in range(0, 120, 40):
        now += timedelta(minutes=11)
        revoke(rows[begin : begin + 40], now)
        publish_all(now)
    shutil.rmtree(folder)
    copy.rename(folder)
    assert publish_status(now=now + SECOND) is not None
    publish_all(now + SECOND)
    assert told_revoked(service, rows) == 120 and not Hold.objects.exists()


def test_a_mass_of_withdrawn_answers_is_held(service: Service) -> None:
    now = service.now
    rows = issued_rows(80, now=now)
    publish_all(now)
    wrong = {"not_after": now - timedelta(days=3), "answer_due_at": now + SECOND}
    Certificate.objects.filter(pk__in=[row.pk for row in rows[:30]]).update(**wrong)
    publish_all(now + SECOND)
    assert Publication.objects.latest("id").withdrawals == 30
    Certificate.objects.filter(pk__in=[row.pk for row in rows[30:60]]).update(**wrong)
    assert publish_status(now=now + 2 * SECOND) is None, "sixty within the window"
    hold = Hold.objects.get()
    assert (hold.gate, hold.count) == (Gate.GONE, 60)
    release(service, hold, now + 2 * SECOND)
    publish_all(now + 2 * SECOND)


def test_two_officers_word_covers_a_set_that_is_judged_again_under_what_overtook_it(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = service.now
    rows = issued_rows(80, now=now)
    publish_all(now)
    monkeypatch.setattr(publishing, "OVERTAKING", 0)
    ended, revoked = rows[:60], rows[60:61]
    wrong = {"not_after": now - timedelta(days=3), "answer_due_at": now + SECOND}
    Certificate.objects.filter(pk__in=[row.pk for row in ended]).update(**wrong)
    assert publish_answers(now=now + SECOND) is None
    hold, later = Hold.objects.get(), now + 2 * SECOND
    release(service, hold, later)
    judge, judging = PublicationGate.__call__, list[PublicationGate]()

    def overtaken(self: PublicationGate, candidate: Candidate) -> None:
        judging.append(self)
        if len(judging) == 1:
            revoke(revoked, later)
            assert publish_revocations(now=later) is not None
        judge(self, candidate)

    monkeypatch.setattr(PublicationGate, "__call__", overtaken)
    assert publish_answers(now=later) is not None
    gate, other, again = judging
    assert gate is again is not other
    assert gate.used == {hold.pk: 0}
    assert gate.counts == {"revocations": 0, "withdrawals": 0}, "what was let through does not count"
    assert other.counts == {"revocations": 1, "withdrawals": 0}
    hold.refresh_from_db()
    assert hold.state == HoldState.USED and Hold.objects.count() == 1
    assert told_revoked(service, revoked) == 1
    assert {is_revoked(published(service), AUTHORITY, int(row.serial, 16)) for row in ended} == {None}


def test_a_revocation_that_the_records_do_not_know_is_held(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = service.now
    row, *_ = issued_rows(3, now=now)
    publish_all(now)
    signing = InProcessCustody.answers

    def poisoned(self: InProcessCustody, statuses: Sequence[SerialStatus], **times: Any) -> Any:
        """A fault of ours between the records and the signature."""
        wrong = [
            replace(each, revoked_at=now, reason="superseded") if each.serial == row.serial else each
            for each in statuses
        ]
        return signing(self, wrong, **times)

    monkeypatch.setattr(InProcessCustody, "answers", poisoned)
    Certificate.objects.update(answer_due_at=now, revision=1)
    assert publish_status(now=now + SECOND) is None
    hold = Hold.objects.get()
    assert (hold.gate, hold.certificates) == (Gate.DISAGREEMENT, [[AUTHORITY, row.serial]])


def alarms() -> list[str]:
    return [entry.content for entry in Entry.objects.all() if '"action":"status.held"' in entry.content]


def test_without_openssl_nothing_is_published_and_the_office_is_alarmed(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = service.now
    rows = issued_rows(2, now=now)
    publish_all(now)
    revoke(rows[:1], now + SECOND)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(service.folder))
        assert publish_status(now=now + SECOND) is None
    assert told_revoked(service, rows) == 0
    hold = Hold.objects.get()
    assert (hold.gate, hold.subject) == (Gate.REJECTED, "openssl") and len(alarms()) == 1
    assert publish_status(now=now + 2 * SECOND) is not None, "and when it is back, it goes on by itself"
    assert told_revoked(service, rows) == 1


def test_an_answer_that_cannot_be_read_is_held_and_the_office_is_alarmed(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = service.now
    issued_rows(2, now=now)
    publish_all(now)
    signing = InProcessCustody.answers
    monkeypatch.setattr(
        InProcessCustody,
        "answers",
        lambda *given, **times: [replace(each, sha256=b"junk") for each in signing(*given, **times)],
    )
    Certificate.objects.update(answer_due_at=now + SECOND)
    assert publish_status(now=now + SECOND) is None
    hold = Hold.objects.get()
    assert (hold.gate, hold.count, len(hold.certificates), len(alarms())) == (Gate.REJECTED, 2, 2, 1)
