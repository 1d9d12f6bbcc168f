# SPDX-License-Identifier: EUPL-1.2
"""The list of refusals is read, and that leaves a trace of its own."""

from __future__ import annotations

from varmentaja.apps.action import use_case
from varmentaja.apps.audit.queries import EntryLine, refusals
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.paging import Page
from varmentaja.domain.actors import Actor
from varmentaja.domain.authority import Action, Subject, require


@use_case(AuditAction.AUDIT_READ)
def read_refusals(actor: Actor, *, after: str = "") -> Page[EntryLine]:
    """One page of what rules refused, newest first; raises DomainError not_allowed."""
    require(actor, Action.AUDIT_READ, Subject())
    page = refusals(after)
    people = sorted({line.actor_person for line in page.lines if line.actor_person is not None})
    record(AuditAction.AUDIT_READ, actor, facts={"list": "refusals", "people": people})
    return page
