# SPDX-License-Identifier: EUPL-1.2
"""Cards, what happened to them, and the orders that make them."""

from __future__ import annotations

from django.db import models

from varmentaja.apps.vault.fields import EncryptedBytesField


class Card(models.Model):
    """A card from the moment it is ordered; the chip is known once the factory has taken a blank."""

    application = models.ForeignKey(
        "applications.Application", on_delete=models.PROTECT, related_name="cards"
    )
    """One application may need a second card when the first is discarded at the factory."""
    person = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="cards")
    product = models.CharField(max_length=40)
    generation = models.CharField(max_length=20)
    algorithm = models.CharField(max_length=20)
    state = models.CharField(max_length=20)
    right_code = models.CharField(max_length=20, blank=True)
    title = models.TextField()
    """Title of the right or of the job, as printed and certified."""
    chip_serial = models.CharField(max_length=20, null=True, unique=True)
    printed_serial = models.CharField(max_length=20, null=True)
    valid_until = models.DateField()
    face = EncryptedBytesField(null=True)
    """The card's front as printed (PNG)."""
    back = EncryptedBytesField(null=True)
    ordered_on = models.DateField()
    made_on = models.DateField(null=True)
    posted_on = models.DateField(null=True)
    letter_due_on = models.DateField(null=True)
    letter_posted_on = models.DateField(null=True)
    activated_on = models.DateField(null=True)
    ended_on = models.DateField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["person", "id"], name="card_person"),
            models.Index(fields=["printed_serial"], name="card_printed_serial"),
            models.Index(fields=["state", "id"], name="card_state"),
        ]


class CardEvent(models.Model):
    """One line of a card's history."""

    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    """Real time."""
    business_day = models.DateField()
    event = models.CharField(max_length=40)
    facts = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["card", "id"], name="cardevent_card")]


class Order(models.Model):
    """An order to the card factory; its key makes the factory do it once, however often it is sent."""

    card = models.OneToOneField(Card, on_delete=models.PROTECT, related_name="order")
    key = models.UUIDField(unique=True)
    state = models.CharField(max_length=20)
    attempts = models.PositiveIntegerField(default=0)
    reason = models.JSONField(null=True)
    """Why the last attempt did not succeed, as a message."""
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["state", "id"], name="order_state")]
