# SPDX-License-Identifier: EUPL-1.2
"""Encryption at rest: values bound to their place, keys that survive a restart, hashes under a key."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, models
from django.test.utils import isolate_apps

from varmentaja.apps.vault.fields import EncryptedBytesField, EncryptedJSONField, EncryptedTextField
from varmentaja.apps.vault.hashing import identity_code_hash
from varmentaja.apps.vault.sealing import seal, unseal
from varmentaja.config import settings
from varmentaja.domain.errors import DomainError, Kind


@pytest.fixture
def sample(db: None) -> Iterator[Any]:
    """A table with one field of each kind."""
    with isolate_apps("varmentaja.apps.audit"):

        class Sample(models.Model):
            text = EncryptedTextField(null=True)
            data = EncryptedBytesField(null=True)
            document = EncryptedJSONField(null=True)

            class Meta:
                app_label = "audit"
                db_table = "vault_sample"

    with connection.schema_editor() as editor:
        editor.create_model(Sample)
    yield Sample


def test_values_come_back_as_they_went_in(sample: Any) -> None:
    sample.objects.create(text="010190-901A", data=b"\x00\xff", document={"street": "Äijäläntie 1", "n": [1]})
    row = sample.objects.get()
    assert (row.text, row.data) == ("010190-901A", b"\x00\xff")
    assert row.document == {"street": "Äijäläntie 1", "n": [1]}


def test_nothing_is_stored_for_no_value(sample: Any) -> None:
    sample.objects.create()
    assert sample.objects.filter(text__isnull=True, data__isnull=True, document__isnull=True).count() == 1


def test_the_database_holds_no_clear_value_and_no_two_alike(sample: Any) -> None:
    for _ in range(2):
        sample.objects.create(text="010190-901A")
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM vault_sample")
        stored = [bytes(value) for (value,) in cursor.fetchall()]
    assert b"010190" not in stored[0] and stored[0] != stored[1]


def test_a_value_moved_to_another_column_does_not_open(sample: Any) -> None:
    sample.objects.create(text="secret")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE vault_sample SET data = text")
    with pytest.raises(DomainError) as caught:
        sample.objects.get()
    assert caught.value.kind is Kind.UNAVAILABLE


def test_an_encrypted_value_cannot_be_searched(sample: Any) -> None:
    with pytest.raises(Exception, match="Unsupported lookup"):
        sample.objects.filter(text="secret").exists()


@pytest.mark.parametrize("position", [0, 1, 2, 5, 20, -1])
def test_a_flipped_byte_does_not_open(position: int) -> None:
    sealed = bytearray(seal(b"some text of a fair length", "a.b"))
    sealed[position] ^= 1
    with pytest.raises(DomainError):
        unseal(bytes(sealed), "a.b")


def test_another_process_reads_what_this_one_wrote() -> None:
    sealed = seal("Åke".encode(), "a.b").hex()
    script = (
        "import sys; from varmentaja.apps.vault.sealing import unseal\n"
        "from varmentaja.apps.vault.hashing import identity_code_hash\n"
        "print(unseal(bytes.fromhex(sys.argv[1]), 'a.b').decode(), identity_code_hash('x'))"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, sealed], capture_output=True, text=True, check=True, env=os.environ
    )
    assert said.stdout.split() == ["Åke", identity_code_hash("x")]


def test_keys_are_for_their_owner_only() -> None:
    seal(b"", "a.b")
    for path in (settings().data_passphrase, *Path(settings().keys).glob("data-key-*.wrapped")):
        assert path.stat().st_mode & 0o777 == 0o600


def test_the_hash_is_keyed() -> None:
    import hashlib

    assert identity_code_hash("010190-901A") == identity_code_hash("010190-901A")
    assert identity_code_hash("010190-901A") != hashlib.sha256(b"010190-901A").hexdigest()
