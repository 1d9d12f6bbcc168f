# SPDX-License-Identifier: EUPL-1.2
"""The program works for its issuers' cards, valid or not yet activated, whose chips it is new enough for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path as File

import pytest
from cryptography import x509
from tests.support.cards import CODE, PIN1, PIN2, finished_card
from tests.support.demo_cards import demo_card
from tests.support.pki import Demo
from tests.unit.reader.test_examination import Service

from varmentaja.card.driver import KeyRole, PinRole
from varmentaja.card.drivers import open_card
from varmentaja.card.transport import InProcessTransport
from varmentaja.card.virtual.card import VirtualCard
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.pki import der
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.examination import path_of
from varmentaja.reader.observed import Path
from varmentaja.reader.right_to_use import ending, why_not

YEARS = timedelta(days=1827)
MONTH = timedelta(days=30)


@pytest.fixture
def service(demo: Demo, tmp_path: File) -> Service:
    return Service(demo, tmp_path)


def inserted(
    card: VirtualCard, service: Service, *, later: timedelta = timedelta(0), version: str = "1.10"
) -> InsertedCard:
    """A card in a reader of this program, some time later."""
    link = service.link(version=version)
    link.look(now=service.now)
    now = service.now + later + timedelta(seconds=1)
    return InsertedCard(
        "1", open_card(InProcessTransport(card)), refuse=lambda it: why_not(it, link, now=now)
    )


def why(card: InsertedCard) -> str:
    return str(card.refusal) if card.refusal else ""


def test_a_valid_card_and_a_fresh_one_may_be_used(service: Service, demo: Demo) -> None:
    assert not why(inserted(demo_card(demo), service))
    assert not why(inserted(demo_card(demo, activated=False), service))


def test_a_card_of_another_issuer_may_not(service: Service) -> None:
    assert "from another issuer: Test issuer" in why(inserted(finished_card(), service))


def test_a_card_whose_certificates_have_ended_may_not(service: Service, demo: Demo) -> None:
    assert "no longer valid" in why(inserted(demo_card(demo), service, later=YEARS))


def test_a_program_that_is_too_old_for_the_chip_may_not(service: Service, demo: Demo) -> None:
    told = why(inserted(demo_card(demo), service, version="1.8"))
    assert "version 1.8, when 1.9 is needed" in told
    assert "Get the newest version from https://service.example/reader/" in told


@pytest.mark.parametrize(
    "use",
    [
        lambda card: card.activate(CODE, PIN1, PIN2),
        lambda card: card.change(PinRole.AUTHENTICATION, PIN1, "3691"),
        lambda card: card.unblock(PinRole.SIGNATURE, CODE, "369147"),
        lambda card: card.verify(PinRole.AUTHENTICATION, "9999"),
    ],
)
def test_nothing_is_sent_to_a_card_that_may_not_be_used(
    service: Service, use: Callable[[InsertedCard], None]
) -> None:
    card = finished_card()
    held = inserted(card, service)
    before = card.state.document()
    with pytest.raises(DomainError) as refused:
        use(held)
    assert refused.value.kind is Kind.NOT_ALLOWED
    assert card.state.document() == before


@pytest.mark.parametrize(
    ("before_the_end", "warned"),
    [(2 * MONTH, False), (MONTH, True), (timedelta(0), True), (-timedelta(seconds=1), False)],
)
def test_the_end_is_told_in_the_month_before_it(
    service: Service, demo: Demo, before_the_end: timedelta, warned: bool
) -> None:
    card = inserted(demo_card(demo), service)
    end = min(each.valid_until for each in card.certificates)
    assert (ending(card, now=end - before_the_end) is not None) is warned


def test_an_issuer_whose_name_does_not_parse_is_none_of_ours(demo: Demo, service: Service) -> None:
    card = inserted(demo_card(demo), service)
    good = next(each.der for each in card.certificates if each.role is KeyRole.AUTHENTICATION)
    # The issuer's country, "FI" in two letters, becomes a number of the same length.
    issuer = demo.hierarchy.authority_for("professionals", "ecc").issuer.name
    broken = good.replace(issuer, issuer.replace(der.printable_string("FI"), der.tlv(0x02, b"FI")), 1)
    assert broken != good
    certificate = x509.load_der_x509_certificate(broken)
    with pytest.raises(ValueError):
        certificate.issuer  # noqa: B018
    assert demo.hierarchy.issuer_of(certificate) is None
    assert path_of(certificate, demo.hierarchy, at=demo.now) is Path.UNKNOWN_ISSUER
