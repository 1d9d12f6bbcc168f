# SPDX-License-Identifier: EUPL-1.2
"""A person ends the own session."""

from __future__ import annotations

from varmentaja.apps.action import use_case
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.certificates.models import Certificate
from varmentaja.domain.actors import Actor


@use_case(AuditAction.SIGNED_OUT)
def sign_out(actor: Actor, certificate_id: int) -> None:
    """Record that the session opened with this certificate has been ended by its holder."""
    record(AuditAction.SIGNED_OUT, actor, Certificate(pk=certificate_id))
