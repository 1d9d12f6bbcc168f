# SPDX-License-Identifier: EUPL-1.2
"""The disk under the database is full while a photograph is stored: a clear page, the draft as it was."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from PIL import Image
from tests.integration.web_registration.conftest import PASSPORT, Desk
from tests.support.small_disk import full, small_disk

from varmentaja.apps.applications.models import Application
from varmentaja.apps.audit.models import Entry

TABLE = "applications_application"


@contextmanager
def table_on(disk: Path) -> Iterator[None]:
    """Applications are stored on ``disk``: PostgreSQL itself meets its end."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLESPACE small LOCATION '{disk}'")
        cursor.execute(f"ALTER TABLE {TABLE} SET TABLESPACE small")
        try:
            yield
        finally:
            cursor.execute(f"ALTER TABLE {TABLE} SET TABLESPACE pg_default")
            cursor.execute("DROP TABLESPACE small")


def photograph() -> SimpleUploadedFile:
    """Noise: it cannot be made small."""
    file = io.BytesIO()
    Image.frombytes("RGB", (720, 940), os.urandom(720 * 940 * 3)).save(file, "JPEG", quality=95)
    return SimpleUploadedFile("me.jpg", file.getvalue(), "image/jpeg")


def changes() -> int:
    return Entry.objects.filter(action="application.changed").count()


@pytest.mark.django_db(transaction=True)
def test_a_photograph_that_finds_no_room_is_told_and_can_be_sent_again(desk: Desk, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk, table_on(disk):
        desk.start("physician").send().send(PASSPORT)
        assert desk.path == "/N/photo/"
        before, recorded, page = Application.objects.get(), changes(), desk.page
        with full(disk):
            desk.send(with_photo="yes", photo=photograph())
            assert desk.page.status_code == 503
            assert "has no room to store anything" in desk.text
        after = Application.objects.get()
        assert (after.version, after.with_photo, after.photo) == (before.version, None, None)
        assert changes() == recorded
        desk.page = page
        desk.send(with_photo="yes", photo=photograph())
        assert Application.objects.get().photo is not None
