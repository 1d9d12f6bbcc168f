# SPDX-License-Identifier: EUPL-1.2
"""The demo's own nginx: configuration and server certificate made under the state folder."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from tests.integration.tls.conftest import World, listens
from tests.support import nginx
from tests.support.responder import free_port

from varmentaja.config import Settings
from varmentaja.domain.errors import DomainError
from varmentaja.ground.nginx import server_certificate, write_configuration

NOW = datetime.now(UTC)


@pytest.fixture
def demo_world(world: World, hierarchy_folder: Path) -> Iterator[World]:
    """The same service with its TLS host behind the demo's nginx; the portal stays behind the recipe's."""
    state = world.folder / "var"
    (state / "run").mkdir(parents=True)
    (state / "hierarchy").symlink_to(hierarchy_folder)
    (state / "run" / "tls.sock").symlink_to(world.folder / "tls.sock")
    settings = Settings(state=state, port=free_port() - 3, public_url=world.portal)
    config = write_configuration(settings)
    both = world.folder / "both.pem"
    both.write_bytes(world.server_certificate.read_bytes() + (state / "keys/tls/server.crt").read_bytes())
    world.server_certificate = both
    world.tls_host = str(settings.tls_address).replace("*", "visit")
    with nginx.running(config, lambda: listens(settings.port + 3)):
        yield world


@pytest.mark.django_db(transaction=True)
def test_the_demos_nginx_hands_over_like_the_recipe(demo_world: World) -> None:
    identity = demo_world.identity()
    begun = demo_world.get(f"{demo_world.portal}/en/sign-in/tls/start/").url
    state = begun.partition("?")[2]
    chosen = ["--cert", str(identity.certificate), "--key", str(identity.key), "--location"]
    answer = demo_world.get(f"{demo_world.tls_host}/en/?{state}", *chosen)
    assert (answer.status, answer.url) == (200, f"{demo_world.portal}/en/my-card/")


@pytest.mark.django_db(transaction=True)
def test_the_demos_nginx_drops_a_forged_header_and_takes_only_get(demo_world: World) -> None:
    begun = demo_world.get(f"{demo_world.portal}/en/sign-in/tls/start/").url
    address = f"{demo_world.tls_host}/en/?{begun.partition('?')[2]}"
    forged = ["--header", f"X-Client-Certificate: {demo_world.identity().certificate.read_text()[:60]!r}"]
    assert demo_world.get(address, "--location", *forged).heading == "Your browser sent no certificate"
    assert demo_world.get(address, "--request", "POST").url == f"{demo_world.portal}/fi/sign-in/tls/"


def test_nginx_finds_no_fault_in_the_configuration(hierarchy_folder: Path, tmp_path: Path) -> None:
    state = tmp_path / "a folder"
    state.mkdir()
    (state / "hierarchy").symlink_to(hierarchy_folder)
    config = write_configuration(Settings(state=state))
    done = subprocess.run(nginx.command(config, "-t"), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr


def test_an_address_that_would_break_out_of_the_configuration_is_refused(
    hierarchy_folder: Path, tmp_path: Path
) -> None:
    state = tmp_path / 'x";'
    state.mkdir()
    (state / "hierarchy").symlink_to(hierarchy_folder)
    with pytest.raises(DomainError):
        write_configuration(Settings(state=state))


def test_the_server_certificate_is_kept_until_it_is_old(tmp_path: Path) -> None:
    key, certificate = server_certificate(tmp_path, now=NOW)
    first, secret = certificate.read_bytes(), key.read_bytes()
    assert key.stat().st_mode & 0o777 == 0o600
    server_certificate(tmp_path, now=NOW + timedelta(days=300))
    assert certificate.read_bytes() == first
    server_certificate(tmp_path, now=NOW + timedelta(days=340))
    assert certificate.read_bytes() != first
    assert key.read_bytes() == secret


def test_the_server_certificate_can_certify_nobody_else(tmp_path: Path) -> None:
    _, file = server_certificate(tmp_path, now=NOW)
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "*.card.localhost"]


def test_a_server_certificate_that_lacks_a_name_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("varmentaja.ground.nginx.HOSTS", ("localhost",))
        _, file = server_certificate(tmp_path, now=NOW)
    first = file.read_bytes()
    server_certificate(tmp_path, now=NOW)
    assert file.read_bytes() != first


def test_without_nginx_there_is_no_such_sign_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("varmentaja.config.shutil.which", lambda *_, **__: None)
    assert Settings(state=tmp_path).tls_address is None
    chosen = Settings(state=tmp_path, tls_url="https://card.example/")  # type: ignore[arg-type]  # as the environment gives it
    assert chosen.tls_address == "https://card.example"
    each = Settings(state=tmp_path, tls_url="https://*.card.example/")  # type: ignore[arg-type]  # the same
    assert each.tls_address == "https://*.card.example"
