# SPDX-License-Identifier: EUPL-1.2
"""Each fault that card, reader, computer or service can have is found and named, with advice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.support.reader_fakes import MemoryCard

from varmentaja.card.driver import KeyRole, PinCondition
from varmentaja.domain.errors import message
from varmentaja.reader.diagnosis import Check, Finding, Outcome, diagnose, worst
from varmentaja.reader.observed import Contact, Observed, Path, SeenCertificate, Standing
from varmentaja.reader.version_manifest import Ruling, Use, VersionManifest

NOW = datetime(2027, 5, 1, 12, 0, tzinfo=UTC)
GOOD = SeenCertificate(NOW - timedelta(days=100), NOW + timedelta(days=1000), Path.TRUSTED, Standing.GOOD)
FINE = Ruling(Use.MAY, message("fine"))


@pytest.fixture
def observed(memory_card: MemoryCard) -> Observed:
    """A card with which all is well."""
    return Observed(
        now=NOW,
        readers=("Test reader 00 00",),
        contact=Contact.READ,
        generation="2020",
        ruling=FINE,
        contents=memory_card.read(),
        certificates=dict.fromkeys(KeyRole, GOOD),
        service_answers=True,
        service_time=NOW,
    )


def finding(observed: Observed, name: Check) -> Finding:
    return next(each for each in diagnose(observed) if each.name is name)


def both(observed: Observed, **changes: object) -> Observed:
    return replace(observed, certificates=dict.fromkeys(KeyRole, replace(GOOD, **changes)))  # type: ignore[arg-type]  # fields by name


def test_a_good_card_passes_every_check_in_order(observed: Observed) -> None:
    findings = diagnose(observed)
    assert [each.name for each in findings] == list(Check)
    assert {each.outcome for each in findings} == {Outcome.OK}
    assert worst(findings) is Outcome.OK


@pytest.mark.parametrize("readers", [None, ()])
def test_without_a_reader_nothing_of_the_card_is_checked(
    observed: Observed, readers: tuple[str, ...] | None
) -> None:
    nothing = Observed(now=NOW, readers=readers, service_answers=True, service_time=NOW)
    assert finding(nothing, Check.READER).outcome is Outcome.FAULT
    unchecked = {each.name for each in diagnose(nothing) if each.outcome is Outcome.NOT_CHECKED}
    assert unchecked == set(Check) - {Check.READER, Check.SERVICE, Check.CLOCK}


@pytest.mark.parametrize("contact", [Contact.NO_CARD, Contact.MUTE, Contact.TAKEN, Contact.LOST])
def test_a_card_without_contact_is_a_fault_with_its_own_text(observed: Observed, contact: Contact) -> None:
    seen = replace(observed, contact=contact, contents=None, certificates={}, generation=None)
    found = finding(seen, Check.CONTACT)
    assert found.outcome is Outcome.FAULT and found.advice is not None
    others = [other for other in Contact if other is not contact]
    assert all(finding(replace(seen, contact=other), Check.CONTACT).text != found.text for other in others)
    assert finding(seen, Check.GENERATION).outcome is Outcome.NOT_CHECKED


@pytest.mark.parametrize("contact", [Contact.UNKNOWN, Contact.UNFINISHED])
def test_a_card_of_no_known_kind_is_named_politely(observed: Observed, contact: Contact) -> None:
    seen = replace(observed, contact=contact, contents=None, certificates={}, generation=None)
    assert finding(seen, Check.CONTACT).outcome is Outcome.OK
    assert finding(seen, Check.GENERATION).outcome is Outcome.FAULT


@pytest.mark.parametrize("locked", [("pin1",), ("pin2",), ("pin1", "pin2")])
def test_a_locked_pin_is_named(observed: Observed, locked: tuple[str, ...]) -> None:
    assert observed.contents is not None
    shut = replace(observed.contents.pin1, condition=PinCondition.LOCKED, tries_left=0)
    seen = replace(observed, contents=replace(observed.contents, **dict.fromkeys(locked, shut)))
    found = finding(seen, Check.PINS)
    assert (
        found.outcome is Outcome.FAULT and found.advice is not None and "activation code" in str(found.advice)
    )
    assert {"pin1": "PIN 1" in str(found.text), "pin2": "PIN 2" in str(found.text)} == (
        {name: name in locked for name in ("pin1", "pin2")}
        if len(locked) == 1
        else {"pin1": False, "pin2": False}
    )


def test_a_locked_code_means_a_new_card_once_it_is_needed(observed: Observed) -> None:
    assert observed.contents is not None
    shut = replace(observed.contents.pin1, condition=PinCondition.LOCKED, tries_left=0)
    lost = replace(observed, contents=replace(observed.contents, pin1=shut, code_tries_left=0))
    assert finding(lost, Check.PINS).outcome is Outcome.FAULT
    assert "new card" in str(finding(lost, Check.PINS).advice)
    works = replace(observed, contents=replace(observed.contents, code_tries_left=0))
    assert finding(works, Check.PINS).outcome is Outcome.WARNING


def test_a_fresh_card_and_a_last_try_are_warned_about(observed: Observed) -> None:
    assert observed.contents is not None
    fresh = replace(observed.contents.pin1, condition=PinCondition.NOT_ACTIVATED, tries_left=None)
    last = replace(observed.contents.pin1, tries_left=1)
    for state in (fresh, last):
        seen = replace(observed, contents=replace(observed.contents, pin1=state))
        assert finding(seen, Check.PINS).outcome is Outcome.WARNING


@pytest.mark.parametrize(
    ("path", "outcome"),
    [
        (Path.TRUSTED, Outcome.OK),
        (Path.UNKNOWN_ISSUER, Outcome.FAULT),
        (Path.FORGED, Outcome.FAULT),
        (None, Outcome.NOT_CHECKED),
    ],
)
def test_the_issuer_is_judged(observed: Observed, path: Path | None, outcome: Outcome) -> None:
    assert finding(both(observed, path=path), Check.CHAIN).outcome is outcome


def test_a_missing_certificate_is_a_fault(observed: Observed) -> None:
    seen = replace(observed, certificates={KeyRole.AUTHENTICATION: GOOD})
    assert finding(seen, Check.CHAIN).outcome is Outcome.FAULT


@pytest.mark.parametrize(
    ("until", "outcome"),
    [
        (timedelta(days=-1), Outcome.FAULT),
        (timedelta(days=30), Outcome.WARNING),
        (timedelta(days=32), Outcome.OK),
    ],
)
def test_the_end_of_the_certificates_is_told_a_month_before(
    observed: Observed, until: timedelta, outcome: Outcome
) -> None:
    assert finding(both(observed, valid_until=NOW + until), Check.DATES).outcome is outcome


def test_certificates_of_tomorrow_are_not_valid_yet(observed: Observed) -> None:
    seen = both(observed, valid_from=NOW + timedelta(days=1))
    assert finding(seen, Check.DATES).outcome is Outcome.FAULT


@pytest.mark.parametrize(
    ("standing", "outcome"),
    [
        (Standing.REVOKED, Outcome.FAULT),
        (Standing.UNKNOWN, Outcome.WARNING),
        (None, Outcome.NOT_CHECKED),
    ],
)
def test_the_status_is_told(observed: Observed, standing: Standing | None, outcome: Outcome) -> None:
    assert finding(both(observed, standing=standing), Check.STATUS).outcome is outcome


@pytest.mark.parametrize(
    ("ahead", "outcome", "words"),
    [
        (timedelta(seconds=20), Outcome.OK, "right"),
        (timedelta(minutes=10), Outcome.WARNING, "10 minutes fast"),
        (timedelta(hours=1), Outcome.FAULT, "60 minutes fast"),
        (timedelta(days=-1), Outcome.FAULT, "1440 minutes slow"),
    ],
)
def test_a_wrong_clock_is_told_and_does_not_make_the_card_look_expired(
    observed: Observed, ahead: timedelta, outcome: Outcome, words: str
) -> None:
    seen = replace(observed, now=NOW + ahead)
    assert finding(seen, Check.CLOCK).outcome is outcome
    assert words in str(finding(seen, Check.CLOCK).text)
    ends_tonight = both(seen, valid_until=NOW + timedelta(minutes=5))
    dates = Outcome.NOT_CHECKED if ahead > timedelta(minutes=5) else Outcome.WARNING
    assert finding(ends_tonight, Check.DATES).outcome is dates


def test_a_silent_service_is_a_fault_and_leaves_the_clock_unchecked(observed: Observed) -> None:
    seen = replace(observed, service_answers=False, service_time=None)
    assert finding(seen, Check.SERVICE).outcome is Outcome.FAULT
    assert finding(seen, Check.CLOCK).outcome is Outcome.NOT_CHECKED


def test_a_program_that_is_too_old_for_the_chip_says_where_the_newest_is(observed: Observed) -> None:
    manifest = VersionManifest(NOW, "2.0", "https://service.example/reader/", {"2020": "2.0", "2017": "0.1"})
    old = replace(observed, ruling=manifest.rule("2020", "1.9.9"))
    found = finding(old, Check.VERSION)
    assert found.outcome is Outcome.FAULT and "https://service.example/reader/" in str(found.advice)
    of_old_chip = replace(observed, ruling=manifest.rule("2017", "1.9.9"))
    assert finding(of_old_chip, Check.VERSION).outcome is Outcome.WARNING
    assert finding(replace(observed, ruling=None), Check.VERSION).outcome is Outcome.NOT_CHECKED


def test_every_fault_and_warning_comes_with_advice(observed: Observed) -> None:
    worse = [
        Observed(now=NOW, readers=None),
        Observed(now=NOW, readers=()),
        *(replace(observed, contact=contact) for contact in Contact),
        *(both(observed, path=path) for path in Path),
        *(both(observed, standing=standing) for standing in Standing),
        both(observed, valid_until=NOW),
        replace(observed, now=NOW + timedelta(hours=3), service_answers=False),
    ]
    for seen in worse:
        for each in diagnose(seen):
            assert (each.outcome in (Outcome.FAULT, Outcome.WARNING)) <= (each.advice is not None)
