# SPDX-License-Identifier: EUPL-1.2
"""A wrong clock: forward a day, back an hour, forward and back: what is served stays right and usable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from cryptography import x509
from cryptography.x509 import ocsp
from django.utils import timezone
from tests.integration.apps.test_publication_lost import REVOKED, number_of, statuses
from tests.integration.apps.test_status import answer, crl_of, published
from tests.support.certificates import issue, revoke, serials
from tests.support.service import Service

from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status.actions import publish_status as publishing
from varmentaja.apps.status.actions.publish_status import is_behind, publish_revocations, publish_status
from varmentaja.apps.status.answers import HALF_LIFE
from varmentaja.apps.status.models import CrlShard, Hold
from varmentaja.domain.publication_gate import Gate, HoldState
from varmentaja.pki.publication import PublicationReader

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
GOOD = ocsp.OCSPCertStatus.GOOD
SECOND = timedelta(seconds=1)


@pytest.fixture
def responder(service: Service) -> PublicationReader:
    """It has seen everything, and refuses to go back."""
    assert service.outside.custody is not None
    return PublicationReader(service.folder / "publication", service.outside.custody.verify_seal)


def follows(responder: PublicationReader) -> bool:
    return responder.poll() and responder.problem is None


def dates(service: Service, row: Certificate) -> tuple[datetime, datetime]:
    said = answer(service, row)
    assert said is not None and said.next_update_utc is not None
    return said.this_update_utc, said.next_update_utc


def listed(service: Service, authority: str, shard: str = "0") -> set[int]:
    return {entry.serial_number for entry in x509.load_der_x509_crl(crl_of(service, authority, shard))}


@pytest.mark.parametrize(
    ("ahead", "overtaking"), [(2 * MINUTE, 200), (DAY, 0)], ids=["minutes-overlays", "day-sets"]
)
def test_what_was_dated_in_the_future_is_signed_again_at_once(
    service: Service,
    responder: PublicationReader,
    monkeypatch: pytest.MonkeyPatch,
    ahead: timedelta,
    overtaking: int,
) -> None:
    """The database's clock was ahead with ours, so nothing could tell before."""
    monkeypatch.setattr(publishing, "OVERTAKING", overtaking)
    rows, lost = issue(2, now=service.now), issue(2, now=service.now)
    authority = rows[0].authority
    publish_status(now=service.now + ahead)
    assert follows(responder)
    assert dates(service, rows[0])[0] > service.now + MINUTE, "every client would refuse it"
    number = number_of(service, authority)

    now = service.now + SECOND
    gone = revoke(*lost, now=now)
    assert publish_status(now=now) is not None
    assert follows(responder), responder.problem
    for row in [*rows, *gone]:
        this, following = dates(service, row)
        assert this <= now < following - HALF_LIFE
    assert statuses(service, rows) == [GOOD] * 2 and statuses(service, gone) == [REVOKED] * 2
    assert listed(service, authority) == serials(gone)
    assert number_of(service, authority) > number
    assert x509.load_der_x509_crl(crl_of(service, authority)).last_update_utc <= now
    assert not is_behind(now) and publish_status(now=now) is None, "once is enough"

    again = revoke(*rows, now=now + MINUTE)
    publish_status(now=now + MINUTE)
    assert listed(service, authority, "0-delta") == serials(again), "whatever the base was dated"
    assert listed(service, authority) == serials([*gone, *again])
    due = Certificate.objects.order_by("-answer_due_at")[0].answer_due_at
    assert due is not None and due <= now + MINUTE + HALF_LIFE, "renewed in time"


def test_a_clock_back_an_hour_hides_no_revocation(service: Service, responder: PublicationReader) -> None:
    rows, other = issue(2, now=service.now), issue(2, now=service.now)
    publish_status(now=service.now)
    assert follows(responder)
    authority, number = rows[0].authority, number_of(service, rows[0].authority)
    back = service.now - HOUR
    gone = revoke(*rows, now=back)
    publish_status(now=back)
    assert follows(responder), responder.problem
    assert listed(service, authority) == serials(gone)
    assert statuses(service, gone) == [REVOKED] * 2
    assert statuses(service, other) == [GOOD] * 2
    assert number_of(service, authority) > number
    later = revoke(*other, now=back + MINUTE)
    publish_status(now=back + MINUTE)
    assert listed(service, authority, "0-delta") >= serials(later)
    publish_status(now=service.now + 2 * MINUTE)
    assert statuses(service, [*gone, *later]) == [REVOKED] * 4
    assert listed(service, authority) == serials([*gone, *later])


def test_a_jump_of_years_forgets_nothing_that_was_revoked(service: Service) -> None:
    """By that clock every certificate is over: answers are withdrawn and lists empty. Then it comes back."""
    rows = issue(2, now=service.now)
    gone = revoke(*issue(2, now=service.now), now=service.now)
    publish_status(now=service.now)
    publish_status(now=service.now + 3650 * DAY)
    for row in gone:
        found = published(service).find(row.authority, int(row.serial, 16))
        assert found and found[1].is_withdrawn
    now = service.now + MINUTE
    publish_status(now=now)
    assert statuses(service, gone) == [REVOKED] * 2
    assert statuses(service, rows) == [GOOD] * 2
    assert listed(service, gone[0].authority) == serials(gone)


def test_nothing_is_published_while_our_clock_and_the_databases_differ(service: Service) -> None:
    rows = issue(2, now=service.now)
    publish_status(now=timezone.now())
    head = published(service).head
    with time_machine.travel(timezone.now() + DAY):
        for _ in range(2):
            assert publish_status(now=timezone.now()) is None
        hold = Hold.objects.get()
        assert (hold.gate, hold.state) == (Gate.CLOCK, HoldState.HELD)
        assert hold.count == pytest.approx(24 * 60, abs=2)
    assert published(service).head == head
    now = timezone.now()
    assert all(row.answer_due_at and row.answer_due_at < now + HALF_LIFE for row in Certificate.objects.all())
    assert all(shard.due_at < now + HALF_LIFE for shard in CrlShard.objects.all())
    gone = revoke(*rows, now=now)
    assert publish_status(now=now) is not None
    assert statuses(service, gone) == [REVOKED] * 2
    assert Hold.objects.get().state == HoldState.OVER


@pytest.mark.parametrize("waits", [[0.0, 0.0, 90.0], [0.0, 90.0, 90.0]], ids=["second", "first"])
def test_whoever_waited_long_for_a_turn_goes_by_the_time_when_it_comes(
    service: Service, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    issue(1, now=service.now)
    moments = iter(waits)
    monkeypatch.setattr(publishing, "monotonic", lambda: next(moments))
    publish_revocations(now=service.now)
    assert published(service).head.time == (service.now + timedelta(seconds=90)).replace(microsecond=0)


def test_two_clocks_may_differ_by_seconds(service: Service) -> None:
    issue(1, now=service.now)
    with time_machine.travel(datetime.now(UTC) + 20 * SECOND):
        assert publish_status(now=timezone.now()) is not None
    assert not Hold.objects.exists()
