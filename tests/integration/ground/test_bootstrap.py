# SPDX-License-Identifier: EUPL-1.2
"""A service that is not a demo: a registration point, the first officer (once), registrars."""

from __future__ import annotations

import pytest
from click.testing import Result
from tests.support.service import Service
from typer.testing import CliRunner

from varmentaja.adapters.sandbox.cast import load_cast
from varmentaja.apps.audit.models import Entry
from varmentaja.apps.cards.actions.produce_card import produce_card
from varmentaja.apps.cards.models import Card, Order
from varmentaja.apps.people.models import Role
from varmentaja.apps.registration.models import RegistrationPoint
from varmentaja.cli import app
from varmentaja.ports.connected import connect

pytestmark = pytest.mark.django_db
POINT = ("--name", "Mallilan asema", "--street", "Tie 1", "--postal-code", "99981", "--town", "Mallila")
WORK = ("--organisation", "Mallilan hyvinvointialue", "--job-title", "virkailija", "--point", "mallila")


def say(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def order_card(command: str, member: str, *work: str) -> Result:
    return say(command, str(load_cast().member(member).identity_code), *(work or WORK))


def test_the_first_officers_card_is_ordered_once_and_made(service: Service) -> None:
    assert say("registration-point", "mallila", *POINT).exit_code == 0
    done = order_card("bootstrap", "officer")
    assert done.exit_code == 0
    (role,) = Role.objects.all()
    assert (role.role, role.ended_at, role.point) == ("officer", None, None)
    order = Order.objects.get()
    assert str(order.key) in done.stdout
    for member in ("officer", "registrar"):
        again = order_card("bootstrap", member)
        assert again.exit_code == 6
        assert "There is an officer already" in again.stderr
    assert Order.objects.count() == Role.objects.count() == 1
    assert Entry.objects.filter(action="service.bootstrapped").count() == 1
    connect(service.outside)
    produce_card(order.pk, now=service.now, today=service.today)
    card = Card.objects.get()
    assert (card.state, card.title, card.product) == ("dispatched", "virkailija", "personnel")


def test_registrars_work_at_the_point_to_which_their_card_is_sent(service: Service) -> None:
    say("registration-point", "mallila", *POINT)
    for member in ("registrar", "second_registrar"):
        assert order_card("registrar", member).exit_code == 0
    assert [(role.role, role.point and role.point.code) for role in Role.objects.all()] == [
        ("registrar", "mallila")
    ] * 2
    assert order_card("registrar", "registrar").exit_code == 0, "the same order once more"
    assert Order.objects.count() == 2


def test_without_its_point_nothing_is_ordered(service: Service) -> None:
    refused = order_card("bootstrap", "officer")
    assert refused.exit_code == 4
    assert "varmentaja registration-point" in refused.stderr
    assert not Order.objects.exists() and not Role.objects.exists()
    assert order_card("bootstrap", "dead").exit_code == 6
    assert say("bootstrap", "131052-308T", *WORK).exit_code in {3, 4}


def test_a_point_is_added_once_with_everything_that_an_envelope_needs(service: Service) -> None:
    assert say("registration-point", "mallila", *POINT).exit_code == 0
    assert say("registration-point", "mallila", *POINT).exit_code == 6
    assert say("registration-point", "Mallila!", *POINT).exit_code == 3
    assert say("registration-point", "toinen", *POINT[:-1], " ").exit_code == 3
    point = RegistrationPoint.objects.get()
    assert (point.code, point.street, point.town) == ("mallila", "Tie 1", "Mallila")
    (entry,) = Entry.objects.filter(action="registration.point_added", outcome="done")
    assert entry.document["facts"] == {"code": "mallila"}
