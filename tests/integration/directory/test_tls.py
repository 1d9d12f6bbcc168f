# SPDX-License-Identifier: EUPL-1.2
"""A directory on another machine is reached over TLS, and only the one whose certificate is trusted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.liar import ISSUING, LDAP_NAME, Liar
from tests.support.pki import Demo
from tests.support.responder import free_port
from tests.support.slapd import BASE, PASSWORD, USER, Slapd, tls_certificate

from varmentaja.adapters.directory.ldap import LdapAccess, LdapDirectory
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.observer.directory import read_attribute
from varmentaja.pki.directory import ShardLists, authority_entries


@pytest.fixture(params=["ldap", "ldaps"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Slapd]:
    folder = tmp_path / "tls"
    folder.mkdir()
    certificate = tls_certificate(folder)
    lines = f"TLSCertificateFile {certificate}\nTLSCertificateKeyFile {folder / 'server.key'}\n"
    if request.param == "ldap":
        lines += "security tls=1\n"  # nobody is served without STARTTLS
    slapd = Slapd(folder, free_port(), request.param, lines)
    slapd.start()
    yield slapd
    slapd.stop()


def test_what_is_written_over_tls_is_read_over_tls(server: Slapd, demo: Demo) -> None:
    address, trusted = f"{server.scheme}://localhost:{server.port}", server.folder / "server.pem"
    directory = LdapDirectory(LdapAccess(address, BASE, USER, PASSWORD, trusted))
    certificate = demo.hierarchy.authority(ISSUING).certificate_der
    for entry in authority_entries(certificate, [ShardLists(*Liar(demo, demo.now).lists())]):
        assert directory.put(entry)
    reply = read_attribute(address, LDAP_NAME, "cACertificate;binary", trusted)
    assert (reply.body, reply.problem) == (certificate, "")


def test_a_server_that_somebody_else_certified_is_not_believed(server: Slapd, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = tls_certificate(tmp_path / "other")
    address = f"{server.scheme}://localhost:{server.port}"
    with pytest.raises(DomainError) as raised:
        LdapDirectory(LdapAccess(address, BASE, USER, PASSWORD, other)).persons()
    assert raised.value.kind is Kind.UNAVAILABLE and "certificate" in str(raised.value).lower()
    assert "certificate" in read_attribute(address, BASE, "cn", other).problem.lower()


def test_a_server_without_starttls_is_told_nothing(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    trusted = tls_certificate(tmp_path / "plain")
    slapd = Slapd(tmp_path / "plain", free_port())
    slapd.start()
    try:
        access = LdapAccess(f"ldap://localhost:{slapd.port}", BASE, USER, PASSWORD, trusted)
        with pytest.raises(DomainError):
            LdapDirectory(access).persons()
    finally:
        slapd.stop()
