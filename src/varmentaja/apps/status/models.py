# SPDX-License-Identifier: EUPL-1.2
"""What was published last, so that numbers never go back."""

from __future__ import annotations

from django.db import models


class CrlShard(models.Model):
    """One shard of one authority's revocation list."""

    authority = models.CharField(max_length=60)
    shard = models.PositiveIntegerField()
    number = models.BigIntegerField(default=0)
    """Number of the CRL last signed."""
    due_at = models.DateTimeField()
    """When the next one is to be signed by schedule."""
    changed_at = models.DateTimeField(null=True)
    """A revocation waits for a list since then; null when the last list says all."""
    scheduled_at = models.DateTimeField(null=True)
    """thisUpdate of the last list that was signed by schedule."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["authority", "shard"], name="crl_shard_once")]


class Publication(models.Model):
    """One publication that responders were switched to."""

    set_number = models.BigIntegerField()
    generation = models.BigIntegerField()
    """Of the overlay over the set."""
    published_at = models.DateTimeField()
    answers = models.PositiveIntegerField()
    crls = models.PositiveIntegerField()
