# SPDX-License-Identifier: EUPL-1.2
"""Sessions of the clinic: a revocation ends them in time, and strangers do not push anybody out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.unit.clinic.conftest import Clinic

from varmentaja.clinic.sessions import MOST, MOST_VISITS, Session, Sessions
from varmentaja.pki.profile import Purpose
from varmentaja.relying_party import Outcome, Refused, SignedIn

PUBLISHED_WITHIN = timedelta(seconds=2)
"""How long the service may take until its responders tell of a revocation."""


def sign_in(clinic: Clinic, sessions: Sessions) -> Session:
    certificate = clinic.card.certificate("digitalSignature")
    checked = clinic.party.check_certificate(certificate, Purpose.AUTHENTICATION, now=clinic.now)
    person = SignedIn(checked.certificate, checked.facts, checked.profile, checked.status, "nonce")
    return sessions.sign_in(sessions.of("", now=clinic.now), person, now=clinic.now)


def test_a_revocation_ends_the_session_within_five_seconds(clinic: Clinic) -> None:
    """However unluckily the moments fall: asked again just before the news is out."""
    sessions = Sessions(clinic.party)
    cookie = sign_in(clinic, sessions).id
    known_at = clinic.now + PUBLISHED_WITHIN
    for tenths in range(51):
        now = clinic.now + timedelta(seconds=tenths / 10)
        if now > known_at:
            clinic.responder.revoked_at = clinic.now
        try:
            sessions.of(cookie, now=now)
        except Refused as refused:
            assert refused.outcome is Outcome.REVOKED
            return
    pytest.fail("the session went on for five seconds")


def test_while_all_is_well_the_responder_is_not_asked_at_each_page(clinic: Clinic) -> None:
    sessions = Sessions(clinic.party)
    cookie = sign_in(clinic, sessions).id
    clinic.responder.down = True
    assert sessions.of(cookie, now=clinic.now + timedelta(seconds=1)).person is not None
    with pytest.raises(Refused) as refused:
        sessions.of(cookie, now=clinic.now + timedelta(seconds=3))
    assert refused.value.outcome is Outcome.STATUS_UNKNOWN


def test_visits_of_strangers_do_not_push_out_who_is_signed_in(clinic: Clinic) -> None:
    sessions = Sessions(clinic.party)
    first = sessions.of("", now=clinic.now).id
    cookie = sign_in(clinic, sessions).id
    for _ in range(MOST_VISITS):
        sessions.of("", now=clinic.now)
    assert sessions.of(cookie, now=clinic.now).person is not None
    assert sessions.of(first, now=clinic.now).id != first, "the number of visits is limited"


def test_of_those_signed_in_the_one_used_longest_ago_makes_room(clinic: Clinic) -> None:
    sessions = Sessions(clinic.party)
    opened = sign_in(clinic, sessions)
    person = opened.person
    assert person is not None
    others = [sessions.sign_in(sessions.of("", now=clinic.now), person, now=clinic.now) for _ in range(MOST)]
    assert sessions.of(opened.id, now=clinic.now).person is None
    assert sessions.of(others[0].id, now=clinic.now).person is not None


def test_an_idle_session_and_one_that_was_signed_out_are_gone(clinic: Clinic) -> None:
    sessions = Sessions(clinic.party)
    idle = sign_in(clinic, sessions).id
    assert sessions.of(idle, now=clinic.now + timedelta(minutes=31)).person is None
    out = sign_in(clinic, sessions)
    sessions.end(out)
    assert sessions.of(out.id, now=clinic.now).person is None
