# SPDX-License-Identifier: EUPL-1.2
"""What was published last, so that numbers never go back."""

from __future__ import annotations

from django.db import models

from varmentaja.domain.canaries import CANARY


class CrlShard(models.Model):
    """One shard of one authority's revocation list."""

    authority = models.CharField(max_length=60)
    shard = models.PositiveIntegerField()
    number = models.BigIntegerField(default=0)
    """Number of the CRL last signed."""
    due_at = models.DateTimeField()
    """When the next one is to be signed by schedule."""
    scheduled_at = models.DateTimeField(null=True)
    """thisUpdate of the last list that was signed by schedule: the base of deltas until the next one."""
    base_number = models.BigIntegerField(default=0)
    """Its number; 0 before there is one."""
    listed_since = models.DateTimeField(null=True)
    """thisUpdate of the scheduled list before it: decides what this one and all until the next hold."""

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
    revocations = models.PositiveIntegerField(default=0)
    """Certificates that turned revoked with it, as the gate counts; 0 when two officers let them through."""
    withdrawals = models.PositiveIntegerField(default=0)
    """Certificates of which it says nothing any more; 0 likewise."""

    class Meta:
        indexes = [models.Index(fields=["published_at"], name="publication_at")]


class Rebuild(models.Model):
    """Everything is made anew after a loss, in steps that nobody follows before the set is whole."""

    begun_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    set_number = models.BigIntegerField()
    """Of the last publication before the loss."""
    generation = models.BigIntegerField()
    over_old = models.BooleanField()
    """Whether it lies on an older set, as a backup leaves one behind."""
    staged = models.BigIntegerField(default=0)
    """Number of the set with what is done so far; 0 before the first step."""
    total = models.BigIntegerField()
    """Answers to be signed, when it began."""
    done = models.BigIntegerField(default=0)


class ToldRevoked(models.Model):
    """A certificate that relying parties have been told is revoked: known even when the folder is lost."""

    authority = models.CharField(max_length=60)
    serial = models.CharField(max_length=40)
    """Hexadecimal, lower case, as text."""
    told_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["authority", "serial"], name="told_revoked_once")]


class Hold(models.Model):
    """A publication that a gate holds back, or a jump announced before it comes; two officers release it."""

    gate = models.CharField(max_length=20)
    subject = models.CharField(max_length=130, blank=True)
    """What the finding is about (domain/publication_gate.py)."""
    count = models.PositiveIntegerField()
    """How much the release lets through, less what is used up."""
    message = models.JSONField(null=True)
    """Text and values of the finding; null for what was announced."""
    certificates = models.JSONField(default=list)
    """Those that the finding names: lists of authority and serial number (hexadecimal)."""
    state = models.CharField(max_length=20)
    found_at = models.DateTimeField()
    asked_by = models.ForeignKey("people.Person", null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    """Why the first officer would let it through."""
    agreed_by = models.ForeignKey("people.Person", null=True, on_delete=models.PROTECT, related_name="+")
    agreed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=["held", "asked", "released"]),
                name="hold_open",
            )
        ]


class Canary(models.Model):
    """A certificate whose status an officer knows for sure; no publication may tell another one."""

    authority = models.CharField(max_length=60)
    serial = models.CharField(max_length=40)
    """Hexadecimal, lower case, as text."""
    revoked = models.BooleanField()
    state = models.CharField(max_length=20, default=CANARY.start)
    asked_by = models.ForeignKey("people.Person", null=True, on_delete=models.PROTECT, related_name="+")
    """Who would end its watch."""
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["authority", "serial"], name="canary_once")]
