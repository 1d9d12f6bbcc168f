# SPDX-License-Identifier: EUPL-1.2
"""Opening an application: what is kept of the person, and that a refusal leaves its trace."""

from __future__ import annotations

import pytest
from django.db.models import QuerySet
from tests.support.service import Service

from varmentaja.adapters.sandbox.cast import load_cast
from varmentaja.apps.applications.actions.open_application import open_application
from varmentaja.apps.applications.models import Application
from varmentaja.apps.audit.models import Entry
from varmentaja.apps.audit.queries import history_of
from varmentaja.apps.people.models import Person
from varmentaja.domain.actors import Actor, Authentication, Role
from varmentaja.domain.errors import DomainError, Kind

pytestmark = pytest.mark.django_db


def test_no_home_address_is_kept_under_a_non_disclosure_order(service: Service) -> None:
    person = service.person("non_disclosure")
    assert Person.objects.get(pk=person.pk).home_address is None
    assert Person.objects.get(pk=service.person("physician").pk).home_address is not None


def test_a_dead_person_is_refused_and_the_refusal_recorded(service: Service) -> None:
    registrar = service.registrar()
    with pytest.raises(DomainError) as refusal:
        open_application(
            registrar, str(load_cast().member("dead").identity_code), now=service.now, today=service.today
        )
    assert refusal.value.kind is Kind.CONFLICT
    assert Entry.objects.filter(action="application.opened", outcome="refused").count() == 1


def test_who_is_no_registrar_opens_nothing_and_asks_no_register(service: Service) -> None:
    holder = Actor(service.person("physician").pk, frozenset({Role.HOLDER}), Authentication.SCS)
    with pytest.raises(DomainError) as refusal:
        open_application(
            holder,
            str(load_cast().member("english_speaker").identity_code),
            now=service.now,
            today=service.today,
        )
    assert refusal.value.kind is Kind.NOT_ALLOWED
    assert not Person.objects.filter(family_name="O'Mallory").exists()


def test_a_registrar_opens_no_application_of_ones_own(service: Service) -> None:
    registrar = service.registrar("second_registrar")
    own = str(load_cast().member("second_registrar").identity_code)
    with pytest.raises(DomainError) as refusal:
        open_application(registrar, own, now=service.now, today=service.today)
    assert refusal.value.kind is Kind.NOT_ALLOWED


def test_a_registration_number_of_another_record_is_told_and_nothing_is_stored(service: Service) -> None:
    registrar = service.registrar()
    other = service.person("english_speaker")
    Person.objects.filter(pk=other.pk).update(registration_number="00999000101")
    with pytest.raises(DomainError) as refusal:
        open_application(
            registrar,
            str(load_cast().member("physician").identity_code),
            now=service.now,
            today=service.today,
        )
    assert refusal.value.kind is Kind.CONFLICT


def test_a_refusal_names_the_person_who_is_known_and_otherwise_the_masked_code(service: Service) -> None:
    registrar, dead = service.registrar(), load_cast().member("dead").identity_code
    person = service.person("physician")
    Application.objects.create(
        person=person,
        product="professional",
        state="draft",
        point=service.application("prescribing_nurse").point,
        opened_at=service.now,
        changed_on=service.today,
    )
    elsewhere = service.registrar("second_registrar", "exempelby")
    for actor, code in ((registrar, dead), (elsewhere, load_cast().member("physician").identity_code)):
        with pytest.raises(DomainError):
            open_application(actor, str(code), now=service.now, today=service.today)
    unknown, known = Entry.objects.filter(action="application.opened", outcome="refused").order_by("id")
    assert unknown.document["subject"] is None
    assert unknown.personal.facts == {"identity_code": dead.masked()}
    assert known.document["subject"] == {"type": "people.person", "id": str(person.pk)}
    history = history_of({"people.person": [person.pk]}, until=None, limit=10)
    assert "another registration point" in str(next(line.refusal for line in history if line.refusal))


def test_a_registration_number_given_to_two_at_once_is_told_and_not_a_fault(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = service.application()
    other = service.person("english_speaker")
    Person.objects.filter(pk=draft.person_id).update(registration_number=None)
    Person.objects.filter(pk=other.pk).update(registration_number="00999000101")
    with pytest.raises(DomainError, match="another person's record") as refusal:
        service.submit(draft)
    assert refusal.value.kind is Kind.CONFLICT
    Person.objects.filter(pk=other.pk).update(registration_number=None)
    service.submit(draft)
    assert Person.objects.get(pk=draft.person_id).registration_number == "00999000101"


def test_a_draft_that_ends_while_it_is_opened_again_is_told(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = service.application()

    def ended_meanwhile(**values: object) -> QuerySet[Application]:
        Application.objects.filter(pk=draft.pk).update(state="cancelled")
        return Application.objects.all()

    code, registrar = str(load_cast().member("physician").identity_code), service.registrar()
    with monkeypatch.context() as patch:
        patch.setattr(Application.objects, "select_for_update", ended_meanwhile)
        with pytest.raises(DomainError, match="Try again") as refusal:
            open_application(registrar, code, now=service.now, today=service.today)
    assert refusal.value.kind is Kind.CONFLICT
    Application.objects.filter(pk=draft.pk).update(state="cancelled")
    assert open_application(registrar, code, now=service.now, today=service.today).pk != draft.pk
