# SPDX-License-Identifier: EUPL-1.2
"""An application: what was asked, on what evidence, and what was decided."""

from __future__ import annotations

from django.db import models

from varmentaja.apps.vault.fields import EncryptedBytesField, EncryptedJSONField, EncryptedTextField


class Application(models.Model):
    """One application for one card, from draft to decision."""

    product = models.CharField(max_length=40)
    state = models.CharField(max_length=20)
    person = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="applications")
    registrar = models.ForeignKey("people.Person", null=True, on_delete=models.PROTECT, related_name="+")
    """Who took it at the desk; null for what was ordered on the command line."""
    point = models.ForeignKey("registration.RegistrationPoint", on_delete=models.PROTECT)
    version = models.PositiveIntegerField(default=0)
    """Counts every change: a page that was opened before somebody else's change is told so."""

    professional = models.JSONField(null=True)
    """What the professional register answered at the desk: numbers and rights."""
    right_code = models.CharField(max_length=20, blank=True)
    """The right the card is to carry, chosen among the valid ones."""
    organisation = models.JSONField(null=True)
    """For cards bound to an organisation: its name, identifier and the person's job title there."""
    identity_document = EncryptedJSONField(null=True)
    with_photo = models.BooleanField(null=True)
    photo = EncryptedBytesField(null=True)
    delivery = EncryptedJSONField(null=True)
    """Where the card goes and where the code letter goes."""
    terms_version = models.CharField(max_length=20, blank=True)
    terms_hash = models.CharField(max_length=64, blank=True)
    decision = models.JSONField(null=True)
    """The decision as a document (domain/eligibility.py): rules, sources, facts, reasons."""

    review_reason = EncryptedTextField(null=True)
    """What the reviewing officer wrote."""

    opened_at = models.DateTimeField()
    changed_on = models.DateField()
    """Business day of the last change; an untouched draft lapses."""
    submitted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    submitted_on = models.DateField(null=True)
    """The business day on which it was submitted."""

    class Meta:
        indexes = [
            models.Index(fields=["state", "id"], name="application_state"),
            models.Index(fields=["person", "id"], name="application_person"),
            models.Index(fields=["point", "id"], name="application_point"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "product"],
                condition=models.Q(state="draft"),
                name="application_one_draft",
            )
        ]
