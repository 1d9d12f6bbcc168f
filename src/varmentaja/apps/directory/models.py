# SPDX-License-Identifier: EUPL-1.2
"""Consents to stand in the public directory."""

from __future__ import annotations

from django.db import models


class Consent(models.Model):
    """One person's consent, from when to when; it is never deleted."""

    person = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=models.Q(withdrawn_at__isnull=True), name="consent_once"
            )
        ]
