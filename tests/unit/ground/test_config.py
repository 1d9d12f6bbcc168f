# SPDX-License-Identifier: EUPL-1.2
"""Settings: safe when nothing is set, strict in production."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from varmentaja.config import SECRETS, Environment, Settings, reader_settings, settings
from varmentaja.domain.errors import DomainError


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VARMENTAJA_STATE", "VARMENTAJA_PORT", "VARMENTAJA_ENVIRONMENT", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_nothing_set_is_the_demo_on_this_machine() -> None:
    now = Settings()
    assert now.test_service and now.embedded
    assert now.state == Path("var")
    assert now.portal_address == "http://localhost:8000"
    assert now.responder_address == "http://127.0.0.1:8001"
    assert now.reader_address == "http://127.0.0.1:8002"


def test_the_other_addresses_follow_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VARMENTAJA_PORT", "9000")
    assert Settings().responder_address == "http://127.0.0.1:9001"


def test_a_given_address_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VARMENTAJA_PUBLIC_URL", "https://portal.example/")
    assert Settings().portal_address == "https://portal.example"


def test_another_database_replaces_the_embedded_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/service")
    now = Settings()
    assert not now.embedded
    assert now.database == "postgresql://db.example/service"


def test_an_empty_database_url_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    assert Settings().embedded


def test_production_names_its_addresses_database_and_passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VARMENTAJA_ENVIRONMENT", "production")
    with pytest.raises(ValidationError, match="production needs public_url, responder_url, database_url"):
        Settings()


def test_a_holders_computer_needs_no_database_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VARMENTAJA_ENVIRONMENT", "production")
    with pytest.raises(DomainError, match=r"production needs public_url$"):
        reader_settings()
    monkeypatch.setenv("VARMENTAJA_PUBLIC_URL", "https://portal.example")
    assert reader_settings().portal_address == "https://portal.example"


@pytest.mark.parametrize(
    ("domain", "fits"), [("ward.example", True), ("ward", False), ("a b.example", False), ("@x.y", False)]
)
def test_the_domain_of_user_names_is_a_domain(
    monkeypatch: pytest.MonkeyPatch, domain: str, fits: bool
) -> None:
    monkeypatch.setenv("VARMENTAJA_LOGON_DOMAIN", domain)
    if fits:
        assert Settings().logon_domain == domain
    else:
        with pytest.raises(ValidationError, match="is not a domain"):
            Settings()


@pytest.mark.parametrize("port", ["80", "65533", "x"])
def test_a_port_that_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("VARMENTAJA_PORT", port)
    with pytest.raises(ValidationError):
        Settings()


def test_a_child_gets_these_very_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    now = Settings(state=tmp_path, port=9100, environment=Environment.TEST)
    for name, value in now.variables(SECRETS).items():
        monkeypatch.setenv(name, value)
    child = Settings()
    assert (child.state, child.port, child.database) == (tmp_path, 9100, now.database)


def test_a_folder_too_deep_for_a_socket_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VARMENTAJA_STATE", str(tmp_path / ("x" * 100)))
    with pytest.raises(ValidationError, match="choose a shorter VARMENTAJA_STATE"):
        Settings()


def test_each_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VARMENTAJA_PORT", "x")
    monkeypatch.setenv("VARMENTAJA_PEOPLE", "-1")
    settings.cache_clear()
    with pytest.raises(DomainError, match=r"VARMENTAJA_PORT: .*; VARMENTAJA_PEOPLE: "):
        settings()
    settings.cache_clear()


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"URL": "http://directory.example"}, "begins with ldap"),
        ({"URL": "ldap://127.0.0.1"}, "needs ldap_password_file"),
        ({"URL": "ldap://directory.example", "PASSWORD_FILE": "/p"}, "needs ldap_authority, for TLS"),
        ({"URL": "ldap://directory.example", "PASSWORD_FILE": "/p", "AUTHORITY": "/ca.pem"}, ""),
        ({"URL": "ldap://127.0.0.1", "PASSWORD_FILE": "/p"}, ""),
    ],
)
def test_a_directory_elsewhere_is_reached_by_tls_alone(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], reason: str
) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"VARMENTAJA_LDAP_{name}", value)
    if not reason:
        assert Settings().ldap_persons is False
        return
    with pytest.raises(ValidationError, match=reason):
        Settings()
