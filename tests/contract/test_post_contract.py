# SPDX-License-Identifier: EUPL-1.2
"""What every post must do; a new adapter joins by a line in ``ADAPTERS``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from varmentaja.adapters.post.simulator import SimulatedPost
from varmentaja.adapters.sandbox.faults import Faults
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.ports.post import Enclosure, Mailing, Post, Recalled

ADAPTERS: dict[str, Callable[[Path], Post]] = {
    "simulator": lambda folder: SimulatedPost(folder, Faults()),
}
FRIDAY = date(2026, 11, 27)
MAILING = Mailing(
    key="8d3f2c1e-0001",
    kind="code",
    holder="999100018",
    address_lines=("Elina Mäntykangas", "Esimerkkikatu 12 A 3", "99981 Mallila"),
    posted_on=FRIDAY,
    enclosures=(Enclosure("letter.pdf", b"%PDF-1.7"),),
)


@pytest.fixture(params=ADAPTERS)
def post(request: pytest.FixtureRequest, tmp_path: Path) -> Post:
    return ADAPTERS[request.param](tmp_path / "mailbox")


def test_delivery_is_on_a_business_day_after_posting(post: Post) -> None:
    receipt = post.send(MAILING)
    assert (receipt.key, receipt.posted_on) == (MAILING.key, FRIDAY)
    assert receipt.delivery_on > FRIDAY
    assert receipt.delivery_on.weekday() < 5


def test_the_same_key_posts_once_even_days_later(post: Post) -> None:
    first = post.send(MAILING)
    again = post.send(replace(MAILING, posted_on=date(2026, 12, 1)))
    assert again == first


def test_another_envelope_under_the_same_key_is_refused(post: Post) -> None:
    post.send(MAILING)
    with pytest.raises(DomainError) as error:
        post.send(replace(MAILING, address_lines=("Somebody Else", "Näytetie 1", "99982 Esimerkkilä")))
    assert error.value.kind is Kind.CONFLICT


@pytest.mark.parametrize("lines", [(), ("Elina",), ("Elina", " "), ("a",) * 7])
def test_an_address_that_cannot_be_used_is_refused(post: Post, lines: tuple[str, ...]) -> None:
    with pytest.raises(DomainError) as error:
        post.send(replace(MAILING, address_lines=lines))
    assert error.value.kind is Kind.INVALID


def test_nothing_has_come_back_at_first(post: Post) -> None:
    post.send(MAILING)
    assert post.returned() == ()


def test_an_envelope_can_be_stopped_once(post: Post) -> None:
    assert post.recall(MAILING.key) is Recalled.NOT_HERE
    post.send(MAILING)
    assert post.recall(MAILING.key) is Recalled.STOPPED
    assert post.recall(MAILING.key) is Recalled.NOT_HERE
