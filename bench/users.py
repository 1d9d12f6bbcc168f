# SPDX-License-Identifier: EUPL-1.2
"""Who uses the portal in bench.pages, and the pages of each: holders, officers, registrars, strangers.

Opening a session by the card is measured by bench.sign_in; here sessions are laid into the database.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from importlib import import_module
from itertools import cycle, islice

from django.conf import settings

from bench.visitors import User, Visitor
from varmentaja.apps.cards.models import Card
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.people.fill import FIRST_REGISTRATION, family_name
from varmentaja.apps.people.models import Person, Role
from varmentaja.domain.actors import Role as Part
from varmentaja.web.session import AUTHENTICATION, CERTIFICATE, PERSON

_OF_TEN = ("holder",) * 5 + ("officer",) * 2 + ("registrar",) * 2 + ("stranger",)
_FEW = 5
"""Files that an officer opens."""


class Users:
    """Makes them for a portal over a database of so many synthetic people."""

    def __init__(self, port: int, people: int, decided: int) -> None:
        """``decided`` is the number of an application with a decision."""
        self._port = port
        self._people = people
        self._decided = decided
        self._chance = random.Random(1)  # noqa: S311
        self._make: dict[str, Callable[[], User]] = {
            "holder": self._holder,
            "officer": self._officer,
            "registrar": self._registrar,
            "stranger": self._stranger,
        }

    def make(self, count: int) -> list[User]:
        """So many, of each kind."""
        return [self._make[kind]() for kind in islice(cycle(_OF_TEN), count)]

    def _holder(self) -> User:
        card = self._card()
        home = "/fi/my-card/"
        paths = {"my card": home, "my documents": f"{home}documents/", "end my card": f"{home}{card.pk}/end/"}
        return _by_paths(Visitor(self._port, session_of(card.person_id)), paths)

    def _officer(self) -> User:
        visitor = Visitor(self._port, session_of(staff(Part.OFFICER)))
        hidden, cards = visitor.hidden("/fi/office/"), [self._card() for _ in range(_FEW)]

        def search() -> None:
            text = family_name(self._chance.randrange(self._people))
            visitor.get(visitor.post("/fi/office/search/", {**hidden, "text": text}))

        def open_any(pattern: str) -> Callable[[], str]:
            return lambda: visitor.get(self._of(pattern, self._chance.choice(cards)))

        pages = {
            "office": lambda: visitor.get("/fi/office/"),
            "office: search by name and its hits": search,
            "office: a person's file": open_any(_FILE),
            "office: whole history": open_any(_FILE + "history/"),
            "office: a card": open_any(_CARD),
        }
        paths = [self._of(pattern, card) for card in cards for pattern in (_FILE, _CARD)]
        return User(visitor, pages, ["/fi/office/", *paths])

    def _registrar(self) -> User:
        desk = "/fi/registration/"
        paths = {"desk": desk, "desk: a decision": f"{desk}{self._decided}/"}
        return _by_paths(Visitor(self._port, session_of(staff(Part.REGISTRAR))), paths)

    def _stranger(self) -> User:
        paths = {
            "front page": "/fi/",
            "state of the services": "/fi/status/",
            "addresses": "/fi/status-services/",
        }
        return _by_paths(Visitor(self._port), paths)

    def _card(self) -> Card:
        """Of a synthetic person."""
        number = str(FIRST_REGISTRATION + self._chance.randrange(self._people))
        return Card.objects.get(person=Person.objects.get(registration_number=number))

    def _of(self, pattern: str, card: Card) -> str:
        return pattern.format(person=card.person_id, card=card.pk)


_FILE, _CARD = "/fi/office/people/{person}/", "/fi/office/cards/{card}/"


def staff(part: Part) -> int:
    """A member of the demo's staff, by number."""
    return Role.objects.filter(role=part).order_by("id")[0].person_id


def session_of(person: int) -> str:
    """A session as sign-in by SCS opens it; its key."""
    certificate = Certificate.objects.filter(
        card__person_id=person, state="issued", purpose="authentication"
    )[0]
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session.update({PERSON: person, CERTIFICATE: certificate.pk, AUTHENTICATION: "scs"})
    session.save()
    return str(session.session_key)


def _by_paths(visitor: Visitor, paths: dict[str, str]) -> User:
    pages = {name: (lambda path=path: visitor.get(path)) for name, path in paths.items()}
    return User(visitor, pages, list(paths.values()))
