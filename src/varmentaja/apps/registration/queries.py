# SPDX-License-Identifier: EUPL-1.2
"""Reads of registration points."""

from __future__ import annotations

from varmentaja.apps.registration.models import RegistrationPoint
from varmentaja.domain.delivery import Place
from varmentaja.domain.people import Address


def place_of(point: RegistrationPoint) -> Place:
    """The point as a place that mail can be sent to."""
    return Place(point.name, Address(point.street, point.postal_code, point.town))
