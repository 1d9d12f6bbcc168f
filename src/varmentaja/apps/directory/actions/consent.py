# SPDX-License-Identifier: EUPL-1.2
"""A holder's own consent to stand in the public directory, and its withdrawal."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from varmentaja.apps.action import use_case
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.directory.models import Consent
from varmentaja.apps.directory.tasks import publish_directory
from varmentaja.domain.actors import Actor
from varmentaja.domain.authority import Action, Subject, require
from varmentaja.domain.errors import conflict


@use_case(AuditAction.DIRECTORY_CONSENTED)
def give_consent(actor: Actor, *, now: datetime) -> None:
    """The actor's certificates may be found by anybody from now on.

    Raises DomainError: not_allowed, conflict (given already; the directory holds no persons).
    """
    require(actor, Action.DIRECTORY_CONSENT, Subject(person_id=actor.person_id))
    assert actor.person_id is not None, "authority asks for it"
    if not settings.DIRECTORY_PERSONS:
        raise conflict("The directory of this service holds no persons.")
    consent, is_new = Consent.objects.get_or_create(
        person_id=actor.person_id, withdrawn_at=None, defaults={"given_at": now}
    )
    if not is_new:
        raise conflict("You have given this consent already.")
    record(AuditAction.DIRECTORY_CONSENTED, actor, consent)
    publish_directory.defer()


@use_case(AuditAction.DIRECTORY_WITHDRAWN)
def withdraw_consent(actor: Actor, *, now: datetime) -> None:
    """The actor's certificates leave the directory at once; works even where persons are switched off.

    Raises DomainError: not_allowed, conflict (no consent).
    """
    require(actor, Action.DIRECTORY_CONSENT, Subject(person_id=actor.person_id))
    assert actor.person_id is not None, "authority asks for it"
    consent = Consent.objects.select_for_update().filter(person_id=actor.person_id, withdrawn_at=None).first()
    if consent is None:
        raise conflict("You have given no consent that could be withdrawn.")
    consent.withdrawn_at = now
    consent.save(update_fields=["withdrawn_at"])
    record(AuditAction.DIRECTORY_WITHDRAWN, actor, consent)
    publish_directory.defer()
