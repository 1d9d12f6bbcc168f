# SPDX-License-Identifier: EUPL-1.2
"""From an approved application to a card in the post, and what happens when something breaks on the way."""

from __future__ import annotations

import errno
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import structlog
from cryptography import x509
from tests.support.registers import person_is_now
from tests.support.service import Service

from varmentaja.apps.applications.models import Application
from varmentaja.apps.applications.queries_office import applications_in
from varmentaja.apps.audit.models import Entry
from varmentaja.apps.cards.actions.produce_card import produce_card
from varmentaja.apps.cards.models import Card, Order
from varmentaja.apps.cards.queries_office import troubled_orders
from varmentaja.apps.certificates.actions import issue_batch
from varmentaja.apps.certificates.actions.burn_reserved import burn_reserved
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.letters.actions.post_letter import post_letter
from varmentaja.apps.letters.models import Letter
from varmentaja.card.personalise import PersonalisationFailed, Remedy
from varmentaja.domain.applications import ApplicationState
from varmentaja.domain.eligibility_rules import Outcome
from varmentaja.domain.errors import DomainError, Kind, message
from varmentaja.pki.paths import validate_path
from varmentaja.pki.profile import Profile, load_profile
from varmentaja.pki.reader import describe

pytestmark = pytest.mark.django_db


def test_an_approved_application_becomes_a_card_in_the_post(service: Service) -> None:
    draft = service.application()
    decision = service.submit(draft)
    assert decision.outcome is Outcome.APPROVED
    produce_card(service.order_of(draft).pk, now=service.now, today=service.today)
    card = Card.objects.get(application=draft)
    assert card.state == "dispatched"
    assert Application.objects.get(pk=draft.pk).state == "fulfilled"
    assert card.face is not None and card.face.startswith(b"\x89PNG")
    envelope = service.post.delivered(card.person.electronic_id)[0]
    assert envelope.card_serial == card.chip_serial
    rows = Certificate.objects.filter(card=card, state="issued").order_by("id")
    assert {row.purpose for row in rows} == {"authentication", "signature"}
    for row in rows:
        certificate = x509.load_der_x509_certificate(bytes(row.der))
        validate_path(certificate, service.demo.hierarchy, now=service.now + timedelta(seconds=1))
        facts = describe(certificate)
        assert (facts.serial_number, facts.physician_code) == ("00999000101", "099101")
        assert facts.serial == row.serial


def test_a_second_run_of_a_finished_order_changes_nothing(service: Service) -> None:
    card = service.made_card()
    before = Entry.objects.count()
    produce_card(Order.objects.get(card=card).pk, now=service.now, today=service.today)
    assert Entry.objects.count() == before
    assert Certificate.objects.filter(card=card).count() == 2
    assert len(service.post.delivered(card.person.electronic_id)) == 1


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


PLACES = [
    ("varmentaja.apps.certificates.actions.issue_batch._reserve", 1),
    ("varmentaja.apps.certificates.actions.issue_batch._store", 1),
    ("varmentaja.apps.certificates.actions.issue_batch._write", 1),
    ("varmentaja.apps.cards.actions.produce_card.differences", 1),
    ("varmentaja.apps.cards.actions.produce_card._note_made", 1),
    ("varmentaja.apps.cards.actions.produce_card.dispatch", 1),
    ("varmentaja.apps.cards.dispatch.schedule_code_letter", 1),
]


@pytest.mark.parametrize(("place", "nth"), PLACES)
def test_production_killed_at_any_step_goes_on_and_does_nothing_twice(
    service: Service, monkeypatch: pytest.MonkeyPatch, place: str, nth: int
) -> None:
    draft = service.application()
    service.submit(draft)
    order = service.order_of(draft)
    module, name = place.rsplit(".", 1)
    target = __import__(module, fromlist=[name])
    calls = 0

    def killed(*args: object, **kwargs: object) -> object:
        nonlocal calls
        calls += 1
        if calls == nth:
            raise Killed
        return original(*args, **kwargs)

    original = getattr(target, name)
    with monkeypatch.context() as patch:
        patch.setattr(target, name, killed)
        with pytest.raises(Killed):
            produce_card(order.pk, now=service.now, today=service.today)
    produce_card(order.pk, now=service.now, today=service.today)
    card = Card.objects.get(pk=order.card_id)
    assert card.state == "dispatched"
    assert Certificate.objects.filter(card=card, state="issued").count() == 2
    serials = list(Certificate.objects.filter(card=card).values_list("serial", flat=True))
    assert len(serials) == len(set(serials))
    assert len(service.post.delivered(card.person.electronic_id)) == 1
    assert Letter.objects.filter(card=card).count() == 1


