# SPDX-License-Identifier: EUPL-1.2
"""The publication is lost, damaged or yesterday's, and takes many batches to make anew. Between all of them
nothing revoked is good, and nothing valid loses its answer."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from django.db import transaction
from tests.integration.apps.test_gate_bulk import publish_all, release
from tests.integration.apps.test_publication_lost import flip
from tests.integration.apps.test_status import published
from tests.support.rows import issued_rows
from tests.support.service import Service

from varmentaja.apps.certificates.actions.revoke_certificates import revoke_rows
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status import answers, publication
from varmentaja.apps.status.actions import publish_status as publishing
from varmentaja.apps.status.actions.make_good import make_good
from varmentaja.apps.status.actions.publish_status import publish_answers, publish_revocations, publish_status
from varmentaja.apps.status.models import CrlShard, Hold, Rebuild
from varmentaja.apps.status.queries import rebuilding
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.publication_gate import Gate, HoldState
from varmentaja.domain.revocation import RevocationReason
from varmentaja.pki.publication import PublicationReader, reader
from varmentaja.pki.publication.gates.reading import statuses

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
GOOD, REVOKED = {ocsp.OCSPCertStatus.GOOD}, {ocsp.OCSPCertStatus.REVOKED}
BATCH = 3


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "BATCH", BATCH)
    monkeypatch.setattr(publishing, "OVERTAKING", 1)


class World:
    """Certificates and those who follow what is published of them."""

    def __init__(self, service: Service) -> None:
        self.service, self.now = service, service.now
        self.folder = service.folder / "publication"
        self.good = issued_rows(10, now=self.now)
        self.revoked = issued_rows(2, now=self.now)
        publish_all(self.now)
        self.follower = self.reader()

    def reader(self) -> PublicationReader:
        """A responder that starts now."""
        custody = self.service.outside.custody
        assert custody is not None
        reader = PublicationReader(self.folder, custody.verify_seal)
        reader.poll()
        return reader

    def revoke(self, rows: Sequence[Any]) -> None:
        with transaction.atomic():
            fresh = list(Certificate.objects.filter(pk__in=[row.pk for row in rows]))
            revoke_rows(SYSTEM, fresh, RevocationReason.SUPERSEDED, now=self.now)

    def later(self) -> datetime:
        self.now += SECOND
        return self.now

    def steps(self, step: Callable[..., object] = publish_revocations) -> Iterator[int]:
        """Publish until nothing is left, with both lanes; whoever follows looks after each publication."""
        count = 0
        while step(now=self.later()) or publish_answers(now=self.now):
            count += 1
            self.follower.poll(again=True)
            self.check(self.follower)
            yield count

    def check(self, reader: PublicationReader, but: Sequence[Any] = ()) -> None:
        """All is told as it is, save that those given may not be told of at all."""
        told = {row.serial: statuses(reader.current, row.authority, int(row.serial, 16)) for row in self.good}
        unknown = [row.serial for row in but]
        assert all(said == GOOD or (said is None and each in unknown) for each, said in told.items()), told
        for row in self.revoked:
            assert statuses(reader.current, row.authority, int(row.serial, 16)) == REVOKED


@pytest.fixture
def world(service: Service) -> World:
    world = World(service)
    world.later()
    world.revoke(world.revoked)
    publish_all(world.now)
    assert world.follower.poll()
    world.check(world.follower)
    return world


def listed(world: World) -> set[int]:
    snapshot = published(world.service)
    crl = x509.load_der_x509_crl(bytes(snapshot.crls["professionals-ecc", "0"].der))
    return {entry.serial_number for entry in crl}


def test_a_folder_of_yesterday_never_calls_good_what_was_revoked(service: Service) -> None:
    world, old = World(service), service.folder / "yesterday"
    shutil.copytree(world.folder, old)
    world.later()
    world.revoke(world.revoked)
    new = issued_rows(2, now=world.now)
    world.good += new
    publish_all(world.now)
    assert world.follower.poll()
    shutil.rmtree(world.folder)
    old.rename(world.folder)
    publication._kept.clear()
    for count in world.steps():
        started = world.reader()
        assert started.current is not None
        world.check(started, but=new if rebuilding() else [])  # the first step tells all that was revoked
        assert started.current.head.complete is not bool(rebuilding())
        if count == 3:
            assert rebuilding(), "in the middle of it"
            world.revoked.append(world.good.pop(0))
            world.revoke(world.revoked[-1:])
            assert publish_revocations(now=world.later())
            world.check(world.reader(), but=new)
            world.follower.poll(again=True)
            last = world.revoked.pop()
            world.check(world.follower)
            world.revoked.append(last)
            break
    while publish_revocations(now=world.later()):
        world.follower.poll(again=True)
        world.check(world.reader(), but=new if rebuilding() else [])
    assert not rebuilding() and Rebuild.objects.get().done >= 12
    publish_all(world.later())
    world.follower.poll(again=True)
    assert world.follower.problem is None
    world.check(world.follower)
    assert listed(world) == {int(row.serial, 16) for row in world.revoked}
    assert not Hold.objects.exists(), Hold.objects.values()


@pytest.mark.parametrize("damage", ["lost", "one file"])
def test_while_all_is_made_anew_followers_keep_every_answer(world: World, damage: str) -> None:
    if damage == "lost":
        shutil.rmtree(world.folder)
    else:
        flip(next(published(world.service).base.path.glob("*.answers")))
    told = []
    for _ in world.steps():
        if line := rebuilding():
            told.append((line.done, line.total))
            assert not (world.folder / "head.json").exists(), "nobody is led to a part"
    assert told[:4] == [(3, 12), (6, 12), (9, 12), (12, 12)]
    assert world.follower.problem is None, "and then they go on"
    world.check(world.reader())
    assert listed(world) == {int(row.serial, 16) for row in world.revoked}
    assert not Hold.objects.exists(), Hold.objects.values()


@pytest.mark.parametrize("place", ["step", "end"])
def test_it_goes_on_where_it_was_killed(world: World, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    shutil.rmtree(world.folder)

    def die(*_: object, **__: object) -> None:
        raise SystemExit("as kill -9: the database forgets what was not committed")

    steps = 1 if place == "step" else 4
    for count in world.steps():
        if count == steps:
            break
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(answers, "note_answered", die)
        publish_revocations(now=world.later())
    publication._kept.clear()
    for _ in world.steps():
        pass
    assert Rebuild.objects.get().done == 12, "nothing was done a third time"
    world.check(world.reader())
    assert world.follower.problem is None and not Hold.objects.exists()


def test_what_was_made_so_far_is_lost_too(world: World) -> None:
    shutil.rmtree(world.folder)
    for count in world.steps():
        if count == 2:
            shutil.rmtree(world.folder)
    assert Rebuild.objects.count() == 2
    world.check(world.reader())
    assert world.follower.problem is None


@pytest.mark.parametrize("steps", [0, 2])
def test_a_copy_that_is_put_back_meanwhile_is_gone_on_with(world: World, steps: int) -> None:
    copy = world.service.folder / "a responder's copy"
    shutil.copytree(world.folder, copy)
    shutil.rmtree(world.folder)
    if steps == 0:
        with transaction.atomic():
            make_good(world.later())
    for count in world.steps() if steps else ():
        if count == steps:
            break
    world.good += issued_rows(1, now=world.now)
    publish_revocations(now=world.later())
    shutil.rmtree(world.folder)
    copy.rename(world.folder)
    world.revoked.append(world.good.pop(0))
    world.revoke(world.revoked[-1:])
    assert publish_revocations(now=world.later()), "it waits no longer"
    assert not rebuilding()
    world.check(world.reader(), but=world.good[-1:])
    assert listed(world) == {int(row.serial, 16) for row in world.revoked}
    for _ in range(20):
        publish_revocations(now=world.later())
        publish_answers(now=world.now)
    world.check(world.reader())
    world.follower.poll(again=True)
    world.check(world.follower)
    assert world.follower.problem is None and not Hold.objects.exists(), Hold.objects.values()


def test_what_was_told_over_an_old_folder_is_told_over_the_copy_that_is_put_back(service: Service) -> None:
    world, old, copy = World(service), service.folder / "yesterday", service.folder / "a responder's copy"
    shutil.copytree(world.folder, old)
    world.later()
    world.revoke(world.revoked)
    publish_all(world.now)
    world.follower.poll()
    world.folder.rename(copy)
    old.rename(world.folder)
    assert publish_revocations(now=world.later()) and rebuilding()
    for _ in range(2):
        world.revoked.append(world.good.pop(0))
        world.revoke(world.revoked[-1:])
        assert publish_revocations(now=world.later()) and rebuilding()
    shutil.rmtree(world.folder)
    copy.rename(world.folder)
    assert publish_revocations(now=world.later()) and not rebuilding()
    world.check(world.reader())
    assert listed(world) == {int(row.serial, 16) for row in world.revoked}
    for _ in range(20):
        publish_revocations(now=world.later())
        publish_answers(now=world.now)
    world.follower.poll(again=True)
    world.check(world.follower)
    assert world.follower.problem is None and not Hold.objects.exists(), Hold.objects.values()


def test_a_folder_that_cannot_be_read_for_now_is_left_as_it_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> bool:
        raise OSError(errno.EIO, "Input/output error")

    publication._kept.clear()  # another process reads all
    with monkeypatch.context() as patch:
        patch.setattr(reader, "_matches", fails)
        for _ in range(2):
            assert publish_status(now=world.later()) is None
    hold = Hold.objects.get()
    assert (hold.gate, hold.state) == (Gate.REJECTED, HoldState.HELD)
    assert hold.message["values"] == {"reason": "Input/output error"}
    assert not (world.folder / "damaged").exists() and not Rebuild.objects.exists()
    world.revoked.append(world.good.pop(0))
    world.revoke(world.revoked[-1:])
    assert publish_revocations(now=world.later())
    world.check(world.reader())
    hold.refresh_from_db()
    assert hold.state == HoldState.OVER


def while_signing(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    signing = answers.sign_answers

    def sign(*given: Any, **times: Any) -> Any:
        happens()
        return signing(*given, **times)

    monkeypatch.setattr(answers, "sign_answers", sign)


def test_a_batch_does_not_take_the_place_of_a_set_that_was_lost_meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    Certificate.objects.filter(pk=world.good[0].pk).update(answer_due_at=world.later())
    with monkeypatch.context() as patch:
        while_signing(patch, lambda: shutil.rmtree(world.folder))
        assert publish_answers(now=world.now) is None
    hold = Hold.objects.get()
    assert (hold.gate, hold.count) == (Gate.GONE, 11)
    assert not (world.folder / "head.json").exists()
    for _ in world.steps():
        pass
    hold.refresh_from_db()
    assert hold.state == HoldState.OVER
    world.check(world.reader())


def test_a_batch_does_not_bring_yesterday_back(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    world, old = World(service), service.folder / "yesterday"
    shutil.copytree(world.folder, old)
    world.later()
    world.revoke(world.revoked)
    publish_all(world.now)
    world.follower.poll()

    def step_back() -> None:
        shutil.rmtree(world.folder)
        old.rename(world.folder)

    Certificate.objects.filter(pk=world.good[0].pk).update(answer_due_at=world.later())
    with monkeypatch.context() as patch:
        while_signing(patch, step_back)
        assert publish_answers(now=world.now) is None
    assert [(hold.gate, hold.count) for hold in Hold.objects.all()] == [(Gate.GOING_BACK, 2)]
    for _ in world.steps():
        pass
    world.check(world.reader())


def mend(rows: Sequence[Any], now: datetime) -> None:
    """As one who mends poisoned records does (docs/operations/publication-gate.md)."""
    for row in Certificate.objects.filter(pk__in=[row.pk for row in rows]):
        row.state, row.revoked_at, row.revocation_reason = "issued", None, ""
        row.revision, row.answer_due_at = row.revision + 1, now
        row.save()
    CrlShard.objects.update(due_at=now)


def test_what_was_told_as_revoked_is_not_good_after_a_loss_unless_two_officers_say_so(world: World) -> None:
    mend(world.revoked, world.later())
    shutil.rmtree(world.folder)
    publish_status(now=world.later())
    hold = Hold.objects.get()
    assert (hold.gate, hold.count) == (Gate.GOING_BACK, 2)
    assert rebuilding() and not (world.folder / "head.json").exists()
    world.follower.poll(again=True)
    world.check(world.follower)
    release(world.service, hold, world.later())
    world.good, world.revoked = world.good + world.revoked, []
    publish_all(world.later())
    world.check(world.reader())


def test_a_certificate_that_was_poisoned_and_mended_can_be_revoked(world: World) -> None:
    poisoned = world.revoked
    mend(poisoned, world.later())
    assert publish_status(now=world.later()) is None
    release(world.service, Hold.objects.get(), world.later())
    publish_all(world.later())
    world.revoke(poisoned[:1])
    assert publish_revocations(now=world.later()) is not None, "it is urgent as any"
    serial = int(poisoned[0].serial, 16)
    snapshot = published(world.service)
    assert statuses(snapshot, poisoned[0].authority, serial) == REVOKED
    assert serial in listed(world)
    delta = x509.load_der_x509_crl(bytes(snapshot.crls["professionals-ecc", "0-delta"].der))
    assert serial in {entry.serial_number for entry in delta}
    assert not Hold.objects.filter(state=HoldState.HELD).exists(), Hold.objects.values()
