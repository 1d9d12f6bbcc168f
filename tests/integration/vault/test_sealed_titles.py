# SPDX-License-Identifier: EUPL-1.2
"""Titles that stood in clear are sealed by the migration, and read as before."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE, AFTER = ("signatures", "0002_once"), ("signatures", "0003_sealed_title")
TITLE = "Lausunto äidistä"


def migrate(target: tuple[str, str]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate([target])
    return MigrationExecutor(connection).loader.project_state([target]).apps


def stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(signatures_signeddocument)::text FROM signatures_signeddocument")
        return str(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_titles_are_sealed_and_read_as_before() -> None:
    try:
        old = migrate(BEFORE).get_model("signatures", "SignedDocument")
        with connection.constraint_checks_disabled(), connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")  # no card stands behind this row
            document = old.objects.create(
                person_id=1,
                certificate_id=1,
                title=TITLE,
                content=b"text",
                signature=b"s",
                content_hash="",
                algorithm="",
                signed_at=datetime.now(UTC),
            )
        assert TITLE in stored()
        new = migrate(AFTER).get_model("signatures", "SignedDocument")
        assert TITLE not in stored() and TITLE.encode().hex() not in stored()
        assert new.objects.get(pk=document.pk).title == TITLE
        back = migrate(BEFORE).get_model("signatures", "SignedDocument")
        assert back.objects.get(pk=document.pk).title == TITLE
    finally:
        migrate(AFTER)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM signatures_signeddocument")
            cursor.execute("SET session_replication_role = DEFAULT")
