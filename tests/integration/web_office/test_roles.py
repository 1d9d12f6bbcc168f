# SPDX-License-Identifier: EUPL-1.2
"""Officers give and end roles; nobody his or her own; what has ended counts no more, at once."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from tests.integration.web_office.conftest import certificate_for, signed_in
from tests.support.service import Service

from varmentaja.apps.access.actions.sign_in import SignedIn
from varmentaja.apps.audit.models import Entry
from varmentaja.apps.people.actions.change_roles import end_role, give_role
from varmentaja.apps.people.models import Role as RoleRow
from varmentaja.apps.people.roles import actor_for
from varmentaja.apps.registration.models import RegistrationPoint
from varmentaja.domain.actors import Actor, Authentication, Role
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.web.session import open_session

pytestmark = pytest.mark.django_db


def point(service: Service) -> RegistrationPoint:
    service.registrar()
    return RegistrationPoint.objects.get(code="mallila")


def browser_of(service: Service, person: Any) -> Client:
    """A session as sign-in with a card begins one."""
    client = Client()
    request: Any = type("Request", (), {"session": import_module(settings.SESSION_ENGINE).SessionStore()})()
    actor = actor_for(person.pk, Authentication.SCS)
    open_session(request, SignedIn(actor, certificate_for(person, service).pk))
    request.session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key
    return client


def last_entry() -> dict[str, Any]:
    return Entry.objects.filter(action__startswith="role.").latest("id").document


def test_a_holder_becomes_a_registrar_and_is_one_no_more(service: Service, office: Client) -> None:
    person, place = service.made_card().person, point(service)
    address = f"/en/office/people/{person.pk}/roles/"
    assert "The person has no role here." in office.get(address).text
    given = office.post(address, {"role": "registrar", "point": place.pk}, follow=True)
    assert "The role has been given" in given.text and place.name in given.text
    assert last_entry()["facts"] == {"role": "registrar", "point": "mallila"}
    assert last_entry()["subject"] == {"type": "people.person", "id": str(person.pk)}
    desk = browser_of(service, person)
    assert desk.get("/en/registration/").status_code == 200
    ended = office.post(f"{address}end/", {"role": "registrar"}, follow=True)
    assert "The role has ended" in ended.text and "The person has no role here." in ended.text
    assert (last_entry()["action"], last_entry()["facts"]) == ("role.ended", {"role": "registrar"})
    refused = desk.get("/en/registration/", follow=True)
    assert refused.redirect_chain and "a role of yours has ended" in refused.text
    assert settings.SESSION_COOKIE_NAME not in desk.cookies or not desk.session.get("person")
    history = office.get(f"/en/office/people/{person.pk}/").text
    assert "Role granted" in history and "Role ended" in history


def test_a_session_without_the_role_goes_on_when_another_role_ends(service: Service) -> None:
    person, place = service.made_card().person, point(service)
    holder = browser_of(service, person)
    give_role(service.officer(), person.pk, Role.REGISTRAR, place.pk, now=service.now)
    end_role(service.officer(), person.pk, Role.REGISTRAR, now=service.now)
    assert holder.get("/en/my-card/").status_code == 200


def test_nobody_changes_his_or_her_own_roles(service: Service, office: Client) -> None:
    officer = service.officer()
    address = f"/en/office/people/{officer.person_id}/roles/"
    page = office.get(address).text
    assert "You cannot change your own roles" in page
    assert "End the role" not in page and "Give the role" not in page
    assert officer.person_id is not None
    for attempt in (
        lambda: give_role(officer, officer.person_id, Role.REGISTRAR, point(service).pk, now=service.now),
        lambda: end_role(officer, officer.person_id, Role.OFFICER, now=service.now),
    ):
        with pytest.raises(DomainError) as refusal:
            attempt()
        assert refusal.value.kind is Kind.NOT_ALLOWED
    assert RoleRow.objects.filter(person_id=officer.person_id, ended_at=None).count() == 1
    assert Entry.objects.filter(action__startswith="role.", outcome="refused").count() == 2


def test_only_officers_give_roles(service: Service) -> None:
    person = service.made_card().person
    for actor in (
        service.registrar(),
        Actor(person.pk, frozenset({Role.HOLDER}), Authentication.SCS),
    ):
        with pytest.raises(DomainError) as refusal:
            give_role(actor, service.person("nurse_time_limited").pk, Role.OFFICER, now=service.now)
        assert refusal.value.kind is Kind.NOT_ALLOWED
    assert signed_in(service, "registrar", "registrar").get("/en/office/people/1/roles/").status_code == 403


def test_what_cannot_be_is_told_at_its_field(service: Service, office: Client) -> None:
    person = service.person("physician")
    address = f"/en/office/people/{person.pk}/roles/"
    assert "Choose the registration point" in office.post(address, {"role": "registrar"}).text
    assert "Choose the role" in office.post(address, {"point": ""}).text
    assert "no card to sign in with" in office.post(address, {"role": "officer"}).text
    service.made_card()
    assert "The role has been given" in office.post(address, {"role": "officer"}, follow=True).text
    assert "has this role already" in office.post(address, {"role": "officer"}).text
    office.post(f"{address}end/", {"role": "officer"})
    again = office.post(f"{address}end/", {"role": "officer"}, follow=True)
    assert "does not have this role" in again.text
    with pytest.raises(DomainError) as refusal:
        give_role(service.officer(), person.pk, Role.SYSTEM, now=service.now)
    assert refusal.value.field == "role"
    assert office.get("/en/office/people/987654/roles/").status_code == 404
