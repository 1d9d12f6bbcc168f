# SPDX-License-Identifier: EUPL-1.2
"""Rows are locked in one order everywhere, so that two use cases never wait for each other."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.support.service import Service

from varmentaja.adapters.sandbox.cast import load_cast
from varmentaja.apps.applications.actions.open_application import open_application
from varmentaja.apps.cards.actions.end_card import end_card
from varmentaja.apps.letters.actions.post_letter import post_letter
from varmentaja.apps.letters.models import Letter
from varmentaja.domain.revocation import Ground

pytestmark = pytest.mark.django_db


def locks(action: Callable[[], object]) -> list[str]:
    """The tables whose rows ``action`` locks or changes, in the order in which it first does."""
    with CaptureQueriesContext(connection) as captured:
        action()
    found: dict[str, None] = {}
    for query in captured.captured_queries:
        sql = query["sql"]
        lock = re.search(r'FROM "(\w+)".* FOR UPDATE', sql) or re.match(r'UPDATE "(\w+)"', sql)
        if lock:
            found[lock[1]] = None
    return list(found)


def test_opening_and_submitting_lock_the_person_before_the_application(service: Service) -> None:
    draft = service.application()
    code = str(load_cast().member("physician").identity_code)
    desk = service.registrar()
    opening = locks(lambda: open_application(desk, code, now=service.now, today=service.today))
    submitting = locks(lambda: service.submit(draft))
    for order in (opening, submitting):
        assert order.index("people_person") < order.index("applications_application")


def test_posting_a_letter_and_ending_its_card_lock_the_card_first(service: Service) -> None:
    card = service.made_card()
    letter = Letter.objects.get(card=card)
    posting = locks(lambda: post_letter(letter.pk, now=service.now, today=letter.due_on))
    Letter.objects.filter(pk=letter.pk).update(state="due")
    ending = locks(
        lambda: end_card(service.officer(), card.pk, Ground.LOST, now=service.now, today=service.today)
    )
    for order in (posting, ending):
        assert order.index("cards_card") < order.index("letters_letter")
