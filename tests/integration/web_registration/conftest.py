# SPDX-License-Identifier: EUPL-1.2
"""A registrar at the desk: signed in, with the simulated registers behind the portal."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from varmentaja.adapters.code_server.simulator import SimulatedCodeServer
from varmentaja.adapters.population_register.simulator import SimulatedPopulationRegister
from varmentaja.adapters.professional_register.simulator import SimulatedProfessionalRegister
from varmentaja.adapters.sandbox.cast import load_cast
from varmentaja.adapters.sandbox.faults import Faults
from varmentaja.documents.sender import sandbox_sender
from varmentaja.ports.connected import Outside, connect

PASSPORT = {
    "kind": "finnish_passport",
    "country": "FI",
    "number": "XP1234567",
    "valid_until_0": "1",
    "valid_until_1": "1",
    "valid_until_2": "2030",
}
TO_POINT = {"card_to": "point", "letter_to": "point"}


def picture(size: tuple[int, int] = (720, 940), *, exif: bytes = b"", colour: str = "teal") -> bytes:
    """A JPEG."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "JPEG", exif=exif)
    return file.getvalue()


def code_of(role: str) -> str:
    """The identity code of a member of the cast."""
    return str(load_cast().member(role).identity_code)


class Desk:
    """A registrar's browser: fills the main form of the page that is open, as the tour does."""

    def __init__(self, client: Client, language: str = "en") -> None:
        self.client = client
        self.language = language
        self.page: Any = None

    @property
    def text(self) -> str:
        """What the page says, tags and white space folded."""
        main = re.search(r"<main.*?</main>", self.page.content.decode(), re.S)
        assert main is not None, self.page.content[:200]
        return " ".join(re.sub(r"<[^>]+>", " ", main[0]).split())

    @property
    def path(self) -> str:
        """Address of the page, without language and number of the application."""
        path = str(self.page.request["PATH_INFO"])
        return re.sub(r"/\d+/", "/N/", path.removeprefix(f"/{self.language}/registration"))

    @property
    def number(self) -> int:
        """Number of the application that is open."""
        found = re.search(r"/registration/(\d+)/", self.page.request["PATH_INFO"])
        assert found is not None
        return int(found[1])

    def open(self, path: str = "") -> Desk:
        """Go to an address below the desk."""
        self.page = self.client.get(f"/{self.language}/registration/{path}", follow=True)
        return self

    def go(self, step: str = "") -> Desk:
        """Go to a step of the application that is open."""
        return self.open(f"{self.number}/{step}/" if step else f"{self.number}/")

    def send(self, values: Mapping[str, Any] | None = None, **more: Any) -> Desk:
        """Send the page's main form; hidden fields go along as they stand."""
        html = self.page.content.decode()
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))
        data = {**hidden, **(values or {}), **more}
        self.page = self.client.post(self.page.request["PATH_INFO"], data, follow=True)
        return self

    def start(self, role: str) -> Desk:
        """Open an application for a member of the cast."""
        return self.open().send(identity_code=code_of(role))

    def fill(self, role: str, *, right: str = "", photo: bool = False, delivery: Any = None) -> Desk:
        """From the identity code to the check of the answers."""
        self.start(role).send()
        if right:
            self.send(right_code=right)
        self.send(PASSPORT)
        if photo:
            self.send(with_photo="yes", photo=SimpleUploadedFile("me.jpg", picture(), "image/jpeg"))
        self.send(with_photo="yes" if photo else "no")
        self.send(delivery or TO_POINT)
        return self.send(accept="on")


def sign_in(client: Client, role: str, point: str = "mallila") -> None:
    """A session of a registrar, as sign-in with a card leaves it."""
    from varmentaja.apps.certificates.models import Certificate
    from varmentaja.apps.people.actions.refresh_person import refresh_person
    from varmentaja.apps.people.models import Role
    from varmentaja.apps.registration.models import RegistrationPoint
    from varmentaja.web import session as keys

    now = timezone.now()
    known = SimulatedPopulationRegister(Faults()).person(
        load_cast().member(role).identity_code, request_id=""
    )
    assert known is not None
    person = refresh_person(known, now=now)
    place, _ = RegistrationPoint.objects.get_or_create(
        code=point, defaults={"name": point, "street": "Tie 1", "postal_code": "99981", "town": "Mallila"}
    )
    Role.objects.get_or_create(
        person=person, role="registrar", ended_at=None, defaults={"point": place, "granted_at": now}
    )
    certificate = Certificate.objects.create(
        authority="professionals-ecc",
        serial=f"{person.pk:040x}",
        state="issued",
        person=person,
        purpose="authentication",
        shard=0,
        not_before=now,
        not_after=now + timedelta(days=1),
        twin=b"",
        reserved_at=now,
    )
    session = client.session
    session[keys.PERSON], session[keys.CERTIFICATE] = person.pk, certificate.pk
    session[keys.AUTHENTICATION] = "scs"
    session.save()


@pytest.fixture
def faults(tmp_path: Path) -> Path:
    """Faults of the registers are written here."""
    file = tmp_path / "faults.json"
    connect(
        Outside(
            sender=sandbox_sender("http://localhost:8000"),
            code_server=SimulatedCodeServer(Faults(file)),
            population_register=SimulatedPopulationRegister(Faults(file, sleep=lambda _seconds: None)),
            professional_register=SimulatedProfessionalRegister(Faults(file, sleep=lambda _seconds: None)),
        )
    )
    return file


@pytest.fixture
def desk_of(db: None, faults: Path) -> Callable[..., Desk]:
    """``desk_of(role, point, language)``: a registrar signed in at a point."""

    def make(role: str = "registrar", point: str = "mallila", language: str = "en") -> Desk:
        client = Client()
        sign_in(client, role, point)
        return Desk(client, language)

    return make


@pytest.fixture
def desk(desk_of: Callable[..., Desk]) -> Desk:
    """The cast's registrar at Mallila, reading English."""
    return desk_of()
