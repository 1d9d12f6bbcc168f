# SPDX-License-Identifier: EUPL-1.2
"""Model fields whose values are encrypted in the database.

A value is bound to its table and column: rename either only in a migration that reads and writes each row.
An encrypted value can't be searched or compared; only ``isnull`` is a lookup.
"""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import Lookup

from varmentaja.apps.vault.sealing import seal, unseal


class _EncryptedField(models.BinaryField):  # type: ignore[type-arg]  # generic in the stubs alone
    """Stores what ``_encode`` makes of a value, sealed."""

    def _encode(self, value: Any) -> bytes:
        raise NotImplementedError

    def _decode(self, plain: bytes) -> Any:
        raise NotImplementedError

    @property
    def _place(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        """Seal on the way in."""
        if value is not None:
            value = seal(self._encode(value), self._place)
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: Any, expression: object, connection: BaseDatabaseWrapper) -> Any:
        """Open on the way out."""
        return None if value is None else self._decode(unseal(bytes(value), self._place))

    def to_python(self, value: Any) -> Any:
        """As it is: Python values have their own type already."""
        return value

    def get_lookup(self, lookup_name: str) -> type[Lookup[Any]] | None:
        """``isnull`` alone."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None


class EncryptedBytesField(_EncryptedField):
    """Bytes, such as a photograph."""

    def _encode(self, value: Any) -> bytes:
        return bytes(value)

    def _decode(self, plain: bytes) -> bytes:
        return plain


class EncryptedTextField(_EncryptedField):
    """Text, such as an identity code."""

    def _encode(self, value: Any) -> bytes:
        return str(value).encode()

    def _decode(self, plain: bytes) -> str:
        return plain.decode()


class EncryptedJSONField(_EncryptedField):
    """A JSON document, such as an address."""

    def _encode(self, value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False).encode()

    def _decode(self, plain: bytes) -> Any:
        return json.loads(plain)
