# SPDX-License-Identifier: EUPL-1.2
"""A registrar's desk in a process of its own beside a running demo; tests/support/whole_service.py starts it.

Each line on standard input is an identity code, for which a whole application is made and submitted, or
``+days`` to move business time on. Each is answered by one line of JSON.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from typing import Any

from django.utils import timezone

from varmentaja.adapters.sandbox.cast import load_cast
from varmentaja.apps.applications.actions.accept_terms import accept_terms
from varmentaja.apps.applications.actions.choose_right import choose_right
from varmentaja.apps.applications.actions.open_application import open_application
from varmentaja.apps.applications.actions.record_delivery import record_delivery
from varmentaja.apps.applications.actions.record_identity_document import record_identity_document
from varmentaja.apps.applications.actions.record_photo import record_photo
from varmentaja.apps.applications.actions.submit_application import submit_application
from varmentaja.apps.applications.models import Application
from varmentaja.apps.applications.professionals import professional_of
from varmentaja.apps.cards.models import Order
from varmentaja.apps.people.models import Person
from varmentaja.apps.registration.models import RegistrationPoint
from varmentaja.apps.sandbox.actions.move_on import move_on
from varmentaja.apps.sandbox.clock import business_today
from varmentaja.documents.terms import current_terms
from varmentaja.domain.actors import Actor, Authentication, Role
from varmentaja.domain.delivery import Destination
from varmentaja.domain.errors import DomainError
from varmentaja.domain.identity_documents import DocumentKind, IdentityDocument
from varmentaja.wiring import connect_portal


def registrar() -> Actor:
    """The registrar of the cast, at the registration point where she works."""
    member = load_cast().member("registrar")
    person = Person.objects.get(family_name=member.family_name, given_names=member.given_names)
    point = RegistrationPoint.objects.get(code=member.point)
    return Actor(person.pk, frozenset({Role.HOLDER, Role.REGISTRAR}), Authentication.SCS, point.pk)


def fill_in(actor: Actor, identity_code: str) -> Application:
    """Every step of an application but the last."""
    now, today = timezone.now(), business_today()
    draft = open_application(actor, identity_code, now=now, today=today)
    professional = professional_of(draft)
    for right in (professional.valid_rights(today) if professional else ())[:1]:
        choose_right(actor, draft.pk, draft.version, right.code, today=today)
        draft.refresh_from_db()
    shown = IdentityDocument(DocumentKind.FINNISH_PASSPORT, "FI", date(today.year + 3, 1, 1))
    point = Destination.POINT
    record_identity_document(actor, draft.pk, draft.version, shown, "XP1234567", today=today)
    record_photo(actor, draft.pk, draft.version + 1, None, today=today)
    record_delivery(actor, draft.pk, draft.version + 2, point, point, None, today=today)
    accept_terms(actor, draft.pk, draft.version + 3, current_terms().version, today=today)
    draft.refresh_from_db()
    return draft


def apply(actor: Actor, identity_code: str) -> dict[str, Any]:
    """A whole application; the decision, and the order if there is one."""
    draft = fill_in(actor, identity_code)
    today = business_today()
    decision = submit_application(actor, draft.pk, draft.version, now=timezone.now(), today=today)
    order = Order.objects.filter(card__application=draft).values_list("pk", flat=True).first()
    return {"outcome": decision.outcome, "order": order}


def main() -> None:
    """Answer line by line until the input ends."""
    connect_portal()
    actor = registrar()
    for line in map(str.strip, sys.stdin):
        try:
            if line.startswith("+"):
                answer = {"today": move_on(actor, int(line)).isoformat()}
            else:
                answer = apply(actor, line)
        except DomainError as error:
            answer = {"refused": str(error)}
        print(json.dumps(answer), flush=True)
