# SPDX-License-Identifier: EUPL-1.2
"""The whole service in one process, with every simulator, for tests of use cases."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from tests.support.pki import Demo

from varmentaja.adapters.card_factory.simulator import SimulatedCardFactory
from varmentaja.adapters.code_server.simulator import SimulatedCodeServer
from varmentaja.adapters.population_register.simulator import SimulatedPopulationRegister
from varmentaja.adapters.post.simulator import SimulatedPost
from varmentaja.adapters.professional_register.simulator import SimulatedProfessionalRegister
from varmentaja.adapters.sandbox.cast import load_cast
from varmentaja.adapters.sandbox.faults import Faults
from varmentaja.card.host import CardHostServer
from varmentaja.card.host_client import CardHostClient
from varmentaja.documents.sender import sandbox_sender
from varmentaja.domain.actors import Actor, Authentication, Role
from varmentaja.domain.delivery import Destination
from varmentaja.domain.identity_documents import DocumentKind, IdentityDocument
from varmentaja.ports.connected import Outside, connect
from varmentaja.signer.in_process import InProcessCustody
from varmentaja.signer.keys import ISSUER_SECRET, make_service_keys


@dataclass(frozen=True)
class Service:
    """What a test holds in its hands."""

    folder: Path
    faults: Path
    """Write faults of outside systems here (adapters/sandbox/faults.py)."""
    post: SimulatedPost
    cards: CardHostClient
    demo: Demo
    now: datetime
    today: date
    outside: Outside

    def registrar(self, role: str = "registrar", point: str = "mallila") -> Actor:
        """A member of the cast as a registrar at a point."""
        from varmentaja.apps.registration.models import RegistrationPoint

        place, _ = RegistrationPoint.objects.get_or_create(
            code=point,
            defaults={"name": point, "street": "Esimerkkikatu 1", "postal_code": "99981", "town": "Mallila"},
        )
        person = self.person(role)
        return Actor(person.pk, frozenset({Role.HOLDER, Role.REGISTRAR}), Authentication.SCS, place.pk)

    def officer(self) -> Actor:
        """The cast's officer."""
        return Actor(self.person("officer").pk, frozenset({Role.HOLDER, Role.OFFICER}), Authentication.SCS)

    def person(self, role: str) -> Any:
        """A member of the cast as the service's own record."""
        from varmentaja.apps.people.actions.refresh_person import refresh_person

        code = load_cast().member(role).identity_code
        known = self.outside.population_register.person(code, request_id="test")
        assert known is not None
        return refresh_person(known, now=self.now)

    def application(self, role: str = "physician", *, destination: Destination = Destination.POINT) -> Any:
        """A draft with an answer to every step."""
        from varmentaja.apps.applications.actions.accept_terms import accept_terms
        from varmentaja.apps.applications.actions.choose_right import choose_right
        from varmentaja.apps.applications.actions.open_application import open_application
        from varmentaja.apps.applications.actions.record_delivery import record_delivery
        from varmentaja.apps.applications.actions.record_identity_document import record_identity_document
        from varmentaja.apps.applications.actions.record_photo import record_photo
        from varmentaja.apps.applications.professionals import professional_of
        from varmentaja.documents.terms import current_terms

        registrar, today = self.registrar(), self.today
        code = str(load_cast().member(role).identity_code)
        draft = open_application(registrar, code, now=self.now, today=today)
        professional = professional_of(draft)
        rights = professional.valid_rights(today) if professional else ()
        if rights:
            choose_right(registrar, draft.pk, draft.version, rights[0].code, today=today)
            draft.refresh_from_db()
        shown = IdentityDocument(DocumentKind.FINNISH_PASSPORT, "FI", date(today.year + 3, 1, 1))
        record_identity_document(registrar, draft.pk, draft.version, shown, "XP1234567", today=today)
        record_photo(registrar, draft.pk, draft.version + 1, None, today=today)
        record_delivery(registrar, draft.pk, draft.version + 2, destination, destination, None, today=today)
        accept_terms(registrar, draft.pk, draft.version + 3, current_terms().version, today=today)
        draft.refresh_from_db()
        return draft

    def submit(self, draft: Any) -> Any:
        """Submit a draft; the decision."""
        from varmentaja.apps.applications.actions.submit_application import submit_application

        return submit_application(self.registrar(), draft.pk, draft.version, now=self.now, today=self.today)

    def order_of(self, draft: Any) -> Any:
        """The order that an approved application led to."""
        from varmentaja.apps.cards.models import Order

        return Order.objects.get(card__application=draft)

    def made_card(self, role: str = "physician") -> Any:
        """A card that has been made and posted."""
        draft = self.application(role)
        self.submit(draft)
        return self.produced(draft)

    def produced(self, draft: Any) -> Any:
        """The card of an approved application, made and posted."""
        from varmentaja.apps.cards.actions.produce_card import produce_card

        order = self.order_of(draft)
        produce_card(order.pk, now=self.now, today=self.today)
        return type(order.card).objects.get(pk=order.card_id)


@pytest.fixture
def service(tmp_path: Path, demo: Demo, settings: Any) -> Iterator[Service]:
    """Everything connected; keys and hierarchy are the run's, folders the test's own."""
    make_service_keys(demo.store)
    settings.PUBLICATION = tmp_path / "publication"
    faults = tmp_path / "faults.json"
    sender = sandbox_sender("http://localhost:8000")
    post = SimulatedPost(tmp_path / "mailbox", Faults(faults))
    socket = tmp_path / "host.sock"
    with CardHostServer(tmp_path / "cards", socket, os.urandom) as host:
        thread = threading.Thread(target=host.serve_forever, daemon=True)
        thread.start()
        client = CardHostClient(socket)
        outside = Outside(
            sender=sender,
            population_register=SimulatedPopulationRegister(Faults(faults)),
            professional_register=SimulatedProfessionalRegister(Faults(faults)),
            code_server=SimulatedCodeServer(Faults(faults)),
            post=post,
            card_factory=SimulatedCardFactory(
                client,
                tmp_path / "factory",
                demo.store.derive(ISSUER_SECRET, b"master", 32),
                sender,
                os.urandom,
                Faults(faults),
            ),
            custody=InProcessCustody(demo.hierarchy, demo.store, os.urandom),
        )
        connect(outside)
        now = datetime.now(UTC)
        yield Service(tmp_path, faults, post, client, demo, now, timezone.localdate(now), outside)
        host.shutdown()
        thread.join()
