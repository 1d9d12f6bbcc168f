# SPDX-License-Identifier: EUPL-1.2
"""Relying parties ask: by OpenSSL over POST and GET, by GnuTLS, with a nonce, and by lists and deltas."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from varmentaja.tour import gnutls, openssl
from varmentaja.tour.card.papers import crl_address, delta_address, fetch, pem_file
from varmentaja.tour.engine import LEFT_OUT, Facts, StepFailed, wait_until
from varmentaja.tour.status_story.story import StatusStory

DIGESTS = ("sha1", "sha256")
NEVER_ISSUED = "0x4000000000000000000000000000000a"
GOOD, REVOKED, UNKNOWN = "good", "revoked", "unknown"
NO_GNUTLS = {LEFT_OUT: f"ocsptool is not installed (Debian: {gnutls.PACKAGE})"}


def is_published(story: StatusStory) -> Facts:
    """The new card's certificate, and the crowd's, are answered for; the card is read without a PIN."""
    card = story.signs_in = story.papers_of(story.her_card.serial)

    def answered() -> bool | None:
        try:
            verdicts = {_by_post(story, card.leaf_file, "sha256"), _by_post(story, story.neighbour, "sha256")}
        except StepFailed:  # "unauthorized": nothing is said of it yet
            return None
        return True if verdicts == {GOOD} else None

    wait_until(answered, "the status of the new certificates")
    return {"serial": card.serial, "responder": card.ocsp_url, "set": published_set(story)}


def published_set(story: StatusStory) -> str:
    """The number of the set that the responder serves, as it tells Prometheus."""
    lines = fetch(f"{story.place.responder}/metrics").decode().splitlines()
    return next(line.split()[1] for line in lines if line.startswith("varmentaja_responder_set_number "))


def openssl_says_good(story: StatusStory) -> Facts:
    """By POST and by GET (RFC 6960, appendix A.1), with both kinds of CertID."""
    _expect(_by_openssl(story), GOOD)
    return {"openssl ocsp": GOOD, "by": "POST and GET", "CertID": " and ".join(DIGESTS)}


def gnutls_says_good(story: StatusStory) -> Facts:
    """A library that shares no code with OpenSSL."""
    if not gnutls.is_installed():
        return NO_GNUTLS
    card = story.her_papers
    _expect({"ocsptool": gnutls.ocsp(card.leaf_file, card.issuer_file, card.ocsp_url)}, GOOD)
    return {"ocsptool": GOOD}


def nonce_comes_back(story: StatusStory) -> Facts:
    """The responder that signs on the spot: a nonce, several certificates in one request, and ``unknown``."""
    told = online_verdicts(story)
    if told != [GOOD, GOOD, UNKNOWN]:
        raise StepFailed(f"openssl ocsp with a nonce: {told}")
    facts = {"responder": online_address(story), "openssl ocsp, three in one request": ", ".join(told)}
    return {**facts, **_by_gnutls_with_nonce(story, GOOD)}


def lists_say_good(story: StatusStory) -> Facts:
    """``openssl crl`` and ``openssl verify``; the lists are kept as a relying party keeps them."""
    card = story.her_papers
    full, delta = story.folder / "full.pem", fetch_delta(story)
    pem_file(x509.load_der_x509_crl(fetch(crl_address(card.certificate))), full)
    above = pem_file(x509.load_der_x509_crl(fetch(crl_address(card.issuer))), story.folder / "above.pem")
    story.old_lists = (full, above)
    numbers = [str(openssl.crl_number(each, card.issuer_file)) for each in (full, delta)]
    _expect({"openssl verify": by_lists(story, full, delta, above)}, "OK")
    return {"full list": f"number {numbers[0]}", "delta": f"number {numbers[1]}", "path": "OK"}


def everybody_says_revoked(story: StatusStory) -> Facts:
    """All the same doors once more; who keeps the list of before learns it from the delta alone."""
    card = story.her_papers
    told = _by_openssl(story)
    if gnutls.is_installed():
        told["ocsptool"] = gnutls.ocsp(card.leaf_file, card.issuer_file, card.ocsp_url)
    told["online responder"] = online_verdicts(story)[0]
    _expect(told, REVOKED)
    told |= _by_gnutls_with_nonce(story, REVOKED)
    by_delta = by_lists(story, *story.old_lists, fetch_delta(story))
    _expect({"openssl verify -use_deltas": by_delta}, "certificate revoked")
    return {**told, "openssl verify, old list and new delta": by_delta}


def is_told_rightly(story: StatusStory) -> Facts:
    """The revoked one is revoked, another one good, by the responder, the online responder and the list."""
    card = story.her_papers
    told = {
        "revoked card": _by_post(story, card.leaf_file, "sha256"),
        "another card": _by_post(story, story.neighbour, "sha256"),
        "online responder": ", ".join(online_verdicts(story)),
    }
    if list(told.values()) != [REVOKED, GOOD, f"{REVOKED}, {GOOD}, {UNKNOWN}"]:
        raise StepFailed(f"the status services tell something else: {told}")
    if not card.is_listed() or _is_listed(story, story.neighbour):
        raise StepFailed("the revocation list tells something else")
    return told


def says_online(story: StatusStory) -> ocsp.OCSPCertStatus:
    """The online responder's word about the card, asked with a nonce."""
    card = story.her_papers
    builder = ocsp.OCSPRequestBuilder().add_certificate(card.certificate, card.issuer, SHA256())
    request = builder.add_extension(x509.OCSPNonce(os.urandom(16)), critical=False).build()
    answer = httpx.post(
        online_address(story),
        content=request.public_bytes(Encoding.DER),
        headers={"Content-Type": "application/ocsp-request"},
        trust_env=False,
    )
    return ocsp.load_der_ocsp_response(answer.content).certificate_status


