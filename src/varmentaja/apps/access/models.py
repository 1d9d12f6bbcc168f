# SPDX-License-Identifier: EUPL-1.2
"""What sign-in must remember: challenges already answered, and hand-over codes of the TLS host."""

from __future__ import annotations

from django.db import models


class UsedChallenge(models.Model):
    """A challenge that has been answered; a second answer to it is refused."""

    nonce = models.CharField(max_length=128, primary_key=True)
    expires_at = models.DateTimeField(db_index=True)


class HandOver(models.Model):
    """A one-time code by which the TLS host hands a signed-in certificate to the portal."""

    code_hash = models.CharField(max_length=64, primary_key=True)
    certificate = models.ForeignKey("certificates.Certificate", null=True, on_delete=models.CASCADE)
    failure = models.JSONField(null=True)
    """Why the handshake's certificate was not accepted, as a message."""
    expires_at = models.DateTimeField(db_index=True)
