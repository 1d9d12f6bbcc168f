# SPDX-License-Identifier: EUPL-1.2
"""Personnel cards are ordered on the machine: one at a time, and a new one in place of one that has ended."""

from __future__ import annotations

import pytest
from tests.support.service import Service

from varmentaja.adapters.sandbox.cast import load_cast
from varmentaja.apps.applications.actions.order_staff_card import (
    COMMAND_LINE,
    StaffMember,
    order_staff_card,
)
from varmentaja.apps.cards.models import Card, Order
from varmentaja.domain.actors import Role

pytestmark = pytest.mark.django_db


def test_a_member_of_staff_gets_a_new_card_when_the_old_one_has_ended(service: Service) -> None:
    service.registrar()
    code = load_cast().member("registrar").identity_code
    member = StaffMember(code, Role.REGISTRAR, "Esimerkki", "registrar", "mallila")

    def ordered() -> Order:
        return order_staff_card(COMMAND_LINE, member, now=service.now, today=service.today)

    first = ordered()
    assert ordered().pk == first.pk
    Card.objects.filter(pk=first.card_id).update(state="lost")
    assert ordered().pk != first.pk
