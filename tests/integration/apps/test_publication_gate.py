# SPDX-License-Identifier: EUPL-1.2
"""A publication that looks like a fault is held, the office alarmed, and two officers release it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.integration.apps.test_status import answer, published
from tests.support.service import Service

from varmentaja.apps.audit.models import Entry
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status.actions.name_canary import (
    agree_to_dismissal,
    ask_for_dismissal,
    keep_watching,
    name_canary,
)
from varmentaja.apps.status.actions.publish_status import publish_status
from varmentaja.apps.status.actions.release_publication import (
    agree_to_release,
    announce_bulk_revocation,
    ask_for_release,
)
from varmentaja.apps.status.models import Canary, CrlShard, Hold, Publication
from varmentaja.apps.status.queries import count_open_holds
from varmentaja.domain import publication_gate
from varmentaja.domain.actors import Actor, Authentication, Role
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.domain.publication_gate import Gate, HoldState

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _one_is_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """A card has two certificates: with one as the limit, one lost card is a jump."""
    known = publication_gate.limits()
    small = replace(known, most=1)
    monkeypatch.setattr(publication_gate, "limits", lambda: small)


def officers(service: Service) -> tuple[Actor, Actor]:
    roles = frozenset({Role.OFFICER})
    second = Actor(service.person("registrar").pk, roles, Authentication.SCS)
    return service.officer(), second


def revoke_all(rows: list[Certificate], now: Any) -> None:
    """What a fault in the records looks like from here."""
    for row in rows:
        row.set_revoked(now, "superseded")
        row.revision, row.answer_due_at = row.revision + 1, now
        row.save()


def poisoned(service: Service) -> list[Certificate]:
    card = service.made_card()
    publish_status(now=service.now)
    rows = list(Certificate.objects.filter(card=card))
    revoke_all(rows, service.now + SECOND)
    return rows


def is_revoked(service: Service, row: Certificate) -> bool:
    said = answer(service, row)
    assert said is not None
    return said.certificate_status.name == "REVOKED"


def test_a_jump_is_held_alarmed_once_and_released_by_two(service: Service) -> None:
    rows = poisoned(service)
    head = published(service).head
    for tick in (1, 2):
        assert publish_status(now=service.now + tick * SECOND) is None
    assert published(service).head == head
    hold = Hold.objects.get()
    assert (hold.gate, hold.count, hold.state) == (Gate.JUMP, 2, HoldState.HELD)
    assert count_open_holds() == 1

    first, second = officers(service)
    ask_for_release(first, hold.pk, "The cards were lost in a fire", seen=2)
    assert publish_status(now=service.now + 3 * SECOND) is None
    with pytest.raises(DomainError) as refused:
        agree_to_release(first, hold.pk, seen=2, now=service.now + 3 * SECOND)
    assert refused.value.kind is Kind.CONFLICT
    agree_to_release(second, hold.pk, seen=2, now=service.now + 3 * SECOND)
    assert publish_status(now=service.now + 4 * SECOND) is not None
    assert all(is_revoked(service, row) for row in rows)
    hold.refresh_from_db()
    assert hold.state == HoldState.USED
    actions = [entry.content.split('"action":"')[1].split('"')[0] for entry in Entry.objects.order_by("id")]
    assert [name for name in actions if name.startswith("status.")] == [
        "status.held",
        "status.released",
        "status.released",
        "status.released",
    ], "held, asked, the refused second word of the same officer, agreed"


def test_nobody_but_an_officer_releases(service: Service) -> None:
    poisoned(service)
    publish_status(now=service.now + SECOND)
    registrar = Actor(service.person("registrar").pk, frozenset({Role.REGISTRAR}), Authentication.SCS)
    with pytest.raises(DomainError) as refused:
        ask_for_release(registrar, Hold.objects.get().pk, "Please", seen=2)
    assert refused.value.kind is Kind.NOT_ALLOWED


def test_a_release_does_not_cover_what_came_after_it(service: Service) -> None:
    other = list(Certificate.objects.filter(card=service.made_card("english_speaker")))
    poisoned(service)
    publish_status(now=service.now + SECOND)
    hold = Hold.objects.get()
    first, second = officers(service)
    ask_for_release(first, hold.pk, "Lost", seen=2)
    agree_to_release(second, hold.pk, seen=2, now=service.now + SECOND)
    revoke_all(other, service.now + SECOND)
    assert publish_status(now=service.now + 2 * SECOND) is None, "four are more than two and one more"
    assert Hold.objects.filter(state=HoldState.HELD).get().count == 4


def test_when_the_fault_is_mended_publication_goes_on_by_itself(service: Service) -> None:
    rows = poisoned(service)
    assert publish_status(now=service.now + SECOND) is None
    for row in rows:
        row.state, row.revoked_at, row.revocation_reason = "issued", None, ""
        row.save()
    assert publish_status(now=service.now + 2 * SECOND) is not None
    assert Hold.objects.get().state == HoldState.OVER
    assert not any(is_revoked(service, row) for row in rows)


def test_an_announced_bulk_revocation_passes_at_once(service: Service) -> None:
    first, second = officers(service)
    hold_id = announce_bulk_revocation(first, 2, "A box of cards was stolen", now=service.now)
    agree_to_release(second, hold_id, seen=2, now=service.now)
    rows = poisoned(service)
    assert Hold.objects.get().state == HoldState.RELEASED, "an ordinary publication does not use it"
    assert publish_status(now=service.now + 2 * SECOND) is not None
    assert all(is_revoked(service, row) for row in rows)
    assert Hold.objects.get().state == HoldState.USED


def test_revocations_of_the_last_minutes_count(service: Service) -> None:
    rows = list(Certificate.objects.filter(card=service.made_card()))
    publish_status(now=service.now)
    revoke_all(rows[:1], service.now + SECOND)
    assert publish_status(now=service.now + SECOND) is not None
    assert list(Publication.objects.order_by("id").values_list("revocations", flat=True)) == [0, 1]
    revoke_all(rows[1:], service.now + 2 * SECOND)
    assert publish_status(now=service.now + 2 * SECOND) is None
    assert publish_status(now=service.now + timedelta(minutes=11)) is not None, (
        "it was not so quick after all"
    )


def test_a_canary_named_by_an_officer_stops_what_the_records_say_until_two_end_its_watch(
    service: Service,
) -> None:
    rows = list(Certificate.objects.filter(card=service.made_card()))
    publish_status(now=service.now)
    first, second = officers(service)
    canary_id = name_canary(first, rows[0].serial.upper())
    revoke_all(rows[:1], service.now + SECOND)
    assert publish_status(now=service.now + SECOND) is None
    assert Hold.objects.get().gate == Gate.CANARY
    with pytest.raises(DomainError, match="stands watch already"):
        name_canary(first, rows[0].serial)  # as what it is now
    with pytest.raises(DomainError, match="judged by it"):
        agree_to_dismissal(second, canary_id)
    ask_for_dismissal(first, canary_id, "The card was lost")
    with pytest.raises(DomainError, match="nobody ends a watch alone"):
        agree_to_dismissal(first, canary_id)
    assert publish_status(now=service.now + 2 * SECOND) is None, "it stands watch until a second one agrees"
    keep_watching(second, canary_id)
    with pytest.raises(DomainError, match="judged by it"):
        agree_to_dismissal(second, canary_id)
    ask_for_dismissal(first, canary_id, "The card was lost")
    agree_to_dismissal(second, canary_id)
    assert not Canary.objects.exists()
    assert publish_status(now=service.now + 3 * SECOND) is not None


def test_a_canary_whose_certificate_has_ended_holds_nothing_back(service: Service) -> None:
    row = Certificate.objects.filter(card=service.made_card())[0]
    publish_status(now=service.now)
    name_canary(service.officer(), row.serial)
    later = row.not_after + timedelta(days=3)
    Certificate.objects.update(answer_due_at=later)
    assert publish_status(now=later) is not None
    found = published(service).find(row.authority, int(row.serial, 16))
    assert found is not None and found[1].is_withdrawn


def test_a_database_of_yesterday_does_not_bring_revoked_cards_back(service: Service) -> None:
    rows = list(Certificate.objects.filter(card=service.made_card()))[:1]
    publish_status(now=service.now)
    revoke_all(rows, service.now + SECOND)
    publish_status(now=service.now + SECOND)
    row = rows[0]
    row.state, row.revoked_at, row.revocation_reason, row.revision = "issued", None, "", 0
    row.answer_due_at = service.now + 2 * SECOND
    row.save()
    CrlShard.objects.update(due_at=service.now + 2 * SECOND)
    publish_status(now=service.now + 2 * SECOND)
    holds = Hold.objects.order_by("id")
    assert [(hold.gate, hold.certificates) for hold in holds] == [
        (Gate.GOING_BACK, [[row.authority, row.serial]])
    ]
    assert is_revoked(service, row)