def test_a_signature_whose_row_was_lost_burns_its_serial(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = service.application()
    service.submit(draft)
    order = service.order_of(draft)
    with monkeypatch.context() as patch:
        patch.setattr(issue_batch, "_store", _kill)
        with pytest.raises(Killed):
            produce_card(order.pk, now=service.now, today=service.today)
    produce_card(order.pk, now=service.now, today=service.today)
    burned = Certificate.objects.filter(card_id=order.card_id, state="burned")
    assert [(row.der, row.answer_due_at) for row in burned] == [(None, None)] * 2


def _kill(*args: object, **kwargs: object) -> object:
    raise Killed


def test_a_card_whose_facts_changed_meanwhile_does_not_leave(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = service.application()
    service.submit(draft)
    order = service.order_of(draft)
    monkeypatch.setattr(
        "varmentaja.apps.cards.actions.produce_card.differences", lambda *args, **kwargs: ["physician_code"]
    )
    produce_card(order.pk, now=service.now, today=service.today)
    card = Card.objects.get(pk=order.card_id)
    assert card.state == "discarded"
    assert set(Certificate.objects.filter(card=card).values_list("state", flat=True)) == {"revoked"}
    assert service.post.delivered(card.person.electronic_id) == ()
    assert Application.objects.get(pk=draft.pk).state == "approved"


@pytest.mark.parametrize("system", ["population_register", "professional_register", "post", "card_factory"])
@pytest.mark.parametrize("mode", ["down", "nonsense"])
def test_an_outside_system_that_fails_lets_the_card_wait(service: Service, system: str, mode: str) -> None:
    draft = service.application()
    service.submit(draft)
    order = service.order_of(draft)
    service.faults.write_text(json.dumps({system: {"mode": mode}}))
    with pytest.raises(DomainError) as failure:
        produce_card(order.pk, now=service.now, today=service.today)
    assert failure.value.kind is Kind.UNAVAILABLE
    assert Order.objects.get(pk=order.pk).reason is not None
    service.faults.unlink()
    produce_card(order.pk, now=service.now, today=service.today)
    assert Card.objects.get(pk=order.card_id).state == "dispatched"


@pytest.mark.parametrize("system", ["population_register", "professional_register", "post", "card_factory"])
def test_an_outside_system_that_is_slow_is_waited_for_and_one_that_is_too_slow_is_not(
    service: Service, system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("varmentaja.adapters.sandbox.faults.ANSWER_WITHIN", 0.2)
    draft = service.application()
    service.submit(draft)
    order = service.order_of(draft)
    service.faults.write_text(json.dumps({system: {"mode": "slow", "seconds": 600}}))
    with pytest.raises(DomainError) as failure:
        produce_card(order.pk, now=service.now, today=service.today)
    assert failure.value.kind is Kind.UNAVAILABLE
    assert Order.objects.get(pk=order.pk).reason is not None
    service.faults.write_text(json.dumps({system: {"mode": "slow", "seconds": 0.1}}))
    produce_card(order.pk, now=service.now, today=service.today)
    assert Card.objects.get(pk=order.card_id).state == "dispatched"
    assert Order.objects.get(pk=order.pk).reason is None


def test_the_code_letter_goes_on_its_day_and_only_once(service: Service) -> None:
    card = service.made_card()
    letter = Letter.objects.get(card=card)
    with pytest.raises(DomainError):
        post_letter(letter.pk, now=service.now, today=service.today)
    for _ in range(2):
        post_letter(letter.pk, now=service.now, today=letter.due_on)
    kinds = [envelope.kind for envelope in service.post.delivered(card.person.electronic_id)]
    assert sorted(kinds) == ["card", "code"]
    assert (letter.due_on - service.today).days >= 2
    derived = Entry.objects.filter(action="code.derived").count()
    assert derived == 2, "once for the factory, once for the letter"


def test_a_card_to_be_discarded_is_destroyed_although_the_worker_was_killed(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = service.application()
    service.submit(draft)
    order = service.order_of(draft)
    assert service.outside.card_factory is not None
    with monkeypatch.context() as patch:
        patch.setattr(
            "varmentaja.apps.cards.actions.produce_card.differences", lambda *args, **kwargs: ["title"]
        )
        patch.setattr(type(service.outside.card_factory), "give_up", _kill)
        with pytest.raises(Killed):
            produce_card(order.pk, now=service.now, today=service.today)
    assert produce_card(order.pk, now=service.now, today=service.today) == "discarded"
    chip = Card.objects.get(pk=order.card_id).chip_serial
    with pytest.raises(DomainError) as gone:
        service.cards.connect(str(chip))
    assert gone.value.kind is Kind.NOT_FOUND
    assert set(Certificate.objects.filter(card_id=order.card_id).values_list("state", flat=True)) == {
        "revoked"
    }


def test_a_serial_burned_while_it_was_being_signed_stays_burned(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = service.application()
    service.submit(draft)
    order = service.order_of(draft)
    store = issue_batch._store

    def overtaken(rows: list[Certificate], *args: Any, **kwargs: Any) -> object:
        for row in rows:
            assert row.card is not None
            burn_reserved(row.card)  # as another worker does that takes this one for dead
        return store(rows, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(issue_batch, "_store", overtaken)
        with pytest.raises(DomainError):
            produce_card(order.pk, now=service.now, today=service.today)
    burned = Certificate.objects.filter(card_id=order.card_id)
    assert [(row.state, row.der) for row in burned] == [("burned", None)] * 2
    produce_card(order.pk, now=service.now, today=service.today)
    assert Card.objects.get(pk=order.card_id).state == "dispatched"


def test_a_title_that_no_certificate_can_carry_ends_the_order_with_its_reason(service: Service) -> None:
    draft = service.application()
    service.submit(draft)
    order = service.order_of(draft)
    Card.objects.filter(pk=order.card_id).update(title="t" * 65)
    produce_card(order.pk, now=service.now, today=service.today)
    order.refresh_from_db()
    assert order.state == "discarded"
    assert "too long for a certificate" in order.reason["text"]
    assert Application.objects.get(pk=draft.pk).state == "approved", "an officer sees it and decides"
    assert not Certificate.objects.filter(card_id=order.card_id, state="issued").exists()
    produce_card(order.pk, now=service.now, today=service.today)
    assert Order.objects.get(pk=order.pk).state == "discarded"


def test_lint_that_stops_issuance_holds_the_order_and_throws_nothing_away(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = service.application()
    service.submit(draft)
    order = service.order_of(draft)

    def upgraded(name: str) -> Profile:
        """As after an upgrade of a linter that no longer finds what a profile expects."""
        profile = load_profile(name)
        gone = replace(profile.expected[0], code="etsi.no_such_finding")
        return replace(profile, expected=(*profile.expected, gone))

    with monkeypatch.context() as patch, structlog.testing.capture_logs() as logged:
        patch.setattr("varmentaja.signer.in_process.load_profile", upgraded)
        for _ in range(2):
            with pytest.raises(DomainError, match="expected_finding_missing") as held:
                produce_card(order.pk, now=service.now, today=service.today)
            assert held.value.kind is Kind.UNAVAILABLE
    assert "expected_finding_missing" in logged[0]["reason"] and logged[0]["log_level"] == "error"
    (line,) = troubled_orders("").lines
    assert (line.card_id, line.attempts) == (order.card_id, 2)
    assert not Certificate.objects.exists()
    produce_card(order.pk, now=service.now, today=service.today)
    assert Card.objects.get(pk=order.card_id).state == "dispatched"


def ready_and_posted(service: Service, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An order whose card the post has taken, killed before that could be noted."""
    draft = service.application()
    service.submit(draft)
    order = service.order_of(draft)
    with monkeypatch.context() as patch:
        patch.setattr("varmentaja.apps.cards.dispatch.note_left", _kill)
        with pytest.raises(Killed):
            produce_card(order.pk, now=service.now, today=service.today)
    assert len(service.post.delivered(order.card.person.electronic_id)) == 1
    return order


def test_a_card_in_the_post_whose_facts_change_is_stopped_there_and_discarded(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = ready_and_posted(service, monkeypatch)
    person_is_now(service, monkeypatch, family_name="Toinen")
    assert produce_card(order.pk, now=service.now, today=service.today) == "discarded"
    assert service.post.delivered(order.card.person.electronic_id) == ()
    order.refresh_from_db()
    assert order.reason["text"] == "The registers no longer agree with what is on the card."


def test_a_card_that_is_on_its_way_already_is_not_destroyed_in_the_records(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = ready_and_posted(service, monkeypatch)
    person_is_now(service, monkeypatch, family_name="Toinen")
    (envelope,) = service.post.delivered(order.card.person.electronic_id)
    service.post.return_to_sender(envelope.key, service.today)  # what has come back has been on its way
    assert produce_card(order.pk, now=service.now, today=service.today) == "dispatched"
    card = Card.objects.get(pk=order.card_id)
    assert card.state == "dispatched"
    assert card.events.filter(event="left_too_late").exists()
    assert Entry.objects.filter(action="card.left_too_late").count() == 1
    assert service.cards.connect(str(card.chip_serial))
    assert set(Certificate.objects.filter(card=card).values_list("state", flat=True)) == {"issued"}


def test_the_factory_is_not_asked_for_what_may_have_left_it(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = ready_and_posted(service, monkeypatch)
    monkeypatch.setattr(type(service.outside.card_factory), "make", _kill)
    assert produce_card(order.pk, now=service.now, today=service.today) == "dispatched"
    assert len(service.post.delivered(order.card.person.electronic_id)) == 1


def test_only_what_the_issuer_cannot_certify_ends_an_order(service: Service) -> None:
    draft = service.application()
    service.submit(draft)
    order = service.order_of(draft)
    service.faults.write_text("not json")
    with pytest.raises(DomainError) as failure:
        produce_card(order.pk, now=service.now, today=service.today)
    assert failure.value.kind is Kind.INVALID
    assert Order.objects.get(pk=order.pk).state == "personalising"
    service.faults.unlink()
    assert produce_card(order.pk, now=service.now, today=service.today) == "dispatched"


def test_after_three_spoiled_blanks_no_other_is_taken(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would cost two certificates more, revoked at once."""
    draft = service.application()
    service.submit(draft)
    order = service.order_of(draft)

    def spoiled(*args: object, **kwargs: object) -> object:
        raise PersonalisationFailed(Remedy.DISCARD, message("The card could not be read."))

    monkeypatch.setattr("varmentaja.card.personalise._read_back", spoiled)
    for _ in range(2):
        with pytest.raises(DomainError, match="another blank"):
            produce_card(order.pk, now=service.now, today=service.today)
    assert produce_card(order.pk, now=service.now, today=service.today) == "discarded"
    order.refresh_from_db()
    assert order.reason["text"] == "One blank card after the other was spoiled at the factory."
    certificates = Certificate.objects.filter(card_id=order.card_id)
    assert set(certificates.values_list("state", flat=True)) == {"revoked"}
    assert certificates.count() == 6
    assert Application.objects.get(pk=draft.pk).state == "approved", "an officer orders it again"
    assert produce_card(order.pk, now=service.now, today=service.today) == "discarded"
    (line,) = applications_in(ApplicationState.APPROVED, "").lines
    assert "spoiled at the factory" in str(line.discarded)


def test_a_card_that_holds_other_certificates_than_were_issued_is_discarded(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = service.application()
    service.submit(draft)
    order = service.order_of(draft)
    monkeypatch.setattr("varmentaja.apps.cards.actions.produce_card.is_as_issued", lambda *a, **k: False)
    assert produce_card(order.pk, now=service.now, today=service.today) == "discarded"
    order.refresh_from_db()
    assert "read back from the card" in order.reason["text"]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (RuntimeError("of Elina Mäntykangas"), "RuntimeError"),
    ],
)
def test_a_fault_of_ours_is_told_to_the_officer_and_the_job_tries_again(
    service: Service, monkeypatch: pytest.MonkeyPatch, fault: Exception, told: str
) -> None:
    draft = service.application()
    service.submit(draft)
    order = service.order_of(draft)

    def fails(*args: object, **kwargs: object) -> None:
        raise fault

    with monkeypatch.context() as patch:
        patch.setattr(type(service.outside.card_factory), "make", fails)
        with pytest.raises(type(fault)):
            produce_card(order.pk, now=service.now, today=service.today)
    (line,) = troubled_orders("").lines
    assert (line.card_id, line.attempts) == (order.card_id, 1)
    assert told in str(line.reason)
    assert "Mäntykangas" not in str(line.reason)
    produce_card(order.pk, now=service.now, today=service.today)
    assert Card.objects.get(pk=order.card_id).state == "dispatched"
    assert troubled_orders("").lines == ()
