# SPDX-License-Identifier: EUPL-1.2
"""An officer who is signed in, without the ceremony of a card."""

from __future__ import annotations

import os
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.test import Client
from tests.support.service import Service

# Playwright's synchronous interface keeps an event loop in this thread; the database is used beside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


def certificate_for(person: Any, service: Service) -> Any:
    """A certificate row in force, as a session needs one."""
    from varmentaja.apps.certificates.models import Certificate

    return Certificate.objects.create(
        authority="professionals-ecc",
        serial=f"4{person.pk:031x}",
        state="issued",
        person=person,
        purpose="authentication",
        key_hash="0" * 64,
        profile="personnel-auth",
        profile_version="1",
        profile_hash="0" * 64,
        subject="CN=test",
        shard=0,
        not_before=service.now,
        not_after=service.now + timedelta(days=365),
        twin=b"",
        reserved_at=service.now,
    )


def signed_in(service: Service, member: str, role: str) -> Client:
    """A browser with the session of a member of the cast in a role."""
    from django.conf import settings

    from varmentaja.apps.people.models import Role
    from varmentaja.web.session import AUTHENTICATION, CERTIFICATE, PERSON

    person = service.person(member)
    Role.objects.get_or_create(person=person, role=role, ended_at=None, defaults={"granted_at": service.now})
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[PERSON], session[AUTHENTICATION] = person.pk, "scs"
    session[CERTIFICATE] = certificate_for(person, service).pk
    session.create()
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return client


@pytest.fixture
def office(service: Service, db: None) -> Client:
    """The officer of the cast at the keyboard."""
    return signed_in(service, "officer", "officer")
