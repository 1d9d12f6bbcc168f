# SPDX-License-Identifier: EUPL-1.2
"""Codes of national code sets, kept so that work goes on while the code server is down."""

from __future__ import annotations

from django.db import models


class Code(models.Model):
    """One code of a code set; codes that the server no longer lists stay, for the records that name them."""

    code_set = models.CharField(max_length=60)
    """Object identifier of the set."""
    code = models.CharField(max_length=20)
    status = models.CharField(max_length=10)
    begins = models.DateField(null=True)
    expires = models.DateField(null=True)
    titles = models.JSONField()
    """Language to title."""
    imported_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code_set", "code"], name="code_once_in_set")]
