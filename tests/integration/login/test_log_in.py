# SPDX-License-Identifier: EUPL-1.2
"""Log-in to a Debian computer with the card, by libpam-pkcs11 and OpenSC as Debian ships them."""

from __future__ import annotations

import pytest
from tests.integration.login.conftest import PASSWORD, Computer, Insert
from tests.support.cards import PIN1, PIN2
from tests.support.pcsc import Pcsc
from tests.support.pki import Demo

from varmentaja.card.driver import KeyAlgorithm

pytestmark = [pytest.mark.pcsc, pytest.mark.xdist_group("pcsc")]


@pytest.mark.parametrize("algorithm", [KeyAlgorithm.P384, KeyAlgorithm.RSA_3072])
def test_pin1_logs_in_and_does_not_stay_verified(
    computer: Computer, insert: Insert, algorithm: KeyAlgorithm
) -> None:
    insert(algorithm)
    assert computer.log_in(PIN1)
    assert computer.pin1_state() == "63C5"


def test_an_ordinary_user_becomes_the_holder_with_the_card(
    computer: Computer, insert: Insert, pcsc: Pcsc
) -> None:
    insert()
    as_nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    done = pcsc.run([*as_nobody, "su", "aino", "-c", "id -un"], input=f"{PIN1}\n")
    assert done.stdout.splitlines()[-1] == "aino", done.stderr


def test_a_wrong_pin_costs_a_try_and_does_not_log_in(computer: Computer, insert: Insert) -> None:
    insert()
    assert not computer.log_in("9999")
    assert computer.pin1_state() == "63C4"
    assert not computer.log_in(PIN2)
    assert computer.pin1_state() == "63C3"
    assert computer.log_in(PIN1)


def test_an_empty_pin_costs_no_try(computer: Computer, insert: Insert) -> None:
    insert()
    assert not computer.log_in("")
    assert computer.pin1_state() == "63C5"


def test_a_locked_pin_does_not_log_in(computer: Computer, insert: Insert) -> None:
    insert()
    for _ in range(5):
        assert not computer.log_in("9999")
    assert not computer.log_in(PIN1)


def test_a_card_that_was_not_activated_does_not_log_in(computer: Computer, insert: Insert) -> None:
    insert(activated=False)
    assert not computer.log_in(PIN1)


def test_a_revoked_card_does_not_log_in(computer: Computer, insert: Insert) -> None:
    certificate = insert()
    assert computer.log_in(PIN1)
    try:
        computer.publish_list(certificate)
        assert not computer.log_in(PIN1)
    finally:
        computer.publish_list()


def test_without_the_list_of_revoked_certificates_nobody_logs_in(computer: Computer, insert: Insert) -> None:
    insert()
    computer.list_file.unlink()
    try:
        assert not computer.log_in(PIN1)
    finally:
        computer.publish_list()
    assert computer.log_in(PIN1)


def test_a_card_of_authorities_with_the_same_names_does_not_log_in(
    computer: Computer, insert: Insert, namesake: Demo
) -> None:
    certificate = insert(issuers=namesake)
    assert "Varmentaja TEST" in certificate.issuer.rfc4514_string()
    assert not computer.log_in(PIN1)


def test_the_card_does_not_open_another_account(computer: Computer, insert: Insert) -> None:
    insert()
    assert not computer.log_in(PIN1, account="root")
    assert computer.log_in(PIN1, account="aino")


def test_the_password_opens_only_where_the_card_is_one_way_of_two(computer: Computer) -> None:
    assert computer.log_in(PASSWORD, service="workstation")
    assert not computer.log_in("wrong", service="workstation")
    assert not computer.log_in(PASSWORD, service="card-only")


def test_a_user_principal_name_opens_the_account_before_the_at_and_no_other(
    computer: Computer, insert: Insert
) -> None:
    with computer.setting("use_mappers = subject;", "use_mappers = ms;"):
        insert(user_principal_name="aino@ward.example")
        assert computer.log_in(PIN1)
        assert not computer.log_in(PIN1, account="root")


@pytest.mark.parametrize("name", ["aino@elsewhere.example", None])
def test_a_name_of_another_domain_or_none_opens_nothing(
    computer: Computer, insert: Insert, name: str | None
) -> None:
    with computer.setting("use_mappers = subject;", "use_mappers = ms;"):
        insert(user_principal_name=name)
        assert not computer.log_in(PIN1)
