# SPDX-License-Identifier: EUPL-1.2
"""Reads of registration points."""

from __future__ import annotations

from varmentaja.apps.registration.models import RegistrationPoint
from varmentaja.domain.delivery import Place
from varmentaja.domain.names import sort_key
from varmentaja.domain.people import Address


def points() -> list[tuple[int, str]]:
    """Every point's id and name, in the order of their names."""
    rows = RegistrationPoint.objects.values_list("id", "name")
    return sorted(rows, key=lambda row: sort_key(row[1], ""))


def place_of(point: RegistrationPoint) -> Place:
    """The point as a place that mail can be sent to."""
    return Place(point.name, Address(point.street, point.postal_code, point.town))
