# SPDX-License-Identifier: EUPL-1.2
"""Rows of the audit trail. The database refuses to change or delete any of them (migration 0002).

``Entry.content`` is the one truth: a canonical JSON document. Its other columns are generated from it by the
database, so that what is searched cannot differ from what is sealed.
"""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.db.models import F, Func

from varmentaja.apps.vault.fields import EncryptedJSONField


def _member(*path: str) -> models.GeneratedField:
    """A column that the database reads out of the document."""
    keys = ",".join(path)
    return models.GeneratedField(
        expression=Func(F("content"), template=f"((%(expressions)s)::jsonb #>> '{{{keys}}}')"),
        output_field=models.TextField(null=True),
        db_persist=True,
        null=True,
    )


class Entry(models.Model):
    """Something that happened, inserted in the transaction in which it happened."""

    id = models.BigAutoField(primary_key=True)
    content = models.TextField()
    at = _member("at")
    action = _member("action")
    outcome = _member("outcome")
    actor_person = _member("actor", "person")
    subject_type = _member("subject", "type")
    subject_id = _member("subject", "id")

    class Meta:
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "id"], name="audit_subject"),
            models.Index(fields=["actor_person", "id"], name="audit_actor"),
            models.Index(fields=["action", "id"], name="audit_action"),
            models.Index(fields=["id"], condition=models.Q(outcome="refused"), name="audit_refused"),
        ]

    @property
    def document(self) -> dict[str, Any]:
        """The entry's members: ``at``, ``action``, ``outcome``, ``actor``, ``subject``, ``facts``,
        ``personal`` (salted hash of the personal facts, or null)."""
        members: dict[str, Any] = json.loads(self.content)
        return members


class PersonalFacts(models.Model):
    """Facts about a person, beside the chain: the entry holds only their salted hash."""

    entry = models.OneToOneField(Entry, primary_key=True, on_delete=models.PROTECT, related_name="personal")
    salt = models.BinaryField()
    facts = EncryptedJSONField()


class Waiting(models.Model):
    """Entries that are committed and not yet in the chain; filled by a trigger, emptied by the sealer.

    Here and in the chain a constraint would read and lock the entry each time. Entries are never deleted.
    """

    entry = models.OneToOneField(
        Entry, primary_key=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )


class Link(models.Model):
    """One entry's place in the chain: SHA-256 over the hash before, the entry's number and its content."""

    position = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="link", db_constraint=False)
    hash = models.BinaryField()
