# SPDX-License-Identifier: EUPL-1.2
"""Every refused sign-in leaves a trace, whatever the reason; with the certificate, when it is one of ours."""

from __future__ import annotations

from django.db import transaction

from varmentaja.apps.audit.recording import AuditAction, record_refusal
from varmentaja.apps.certificates.models import Certificate
from varmentaja.domain.actors import SYSTEM, Authentication
from varmentaja.domain.errors import DomainError
from varmentaja.relying_party import Refused


def note_refused_sign_in(refusal: DomainError, row: Certificate | None, how: Authentication) -> None:
    """Record the refusal, in a transaction of its own.

    The holder is named as a fact and not as the actor: a certificate that was shown is not yet a person who
    came.
    """
    facts: dict[str, int | str] = {"how": how}
    if isinstance(refusal, Refused):
        facts["check"] = refusal.outcome
    if row is not None and row.person_id is not None:
        facts["person"] = row.person_id
    with transaction.atomic():
        record_refusal(AuditAction.SIGNED_IN, SYSTEM, refusal, row, facts=facts)
