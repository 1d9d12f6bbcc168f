# SPDX-License-Identifier: EUPL-1.2
"""What a relying party reads from a certificate of each kind, and that a challenge is answered once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.support.pki import PHYSICIAN, Demo

from varmentaja.pki.algorithms import PrivateKey
from varmentaja.pki.names import Subject
from varmentaja.pki.reader import describe
from varmentaja.relying_party import LIFETIME, CardIdentity, CardKind, Outcome, Refused, UsedOnce
from varmentaja.relying_party.identity import identity_of

CLERK = Subject(
    serial_number="99900422" + "8",
    given_names="Eero Antero",
    first_name="Eero",
    surname="Esimerkki",
    title="osastosihteeri",
    organization="Mallilan hyvinvointiyhtymä",
)
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


def read(demo: Demo, key: PrivateKey, profile: str, subject: Subject) -> CardIdentity:
    return identity_of(describe(demo.issue(profile, "ecc", key, subject)), profile)


@pytest.mark.parametrize("use", ["auth", "sign"])
def test_both_certificates_of_a_professional_say_the_same(
    demo: Demo, card_keys: dict[str, PrivateKey], use: str
) -> None:
    assert read(demo, card_keys["ecc"], f"professional-{use}", PHYSICIAN) == CardIdentity(
        kind=CardKind.PROFESSIONAL,
        given_names="Aino Maria",
        surname="Äijälä",
        profession="laillistettu lääkäri",
        registration_number="00198705840",
        physician_code="032680",
        organisation=None,
        electronic_id=None,
    )


def test_a_personnel_card_has_an_organisation_and_no_registration_number(
    demo: Demo, card_keys: dict[str, PrivateKey]
) -> None:
    clerk = read(demo, card_keys["ecc"], "personnel-auth", CLERK)
    assert (clerk.kind, clerk.profession) == (CardKind.PERSONNEL, "osastosihteeri")
    assert clerk.organisation == "Mallilan hyvinvointiyhtymä"
    assert (clerk.registration_number, clerk.electronic_id) == (None, "999004228")
    assert clerk.subject == "personnel:999004228"


def test_a_nonce_is_good_once_and_forgotten_when_its_challenge_is_too_old() -> None:
    once = UsedOnce()
    once.use("a", now=NOW)
    once.use("b", now=NOW)
    with pytest.raises(Refused) as refused:
        once.use("a", now=NOW + LIFETIME)
    assert refused.value.outcome is Outcome.TOO_OLD
    once.use("a", now=NOW + LIFETIME + timedelta(minutes=2))
