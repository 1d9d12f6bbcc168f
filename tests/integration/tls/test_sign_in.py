# SPDX-License-Identifier: EUPL-1.2
"""Sign-in by TLS client certificate: Debian's nginx on the recipes of deploy/nginx, curl, software keys."""

from __future__ import annotations

import re
import subprocess
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import transaction
from tests.integration.tls.conftest import Identity, World

from varmentaja.apps.access.models import HandOver
from varmentaja.apps.audit.models import Entry
from varmentaja.apps.certificates.actions.revoke_certificates import revoke_certificates
from varmentaja.apps.certificates.models import Certificate
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.revocation import RevocationReason
from varmentaja.relying_party import (
    AuthorityLists,
    Outcome,
    Purpose,
    Refused,
    RelyingParty,
    fetch_over,
    ocsp_over,
)

pytestmark = pytest.mark.django_db(transaction=True)

HEADER = "X-Client-Certificate"


def is_signed_in(world: World) -> bool:
    """Whether the browser's cookies open a page that only a person signed in sees."""
    return world.get(f"{world.portal}/en/my-card/").status == 200


def sign_out(world: World) -> None:
    page = world.get(f"{world.portal}/en/my-card/").text
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token, page
    form = f"csrfmiddlewaretoken={token[1]}"
    done = world.get(f"{world.portal}/en/sign-out/", "--data", form, "--referer", f"{world.portal}/en/")
    assert done.status == 302
    assert not is_signed_in(world)


def foreign(world: World) -> Identity:
    """A certificate of somebody else, under the name of ours."""
    key = ec.generate_private_key(ec.SECP384R1())
    now = datetime.now(UTC)
    name = world.service.demo.hierarchy.authority("professionals-ecc").certificate.subject
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    return world.files(key, builder.sign(key, hashes.SHA384()))


def outcome_of(world: World, identity: Identity | None, *options: str) -> tuple[int, str]:
    answer = world.sign_in(identity, *options)
    assert answer.url.startswith(f"{world.portal}/en/sign-in/tls/?"), answer.url
    assert not is_signed_in(world)
    return answer.status, answer.heading


def handed_over(world: World, identity: Identity) -> str:
    """The address at the portal to which the TLS host sends a browser that began there."""
    begun = world.get(f"{world.portal}/en/sign-in/tls/start/?next=/en/my-card/")
    chosen = ["--cert", str(identity.certificate), "--key", str(identity.key)]
    return world.get(begun.url, *chosen).url


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_certificate_in_the_handshake_signs_its_holder_in(world: World, version: str) -> None:
    answer = world.sign_in(world.identity(), f"--tlsv{version}", "--tls-max", version)
    assert (answer.status, answer.url) == (200, f"{world.portal}/en/my-card/")
    entry = Entry.objects.filter(action="session.signed_in", outcome="done").latest("id")
    assert entry.document["actor"]["authentication"] == "tls"
    assert not HandOver.objects.exists()


def test_an_older_tls_is_refused(world: World) -> None:
    host = urlsplit(world.tls_host).netloc
    asked = ["openssl", "s_client", "-connect", host, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]
    done = subprocess.run(asked, capture_output=True, input=b"", timeout=30)
    assert done.returncode != 0
    assert b"alert protocol version" in done.stderr


def test_without_a_certificate_the_page_says_so(world: World) -> None:
    assert outcome_of(world, None) == (404, "Your browser sent no certificate")


def test_a_revoked_certificate_is_refused(world: World) -> None:
    identity = world.identity()
    with transaction.atomic():
        revoke_certificates(SYSTEM, identity.row.card, RevocationReason.KEY_COMPROMISE, now=datetime.now(UTC))
    world.publish()
    assert outcome_of(world, identity) == (403, "Your certificate has been revoked")
    refusal = Entry.objects.filter(action="session.signed_in", outcome="refused").latest("id")
    assert "revoked" in refusal.document["facts"]["message"]
    assert refusal.document["subject"] == {"type": "certificates.certificate", "id": str(identity.row.pk)}
    assert refusal.document["facts"]["person"] == identity.row.person_id


def test_a_certificate_revoked_between_handshake_and_portal_is_refused(world: World) -> None:
    identity = world.identity()
    address = handed_over(world, identity)
    Certificate.objects.filter(pk=identity.row.pk).update(state="revoked", crl_entry=b"")
    assert world.get(address).heading == "Your certificate has been revoked"
    assert not is_signed_in(world)


def test_a_session_ends_within_five_seconds_of_the_revocation(world: World) -> None:
    """By the overlay over a set that was published before; everybody else is told in that time, too."""
    identity = world.identity()
    other = world.identity(role="prescribing_nurse")
    world.publish()
    client = httpx.Client(timeout=5)
    party = RelyingParty(
        world.service.demo.hierarchy, ocsp_over(client), "", b"", AuthorityLists(fetch_over(client))
    )
    certificate = x509.load_pem_x509_certificate(identity.certificate.read_bytes())

    def status(leaf: x509.Certificate) -> datetime | None:
        asked = party.check_certificate(leaf, Purpose.AUTHENTICATION, now=datetime.now(UTC))
        return asked.status.revoked_at

    assert status(certificate) is None
    assert world.sign_in(identity).status == 200
    revoked = time.monotonic()
    with transaction.atomic():
        revoke_certificates(SYSTEM, identity.row.card, RevocationReason.KEY_COMPROMISE, now=datetime.now(UTC))
    assert not is_signed_in(world)
    world.publish()
    with pytest.raises(Refused) as refusal:
        while time.monotonic() < revoked + 5:
            status(certificate)
            time.sleep(0.1)
    assert refusal.value.outcome is Outcome.REVOKED
    assert time.monotonic() < revoked + 5
    assert outcome_of(world, identity) == (403, "Your certificate has been revoked")
    assert status(x509.load_pem_x509_certificate(other.certificate.read_bytes())) is None