def online_verdicts(story: StatusStory) -> list[str]:
    """OpenSSL asks the online responder about the card, one of the crowd, and one that was never issued."""
    card = story.her_papers
    leaves: list[openssl.Leaf] = [card.leaf_file, story.neighbour, NEVER_ISSUED]
    return openssl.ocsp_with_nonce(leaves, card.issuer_file, story.root, online_address(story), "sha256")


def online_address(story: StatusStory) -> str:
    """Where the online responder speaks for the card's issuer."""
    return story.place.online + urlsplit(story.her_papers.ocsp_url).path


def fetch_delta(story: StatusStory) -> Path:
    """Today's delta, as a file for OpenSSL."""
    der = fetch(delta_address(story.her_papers.certificate))
    return pem_file(x509.load_der_x509_crl(der), story.folder / "delta.pem")


def by_lists(story: StatusStory, *lists: Path) -> str:
    """OpenSSL's verdict on the card's path by these lists."""
    card = story.her_papers
    return openssl.verify_with_deltas(card.leaf_file, card.issuer_file, story.root, lists)


def _is_listed(story: StatusStory, serial: str) -> bool:
    crl = x509.load_der_x509_crl(fetch(crl_address(story.her_papers.certificate)))
    return crl.get_revoked_certificate_by_serial_number(int(serial, 16)) is not None


def _by_post(story: StatusStory, leaf: openssl.Leaf, digest: str) -> str:
    card = story.her_papers
    return openssl.ocsp(leaf, card.issuer_file, story.root, card.ocsp_url, digest)


def _by_openssl(story: StatusStory) -> dict[str, str]:
    leaf = story.her_papers.leaf_file
    by_post = {f"openssl ocsp -{digest} by POST": _by_post(story, leaf, digest) for digest in DIGESTS}
    return by_post | {f"openssl ocsp -{digest} by GET": _by_get(story, digest) for digest in DIGESTS}


def _by_get(story: StatusStory, digest: str) -> str:
    card, answer = story.her_papers, story.folder / "answer.der"
    request = openssl.ocsp_request(card.leaf_file, card.issuer_file, digest, story.folder / "request.der")
    answer.write_bytes(fetch(f"{card.ocsp_url}/{quote(base64.b64encode(request).decode(), safe='')}"))
    return openssl.ocsp_answer(answer, card.leaf_file, card.issuer_file, story.root, digest)


def _by_gnutls_with_nonce(story: StatusStory, expected: str) -> dict[str, str]:
    if not gnutls.is_installed():
        return NO_GNUTLS
    card = story.her_papers
    verdict = gnutls.ocsp(card.leaf_file, card.issuer_file, online_address(story), nonce=True)
    _expect({"ocsptool --nonce": verdict}, expected)
    return {"ocsptool, with nonce": verdict}


def _expect(told: dict[str, str], expected: str) -> None:
    wrong = {who: verdict for who, verdict in told.items() if verdict != expected}
    if wrong:
        raise StepFailed(f"{expected} was expected: {wrong}")
