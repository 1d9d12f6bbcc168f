# SPDX-License-Identifier: EUPL-1.2
"""A letter has a life of its own: due, printed, posted, returned. What it says is never stored."""

from __future__ import annotations

from django.db import models


class Letter(models.Model):
    """A letter to be posted on a business day."""

    kind = models.CharField(max_length=20)
    card = models.ForeignKey("cards.Card", on_delete=models.PROTECT, related_name="letters")
    key = models.UUIDField(unique=True)
    """Idempotency key towards the post."""
    state = models.CharField(max_length=20)
    due_on = models.DateField()
    posted_on = models.DateField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    """How often it has been written, with its code, since it was printed."""
    reason = models.JSONField(null=True)
    """Why the last attempt did not succeed, as a message."""
    held = models.BooleanField(default=False)
    """Trying again would not help: an officer is asked."""
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["state", "due_on"], name="letter_due"),
            models.Index(fields=["id"], condition=models.Q(reason__isnull=False), name="letter_trouble"),
        ]
        constraints = [models.UniqueConstraint(fields=["card", "kind"], name="letter_once")]
