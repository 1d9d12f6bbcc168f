# SPDX-License-Identifier: EUPL-1.2
"""The observer before our own responder: nothing to find while all is well, and a responder that was left
behind is found by what was revoked since."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.apart import apart
from tests.support.responder import running
from tests.support.service import Service
from tests.support.status import Publication

from varmentaja.apps.cards.actions.end_card import end_card
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.observation.actions.keep_canaries import keep_canaries
from varmentaja.apps.observation.actions.write_plan import PUBLISHED_WITHIN, SETTLED_WITHIN, write_plan
from varmentaja.apps.status.actions.publish_status import publish_status
from varmentaja.domain.actors import Actor, Authentication, Role
from varmentaja.domain.availability import Round, Trouble
from varmentaja.domain.availability import Service as Asked
from varmentaja.domain.revocation import Ground
from varmentaja.observer.ask import Client
from varmentaja.observer.judge import Judge
from varmentaja.observer.openssl import OpenSsl
from varmentaja.observer.plan import read_plan
from varmentaja.observer.rounds import Observer
from varmentaja.signer.keys import PUBLICATION_KEY

pytestmark = pytest.mark.django_db

Look = Callable[[datetime], Round]


@pytest.fixture
def look(service: Service, settings: Any, tmp_path: Path) -> Iterator[Look]:
    """A round before a responder that serves ``tmp_path/served``, by a plan of that moment."""
    settings.OBSERVER, settings.HIERARCHY = tmp_path / "observer", service.demo.folder
    settings.ONLINE_URL = None
    key = service.demo.store.public_key(PUBLICATION_KEY)
    public_key = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    keep_canaries(now=service.now)
    publish_status(now=service.now)
    copy(service)
    client, path = Client(), tmp_path / "observer" / "plan.json"
    observer = Observer(Judge(OpenSsl(shutil.which("openssl") or "")), client)
    served = cast(Publication, SimpleNamespace(folder=tmp_path / "served", public_key=public_key))
    with running(served) as responder:

        def look(now: datetime) -> Round:
            path.unlink(missing_ok=True)
            write_plan(now=now)
            told = path.read_text().replace(service.demo.hierarchy.base_url, responder.url)
            path.write_text(told)
            assert json.loads(told)["authorities"]
            plan = read_plan(path, Path(str(service.demo.folder)))
            return apart(lambda: observer.look(plan, lambda: now))

        yield look
    client.close()


def copy(service: Service) -> None:
    shutil.copytree(service.folder / "publication", service.folder / "served", dirs_exist_ok=True)


def once(look: Look, now: datetime, condition: Callable[[Round], bool]) -> Round:
    """The first round of which it is true: the responder looks at its folder every 0.3 s."""
    for _ in range(60):
        if condition(found := look(now)):
            break
    return found


def troubles(found: Round) -> set[Trouble]:
    return {each.trouble for each in found.findings}


def test_nothing_is_found_in_order_and_a_responder_left_behind_is_found(service: Service, look: Look) -> None:
    first = look(service.now + SETTLED_WITHIN + timedelta(seconds=1))
    assert first.tallies[Asked.OCSP].asked == 16  # four canaries, by GET and POST, by SHA-1 and SHA-256
    assert first.findings == ()
    assert all(tally.lost == 0 for tally in first.tallies.values()) and len(first.tallies) == 3
    card = service.made_card()
    holder = Actor(card.person_id, frozenset({Role.HOLDER}), Authentication.SCS)
    publish_status(now=service.now + timedelta(seconds=1))
    copy(service)
    end_card(holder, card.pk, Ground.LOST, now=service.now + timedelta(seconds=2), today=service.today)
    publish_status(now=service.now + timedelta(seconds=3))
    later = service.now + PUBLISHED_WITHIN + timedelta(minutes=1)
    found = once(look, later, lambda found: Trouble.INVALID not in troubles(found))
    serials = {row.serial for row in Certificate.objects.filter(card=card)}
    wrong = {each for each in found.findings if each.trouble is Trouble.WRONG_STATUS}
    assert wrong == set(found.findings)
    assert {each.subject.split("/")[1].split(" ")[0] for each in wrong} == {
        f"{int(serial, 16):x}" for serial in serials
    }
    assert {each.service for each in wrong} == {"ocsp", "crl"}
    copy(service)
    assert once(look, later, lambda found: not found.findings).findings == ()
