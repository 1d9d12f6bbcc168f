# SPDX-License-Identifier: EUPL-1.2
"""The publisher cut off, restored or away for long: numbers and statuses never go back, and it goes on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from tests.integration.apps.test_status import answer, crl_of, published
from tests.support.certificates import AUTHORITY, issue, revoke
from tests.support.service import Service

from varmentaja.apps.audit.models import Entry
from varmentaja.apps.cards.actions.end_card import end_card
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status import answers, publication
from varmentaja.apps.status.actions import publish_status as publishing
from varmentaja.apps.status.actions.publish_status import is_behind, publish_status
from varmentaja.apps.status.answers import HALF_LIFE, LIFETIME
from varmentaja.apps.status.models import Hold, Publication
from varmentaja.domain.actors import Actor, Authentication, Role
from varmentaja.domain.publication_gate import Gate, HoldState
from varmentaja.domain.revocation import Ground
from varmentaja.pki.publication import PublicationReader

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
REVOKED = ocsp.OCSPCertStatus.REVOKED


def lose(service: Service, card: Any, now: Any) -> list[Certificate]:
    holder = Actor(card.person_id, frozenset({Role.HOLDER}), Authentication.SCS)
    end_card(holder, card.pk, Ground.LOST, now=now, today=service.today)
    return list(Certificate.objects.filter(card=card))


def number_of(service: Service, authority: str) -> int:
    crl = x509.load_der_x509_crl(crl_of(service, authority))
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def statuses(service: Service, rows: list[Certificate]) -> list[ocsp.OCSPCertStatus | None]:
    said = [answer(service, row) for row in rows]
    return [each.certificate_status if each else None for each in said]


@pytest.mark.parametrize("overtaking", [0, 200], ids=["sets", "overlays"])
def test_a_publication_folder_of_yesterday_is_made_good_at_the_next_run(
    service: Service, monkeypatch: pytest.MonkeyPatch, overtaking: int
) -> None:
    card = service.made_card()
    publish_status(now=service.now)
    folder, copy = service.folder / "publication", service.folder / "yesterday"
    assert service.outside.custody is not None
    responder = PublicationReader(folder, service.outside.custody.verify_seal)
    shutil.copytree(folder, copy)
    rows = lose(service, card, service.now + SECOND)
    with monkeypatch.context() as patch:
        patch.setattr(publishing, "OVERTAKING", overtaking)
        publish_status(now=service.now + SECOND)
    number, last = number_of(service, rows[0].authority), published(service).head
    assert responder.poll()
    shutil.rmtree(folder)
    copy.rename(folder)
    assert not responder.poll(), "a responder that has seen more keeps it"
    assert statuses(service, rows) == [ocsp.OCSPCertStatus.GOOD] * len(rows), "what was restored says so"
    assert publish_status(now=service.now + 5 * SECOND) is not None
    assert responder.poll(again=True), responder.problem
    assert not published(service).head.goes_back(last)
    assert statuses(service, rows) == [REVOKED] * len(rows)
    assert number_of(service, rows[0].authority) > number
    assert publish_status(now=service.now + 6 * SECOND) is None, "once is enough"


def test_a_lost_publication_folder_is_made_anew(service: Service) -> None:
    card, other = service.made_card(), service.made_card("english_speaker")
    rows = lose(service, card, service.now + SECOND)
    publish_status(now=service.now + SECOND)
    last = published(service).head
    shutil.rmtree(service.folder / "publication")
    assert publish_status(now=service.now + 2 * SECOND) is not None
    assert statuses(service, rows) == [REVOKED] * len(rows)
    good = list(Certificate.objects.filter(card=other))
    assert statuses(service, good) == [ocsp.OCSPCertStatus.GOOD] * len(good)
    assert not published(service).head.goes_back(last)


def test_a_run_that_dies_after_the_switch_is_done_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = service.made_card()
    publish_status(now=service.now)
    rows = lose(service, card, service.now + SECOND)

    def die(*_: object, **__: object) -> None:
        raise SystemExit("as kill -9: the database forgets what was not committed")

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(answers, "note_answered", die)
        publish_status(now=service.now + SECOND)
    assert statuses(service, rows) == [REVOKED] * len(rows), "the files were switched"
    last, known = published(service).head, Publication.objects.count()
    publication._kept.clear()  # another process goes on
    assert publish_status(now=service.now + 2 * SECOND) is not None
    assert Publication.objects.count() == known + 3, "it is noted, then lists and answers are signed again"
    assert not published(service).head.goes_back(last)
    assert statuses(service, rows) == [REVOKED] * len(rows)


def test_after_a_week_without_a_publisher_all_is_fresh_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "BATCH", 3)
    card, lost = service.made_card(), service.made_card("english_speaker")
    while is_behind(service.now):
        publish_status(now=service.now)
    later = service.now + timedelta(days=7)
    stale = answer(service, Certificate.objects.filter(card=card)[0])
    assert stale is not None and stale.next_update_utc is not None
    assert stale.next_update_utc < later - timedelta(days=4), (
        "old answers say by their dates that they are old"
    )
    gone = lose(service, lost, later)
    assert publish_status(now=later) is not None
    assert statuses(service, gone) == [REVOKED] * len(gone), "the revocation comes before the backlog"
    while is_behind(later):
        assert publish_status(now=later) is not None
    for row in Certificate.objects.filter(card__in=[card, lost]):
        said = answer(service, row)
        assert said is not None and said.next_update_utc == (later + LIFETIME).replace(microsecond=0)
        assert row.answer_due_at is not None and row.answer_due_at <= later + HALF_LIFE


def flip(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


DAMAGES: dict[str, Callable[[Path], None]] = {
    "answers": lambda folder: flip(next((folder / "sets").glob("*/*.answers"))),
    "list": lambda folder: next((folder / "overlay").glob("*/*.crl")).unlink(),
    "set": lambda folder: shutil.rmtree(folder / "sets"),
    "head": lambda folder: flip(folder / "head.json"),
}


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_publication_is_set_aside_and_made_anew(
    service: Service, damage: str, restarted: bool
) -> None:
    good, gone = issue(1, now=service.now), issue(1, now=service.now)
    publish_status(now=service.now)
    revoke(*gone, now=service.now + SECOND)
    publish_status(now=service.now + SECOND)
    last, number = published(service).head, number_of(service, AUTHORITY)
    folder = service.folder / "publication"
    (folder / "audit").mkdir()
    DAMAGES[damage](folder)
    if restarted:
        publication._kept.clear()
    assert publish_status(now=service.now + 5 * SECOND) is not None
    assert statuses(service, good) == [ocsp.OCSPCertStatus.GOOD] and statuses(service, gone) == [REVOKED]
    assert not published(service).head.goes_back(last) and number_of(service, AUTHORITY) > number
    (aside,) = (folder / "damaged").iterdir()
    assert (aside / "head.json").exists() and (folder / "audit").exists()
    assert Entry.objects.filter(content__contains='"action":"status.damaged"').count() == 1
    assert publish_status(now=service.now + 6 * SECOND) is None, "once is enough"


def test_a_damaged_publication_that_knows_more_than_the_records_is_left_alone(service: Service) -> None:
    """A restored database and a damaged folder together: made anew, what was revoked would be good."""
    rows = issue(2, now=service.now)
    publish_status(now=service.now)
    DAMAGES["answers"](service.folder / "publication")
    Publication.objects.all().delete()
    publication._kept.clear()
    head = (service.folder / "publication" / "head.json").read_bytes()
    revoke(*rows, now=service.now + SECOND)
    assert publish_status(now=service.now + SECOND) is None
    assert (service.folder / "publication" / "head.json").read_bytes() == head
    assert Hold.objects.get().gate == Gate.GOING_BACK
    DAMAGES["answers"](service.folder / "publication")  # flipped back, as from a responder's copy
    assert publish_status(now=service.now + 2 * SECOND) is not None
    assert statuses(service, rows) == [REVOKED] * 2
    assert Hold.objects.get().state == HoldState.OVER
