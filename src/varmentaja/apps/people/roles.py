# SPDX-License-Identifier: EUPL-1.2
"""From a person's record to an actor: roles are read there at every request, never from a certificate."""

from __future__ import annotations

from varmentaja.apps.people.models import Role as RoleRow
from varmentaja.domain.actors import Actor, Authentication, Role


def actor_for(person_id: int, authentication: Authentication) -> Actor:
    """The person as an actor, with the roles held now; everybody is the holder of own things."""
    held = list(RoleRow.objects.filter(person_id=person_id, ended_at__isnull=True))
    return Actor(
        person_id=person_id,
        roles=frozenset({Role.HOLDER, *(Role(row.role) for row in held)}),
        authentication=authentication,
        point_id=next((row.point_id for row in held if row.point_id is not None), None),
    )
