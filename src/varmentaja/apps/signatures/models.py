# SPDX-License-Identifier: EUPL-1.2
"""Documents that a holder has signed in the service."""

from __future__ import annotations

from django.db import models

from varmentaja.apps.vault.fields import EncryptedBytesField, EncryptedTextField


class SignedDocument(models.Model):
    """A document, its signature and the chain that proves it."""

    person = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="signatures")
    certificate = models.ForeignKey("certificates.Certificate", on_delete=models.PROTECT)
    title = EncryptedTextField()
    content = EncryptedBytesField()
    content_hash = models.CharField(max_length=64)
    signature = models.BinaryField()
    algorithm = models.CharField(max_length=40)
    signed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["person", "id"], name="signature_person")]
        constraints = [
            # A form that is sent twice brings the same signature twice.
            models.UniqueConstraint(fields=["person", "signature"], name="signature_once")
        ]
