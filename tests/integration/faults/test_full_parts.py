# SPDX-License-Identifier: EUPL-1.2
"""A full disk under one part of the service: a clear error, nothing half-written, and it goes on after."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.support.service import Service
from tests.support.small_disk import full, small_disk

from varmentaja.adapters.card_factory.ledger import Entry, Ledger
from varmentaja.adapters.post.simulator import SimulatedPost
from varmentaja.adapters.sandbox.faults import Faults
from varmentaja.apps.cards.actions.produce_card import produce_card
from varmentaja.apps.cards.models import Card
from varmentaja.apps.cards.queries_office import troubled_orders
from varmentaja.ports.post import Enclosure, Mailing

NO_ROOM = "No space left on device"
KEY = "8d3f2c1e-0001"
MAILING = Mailing(
    key=KEY,
    kind="code",
    holder="999100018",
    address_lines=("Elina Mäntykangas", "Esimerkkikatu 12 A 3", "99981 Mallila"),
    posted_on=date(2026, 11, 27),
    enclosures=(Enclosure("letter.pdf", b"%PDF-1.7" * 1000),),
)


def test_a_full_mailbox_holds_no_half_an_envelope(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        post = SimulatedPost(disk / "mailbox", Faults())
        with full(disk), pytest.raises(OSError, match=NO_ROOM):
            post.send(MAILING)
        assert post.delivered() == ()
        post.send(MAILING)
        (envelope,) = post.delivered()
        assert [path.read_bytes() for path in envelope.files()] == [MAILING.enclosures[0].content]


def test_a_full_ledger_keeps_what_it_says(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        ledger = Ledger(disk / "factory")
        ledger.write(KEY, Entry("00" * 10))
        with full(disk), pytest.raises(OSError, match=NO_ROOM):
            ledger.write(KEY, Entry("00" * 10, given_up=True))
        assert ledger.read(KEY) == Entry("00" * 10)
        ledger.write(KEY, Entry("00" * 10, given_up=True))
        assert ledger.read(KEY).given_up


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["factory", "mailbox"])
def test_an_order_stopped_by_a_full_disk_says_why_and_is_made_afterwards(service: Service, part: str) -> None:
    draft = service.application()
    service.submit(draft)
    order = service.order_of(draft)
    with small_disk(service.folder / "disk") as disk:
        (disk / part).mkdir()
        (service.folder / part).symlink_to(disk / part)
        with full(disk), pytest.raises(OSError, match=NO_ROOM):
            produce_card(order.pk, now=service.now, today=service.today)
        (line,) = troubled_orders("").lines
        assert NO_ROOM in str(line.reason)
        assert service.post.delivered() == ()
        produce_card(order.pk, now=service.now, today=service.today)
        assert Card.objects.get(pk=order.card_id).state == "dispatched"
        assert len(service.post.delivered()) == 1
