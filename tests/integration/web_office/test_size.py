# SPDX-License-Identifier: EUPL-1.2
"""With many people every search goes by an index."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.django_db

PEOPLE = 20_000


def test_no_search_reads_a_whole_table() -> None:
    from varmentaja.apps.cards.models import Card
    from varmentaja.apps.certificates.models import Certificate
    from varmentaja.apps.people.fill import fill
    from varmentaja.apps.people.models import Person
    from varmentaja.apps.people.search import find_people

    assert fill(PEOPLE, now=datetime.now(UTC), today=date(2027, 1, 4)) == PEOPLE
    assert fill(PEOPLE, now=datetime.now(UTC), today=date(2027, 1, 4)) == 0
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    person = Person.objects.order_by("-id")[0]
    card = Card.objects.get(person=person)
    certificate = Certificate.objects.filter(card=card)[0]
    first = find_people("koivu")
    for text, after in (
        (person.identity_code, ""),
        (person.family_name, ""),
        (f"{person.first_name} {person.family_name}", ""),
        ("koivu", first.next_key),
        ("ä", ""),
        (person.registration_number, ""),
        (card.printed_serial, ""),
        (card.chip_serial, ""),
        (certificate.serial, ""),
    ):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            hits = find_people(text, after=after)
        assert hits.people, text
        for query in queries.captured_queries:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {query['sql']}")
                plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "Seq Scan" not in plan, f"{text}: {plan}"


def test_nobody_who_is_filled_in_has_the_code_of_one_in_the_register() -> None:
    from varmentaja.adapters.population_register.simulator import PEOPLE
    from varmentaja.apps.people.fill import DAYS, code_of
    from varmentaja.domain.identity_code import IdentityCode

    known = [json.loads(line)["identity_code"] for line in PEOPLE.read_text("utf-8").splitlines()]
    oldest = min(IdentityCode(code).birth_date for code in known)
    assert code_of(DAYS - 1).birth_date < oldest
    assert len({str(code_of(number)) for number in range(0, 1_000_000, 97)}) == len(range(0, 1_000_000, 97))
