# SPDX-License-Identifier: EUPL-1.2
"""An authority whose list is in three shards: each certificate stands in its own one, and openssl agrees."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.integration.apps.test_status import published
from tests.support.certificates import AUTHORITY, issue, revoke, serials
from tests.support.pki import BASE_URL, Demo
from tests.support.service import Service
from typer.testing import CliRunner

from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.certificates.queries import status_addresses
from varmentaja.apps.status.actions.publish_status import publish_revocations, publish_status
from varmentaja.apps.status.answers import HALF_LIFE
from varmentaja.apps.status.lists import waiting
from varmentaja.domain.errors import DomainError
from varmentaja.ground.recovered import recovered_app
from varmentaja.pki.ceremony import perform_ceremony, read_plan
from varmentaja.pki.keystore import open_software_store

pytestmark = pytest.mark.django_db

SHARDS = 3
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """One line, and three shards for every authority but the root."""
    folder = tmp_path_factory.mktemp("sharded-pki")
    text = files("varmentaja.profiles").joinpath("hierarchy", "demo.toml").read_text("utf-8")
    one_line = text[: text.index('[[line]]\nid = "rsa"')] + text[text.index("[[authority]]") :]
    root, others = one_line.split('[[authority]]\nrole = "professionals"')
    sharded = (
        f'{root}[[authority]]\nrole = "professionals"{others.replace("shards = 1", f"shards = {SHARDS}")}'
    )
    store = open_software_store(folder / "keys", b"passphrase", random=os.urandom)
    now = datetime.now(UTC).replace(microsecond=0)
    plan = read_plan(sharded, base_url=BASE_URL)
    hierarchy = perform_ceremony(plan, store, folder / "hierarchy", now=now, random=os.urandom)
    return Demo(hierarchy, store, now, folder / "hierarchy")


def by_shard(now: datetime) -> dict[int, list[Certificate]]:
    """Certificates of every shard: custody draws it."""
    found: dict[int, list[Certificate]] = {}
    while len(found) < SHARDS or sum(map(len, found.values())) < 12:
        for row in issue(6, now=now):
            assert row.shard is not None
            found.setdefault(row.shard, []).append(row)
    return found


def the_list(service: Service, shard: int, kind: str = "") -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(bytes(published(service).crls[AUTHORITY, f"{shard}{kind}"].der))


def numbers(service: Service) -> dict[tuple[str, str], int]:
    return {place: crl.ref.number for place, crl in published(service).crls.items()}


def by_its_own_point(service: Service, row: Certificate) -> int:
    """The shard whose list stands at the distribution point written in the certificate."""
    assert row.der is not None
    path = Path(urlsplit(status_addresses(bytes(row.der)).crl).path)
    assert path.parent.name == AUTHORITY
    return int(path.stem)


def openssl(service: Service, row: Certificate, shard: int, folder: Path) -> str:
    """What ``openssl verify -crl_check`` says with one shard's list."""
    assert row.der is not None
    authority = service.demo.hierarchy.authority(AUTHORITY).certificate
    for name, document in (
        ("leaf", x509.load_der_x509_certificate(bytes(row.der))),
        ("authority", authority),
        ("list", the_list(service, shard)),
    ):
        (folder / f"{name}.pem").write_bytes(document.public_bytes(Encoding.PEM))
    command = ["openssl", "verify", "-partial_chain", "-CAfile", "authority.pem", "-CRLfile", "list.pem"]
    soon = service.now + 10 * SECOND  # when the lists of a test that goes quicker than a clock are valid too
    command += ["-attime", str(int(soon.timestamp())), "-crl_check", "-extended_crl", "leaf.pem"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr


def test_a_certificate_whose_shard_nobody_knows_stands_in_every_list(service: Service) -> None:
    """Its record was lost: an operator finds it by the command, and revokes it by its serial number."""
    rows = issue(3, now=service.now)
    publish_status(now=service.now)
    lost = rows[0]
    Certificate.objects.filter(pk=lost.pk).update(state="recovered", shard=None, der=None)
    say = CliRunner().invoke
    assert say(recovered_app, ["list"]).stdout == f"{AUTHORITY} {lost.serial}\n"
    told = say(recovered_app, ["revoke", AUTHORITY, lost.serial.upper(), "--ground", "stolen"])
    assert told.exit_code == 0, told.output
    later = datetime.now(UTC) + SECOND
    assert publish_revocations(now=later) is not None
    assert not waiting().exists()
    for shard in range(SHARDS):
        for kind in ("", "-delta"):
            assert {entry.serial_number for entry in the_list(service, shard, kind)} == serials([lost])
    assert isinstance(say(recovered_app, ["revoke", AUTHORITY, lost.serial]).exception, DomainError)
    publish_status(now=later + HALF_LIFE)
    for shard in range(SHARDS):
        assert len(the_list(service, shard)) == 1 and len(the_list(service, shard, "-delta")) == 0


def test_a_revocation_signs_one_list_and_openssl_finds_it_there(service: Service, tmp_path: Path) -> None:
    rows = by_shard(service.now)
    publish_status(now=service.now)
    before = numbers(service)
    assert {shard for name, shard in before if name == AUTHORITY} == {
        f"{shard}{kind}" for shard in range(SHARDS) for kind in ("", "-delta")
    }
    for group in rows.values():
        for row in group:
            assert by_its_own_point(service, row) == row.shard

    for step, shard in enumerate(range(SHARDS), 1):
        victim, *others = rows[shard]
        revoke(victim, now=service.now + step * SECOND)
        assert publish_revocations(now=service.now + step * SECOND) is not None
        after = numbers(service)
        signed = {place for place in after if after[place] != before[place]}
        assert signed == {(AUTHORITY, f"{shard}{kind}") for kind in ("", "-delta")}
        before = after
        for each in range(SHARDS):
            expected = serials(rows[each][:1]) if each <= shard else set()
            assert {entry.serial_number for entry in the_list(service, each)} == expected
            assert {entry.serial_number for entry in the_list(service, each, "-delta")} == expected
        assert "certificate revoked" in openssl(service, victim, shard, tmp_path)
        for row in others:
            assert "leaf.pem: OK" in openssl(service, row, shard, tmp_path)
        another = openssl(service, victim, (shard + 1) % SHARDS, tmp_path)
        assert "OK" not in another and "revoked" not in another, "a list of another shard says nothing of it"

    assert publish_status(now=service.now + HALF_LIFE + SECOND) is not None
    for shard in range(SHARDS):
        assert len(the_list(service, shard)) == 1 and len(the_list(service, shard, "-delta")) == 0
