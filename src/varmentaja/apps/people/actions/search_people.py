# SPDX-License-Identifier: EUPL-1.2
"""An officer looks for a person; who searched is recorded, and what for stays beside the chain."""

from __future__ import annotations

from varmentaja.apps.action import use_case
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.people.search import Hits, find_people
from varmentaja.domain.actors import Actor
from varmentaja.domain.authority import Action, Subject, require


@use_case(AuditAction.PERSON_SEARCHED)
def search_people(actor: Actor, text: str, *, after: str = "") -> Hits:
    """One page of the people that ``text`` may mean; see ``people.search.find_people``."""
    require(actor, Action.PERSON_FIND, Subject())
    hits = find_people(text, after=after)
    listed = [found.person_id for found in hits.people]
    facts = {"hits": len(listed), "people": listed}
    record(AuditAction.PERSON_SEARCHED, actor, facts=facts, personal={"text": text})
    return hits
