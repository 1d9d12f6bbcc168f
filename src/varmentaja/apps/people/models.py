# SPDX-License-Identifier: EUPL-1.2
"""Rows about people. Identity codes and addresses are encrypted; names stand in clear (they stand in
certificates) and are found by a folded key."""

from __future__ import annotations

from django.db import models

from varmentaja.apps.vault.fields import EncryptedJSONField, EncryptedTextField


class Person(models.Model):
    """Someone the population register knows and our service has met."""

    identity_code = EncryptedTextField()
    identity_code_hash = models.CharField(max_length=64, unique=True)
    """Keyed hash of the identity code: the only way to find it."""
    electronic_id = models.CharField(max_length=9)
    """SATU: stays the same when the identity code is changed."""
    family_name = models.TextField()
    given_names = models.TextField()
    first_name = models.TextField()
    name_key = models.TextField()
    """Folded family and first name, for search by prefix (domain/names.py)."""
    sort_key = models.TextField()
    """Order of Finnish and Swedish names, computed in Python."""
    language = models.CharField(max_length=2)
    non_disclosure = models.BooleanField(default=False)
    home_address = EncryptedJSONField(null=True)
    registration_number = models.CharField(max_length=11, null=True, unique=True)
    """Of the professional register, once an application has asked for it."""
    refreshed_at = models.DateTimeField()
    """When the population register was last asked."""

    class Meta:
        indexes = [
            models.Index(fields=["name_key"], name="person_name_key", opclasses=["text_pattern_ops"]),
            models.Index(fields=["sort_key", "id"], name="person_sort_key"),
            models.Index(fields=["electronic_id"], name="person_electronic_id"),
        ]


class Role(models.Model):
    """A role that a person holds; it belongs to this row, never to what a certificate says."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="roles")
    role = models.CharField(max_length=20)
    point = models.ForeignKey("registration.RegistrationPoint", null=True, on_delete=models.PROTECT)
    granted_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "role"],
                condition=models.Q(ended_at__isnull=True),
                name="role_once_while_held",
            )
        ]
