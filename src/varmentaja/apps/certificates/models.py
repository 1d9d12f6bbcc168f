# SPDX-License-Identifier: EUPL-1.2
"""Certificates, from the reserved serial to revocation."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from varmentaja.domain.certificates import CertificateState
from varmentaja.pki.crl import encode_entry, reason_of

REVOCATION = ("state", "revoked_at", "revocation_reason", "crl_entry")
"""The fields that `Certificate.set_revoked` sets."""


class Certificate(models.Model):
    """One certificate. The row (serial and linted twin) is there before the authority signs."""

    authority = models.CharField(max_length=60)
    serial = models.CharField(max_length=40)
    """Hexadecimal, lower case, as text."""
    state = models.CharField(max_length=20)
    card = models.ForeignKey(
        "cards.Card", null=True, on_delete=models.PROTECT, related_name="certificates", db_index=False
    )
    person = models.ForeignKey(
        "people.Person", null=True, on_delete=models.PROTECT, related_name="certificates"
    )
    purpose = models.CharField(max_length=20)
    """authentication or signature."""
    chip_serial = models.CharField(max_length=20, blank=True)
    key_hash = models.CharField(max_length=64)
    """SHA-256 of the subject public key info: finds what was issued for a key."""
    profile = models.CharField(max_length=60)
    profile_version = models.CharField(max_length=20)
    profile_hash = models.CharField(max_length=64)
    plan_hash = models.CharField(max_length=64, default="", db_default="")
    """SHA-256 of the ceremony file in force: it gives policies and addresses, which no profile has. Empty in
    records from before it was kept, and where the record was lost."""
    subject = models.TextField()
    shard = models.PositiveIntegerField(null=True)
    """CRL shard, fixed at issuance and written into the certificate; null where the record was lost."""
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    twin = models.BinaryField()
    """The linted twin, signed with a throw-away key."""
    der = models.BinaryField(null=True)
    reserved_at = models.DateTimeField()
    issued_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revocation_reason = models.CharField(max_length=40, blank=True)
    crl_entry = models.BinaryField(null=True)
    """Its entry in its list (DER), once it is revoked: lists are put together from these as they are."""
    revision = models.PositiveIntegerField(default=0)
    """Counts changes of status, so that an answer signed late never undoes a newer one."""
    answer_due_at = models.DateTimeField(null=True)
    """When a new OCSP answer must be signed; null while there is nothing to answer."""
    first_listed = models.BigIntegerField(null=True)
    """Number of the list that named it first; null while a revocation waits to be told."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["serial", "authority"], name="certificate_serial_once"),
            models.CheckConstraint(
                condition=~models.Q(state="revoked") | models.Q(crl_entry__isnull=False),
                name="certificate_revoked_has_entry",
            ),
        ]
        indexes = [  # few: each renewal of an answer, millions a day, writes to all of them
            models.Index(fields=["card", "id"], name="certificate_card"),
            models.Index(fields=["key_hash"], name="certificate_key"),
            models.Index(fields=["-answer_due_at", "id"], name="certificate_due"),  # as answers.py reads
            models.Index(fields=["not_after"], condition=models.Q(state="issued"), name="certificate_ends"),
            models.Index(  # holds what a list is made of, so that no row need be read for it
                fields=["authority", "shard", "id"],
                include=["crl_entry", "first_listed", "not_after", "revoked_at"],
                condition=models.Q(state="revoked"),
                name="certificate_listed",
            ),
            models.Index(
                fields=["id"],
                condition=models.Q(state="revoked", first_listed=None),
                name="certificate_untold",
            ),
            models.Index(fields=["id"], condition=models.Q(state="burned"), name="certificate_burned"),
            models.Index(fields=["id"], condition=models.Q(state="recovered"), name="certificate_recovered"),
        ]

    def set_revoked(self, at: datetime, reason: str) -> None:
        """Make it revoked (not saved): ``reason`` is a value of ``domain.revocation.RevocationReason``."""
        self.state = CertificateState.REVOKED
        self.revoked_at, self.revocation_reason = at, reason
        self.crl_entry = encode_entry(self.serial, at, reason_of(reason))