def test_an_expired_certificate_is_refused(world: World) -> None:
    identity = world.identity(lasts=timedelta(seconds=2))
    time.sleep(max(0, (identity.row.not_after - datetime.now(UTC)).total_seconds()) + 1)
    assert outcome_of(world, identity) == (403, "Your certificate is not valid today")


def test_a_certificate_of_another_issuer_is_refused(world: World) -> None:
    assert outcome_of(world, foreign(world)) == (403, "This certificate is not one of ours")


def test_a_signature_certificate_is_refused(world: World) -> None:
    identity = world.identity("signature")
    assert outcome_of(world, identity) == (403, "This certificate is not for sign-in")


def test_a_certificate_whose_status_nobody_tells_is_refused(world: World) -> None:
    world.responder.terminate()
    world.responder.wait(20)
    assert outcome_of(world, world.identity()) == (503, "Your certificate could not be checked")


def test_a_tls_host_that_does_not_answer_leads_to_a_page(world: World) -> None:
    (world.folder / "tls.sock").unlink()
    answer = world.sign_in(world.identity())
    assert (answer.status, answer.url) == (503, f"{world.portal}/fi/sign-in/tls/")


@pytest.mark.parametrize("name", [HEADER, HEADER.lower(), HEADER.replace("-", "_")])
def test_a_forged_header_signs_nobody_in(world: World, name: str) -> None:
    """On the portal's own listener, through nginx, and at the TLS host without a certificate."""
    forged = f"{name}: {quote(world.identity().certificate.read_text())}"
    for portal in (world.plain, world.portal):
        for page in ("/en/my-card/", "/en/sign-in/tls/", "/en/sign-in/", "/en/"):
            world.get(portal + page, "--header", forged)
            assert not is_signed_in(world)
    assert not HandOver.objects.exists()
    assert outcome_of(world, None, "--header", forged) == (404, "Your browser sent no certificate")


def test_a_code_works_once(world: World) -> None:
    address = handed_over(world, world.identity())
    cookies = (world.folder / "cookies").read_bytes()
    assert world.get(address).status == 302
    assert is_signed_in(world)
    (world.folder / "cookies").write_bytes(cookies)
    assert world.get(address).heading == "The sign-in took too long"
    assert not is_signed_in(world)


def test_a_used_code_is_refused_even_with_a_fresh_state(world: World) -> None:
    identity = world.identity()
    address = handed_over(world, identity)
    code = re.search(r"code=([^&]+)", address)
    assert code and len(code[1]) == 43, "256 bits"
    world.get(address)
    world.forget_cookies()
    again = re.sub(r"code=[^&]+", code[0], handed_over(world, identity))
    assert world.get(again).heading == "The sign-in took too long"
    assert not is_signed_in(world)


def test_a_code_lasts_a_minute(world: World) -> None:
    address = handed_over(world, world.identity())
    row = HandOver.objects.get()
    left = row.expires_at - datetime.now(UTC)
    assert timedelta(seconds=50) < left <= timedelta(seconds=60)
    HandOver.objects.update(expires_at=datetime.now(UTC))
    assert world.get(address).heading == "The sign-in took too long"
    assert not is_signed_in(world)


def test_the_database_does_not_hold_the_code(world: World) -> None:
    code = re.search(r"code=([^&]+)", handed_over(world, world.identity()))
    assert code
    assert code[1] not in repr(list(HandOver.objects.values()))


def test_a_link_with_a_code_signs_no_other_browser_in(world: World) -> None:
    """Or else a link could sign somebody in as the one who sent it."""
    address = handed_over(world, world.identity())
    world.forget_cookies()
    assert world.get(address).heading == "The sign-in took too long"
    world.get(f"{world.portal}/en/sign-in/tls/start/")
    assert world.get(address).heading == "The sign-in took too long"
    assert not is_signed_in(world)


def test_after_sign_out_another_card_signs_in(world: World) -> None:
    first, second = world.identity(), world.identity(role="prescribing_nurse")
    world.sign_in(first)
    sign_out(world)
    assert world.sign_in(second).status == 200
    done = Entry.objects.filter(action="session.signed_in", outcome="done").order_by("id")
    people = [entry.document["actor"]["person"] for entry in done]
    assert people == [first.row.person_id, second.row.person_id]
    assert len(set(people)) == 2


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_the_tls_host_resumes_no_session(world: World, version: str) -> None:
    host = urlsplit(world.tls_host).netloc
    request = f"GET /en/?state=x HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    session = world.folder / "session"
    asked = ["openssl", "s_client", "-connect", host, version, "-ign_eof"]
    first = subprocess.run(
        [*asked, "-sess_out", str(session)], input=request, capture_output=True, timeout=30
    )
    assert b"303 See Other" in first.stdout
    if session.exists():  # openssl was given something that it may try again
        asked += ["-sess_in", str(session)]
    again = subprocess.run(asked, input=request, capture_output=True, timeout=30)
    assert b"\nNew, " in again.stdout
    assert b"\nReused, " not in again.stdout


def test_after_sign_in_nobody_is_sent_to_another_site(world: World) -> None:
    answer = world.sign_in(world.identity(), next=quote("https://elsewhere.example/"))
    assert answer.url.startswith(world.portal)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_the_tls_host_takes_only_get(world: World, method: str) -> None:
    answer = world.get(f"{world.tls_host}/en/?state=x", "--request", method)
    assert answer.url == f"{world.portal}/fi/sign-in/tls/"
    assert not HandOver.objects.exists()
