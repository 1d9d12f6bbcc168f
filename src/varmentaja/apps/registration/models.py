# SPDX-License-Identifier: EUPL-1.2
"""Registration points: where people are identified and cards may be fetched."""

from __future__ import annotations

from django.db import models


class RegistrationPoint(models.Model):
    """A place with registrars and an address to which cards can be sent."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.TextField()
    street = models.TextField()
    postal_code = models.CharField(max_length=10)
    town = models.TextField()
