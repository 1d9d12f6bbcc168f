# SPDX-License-Identifier: EUPL-1.2
"""Ask the issuer's OCSP responder (RFC 6960) whether a certificate is still good, and believe only a fresh,
rightly signed answer about that very certificate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from varmentaja.relying_party.answer import verified_by
from varmentaja.relying_party.refusals import Outcome, Refused

AskOcsp = Callable[[str, bytes], bytes]
"""Post an OCSPRequest (DER) to an address, return the body of the answer; ConnectionError if it fails."""

CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Status:
    """A status that was said and signed; ``revoked_at`` is None for "good"."""

    revoked_at: datetime | None
    this_update: datetime
    response: bytes
    """The OCSPResponse as DER, to be kept as evidence beside a signature."""


def ocsp_over(client: httpx.Client) -> AskOcsp:
    """Ask over HTTP with the caller's client: its time-outs, its proxies."""

    def ask(url: str, request: bytes) -> bytes:
        headers = {"Content-Type": "application/ocsp-request", "Accept": "application/ocsp-response"}
        try:
            return client.post(url, content=request, headers=headers).raise_for_status().content
        except httpx.HTTPError as error:
            raise ConnectionError(str(error)) from error

    return ask


def ask_status(
    certificate: x509.Certificate, issuer: x509.Certificate, ask: AskOcsp, *, now: datetime
) -> Status:
    """The status of a certificate whose issuer has been verified before (its OCSP address is followed).

    Raises Refused(STATUS_UNKNOWN) for every way of not knowing: no address, no answer, a wrong or old one.
    """
    request = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA256()).build()
    try:
        answer = ask(_address(certificate), request.public_bytes(Encoding.DER))
    except (ConnectionError, ValueError) as error:
        raise _unknown(str(error)) from error
    try:
        return _read(ocsp.load_der_ocsp_response(answer), request, issuer, now)
    except Refused:
        raise
    except Exception as error:  # the library has many ways to say that it cannot read an answer
        raise _unknown(f"the answer cannot be read: {error}") from error


def _read(
    response: ocsp.OCSPResponse, request: ocsp.OCSPRequest, issuer: x509.Certificate, now: datetime
) -> Status:
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise _unknown(f"the responder says {response.response_status.name}")
    if not any(_signed_by(response, signer) for signer in _signers(response, issuer, now)):
        raise _unknown("the answer is not signed by the issuer's responder")
    for single in response.responses:
        if _same_certificate(single, request):
            return _fresh(single, response, now)
    raise _unknown("the answer is about another certificate")


def _fresh(single: ocsp.OCSPSingleResponse, response: ocsp.OCSPResponse, now: datetime) -> Status:
    until = single.next_update_utc
    if single.this_update_utc > now + CLOCK_SKEW or until is None or until < now - CLOCK_SKEW:
        raise _unknown("the answer is not of today")
    if single.certificate_status is ocsp.OCSPCertStatus.UNKNOWN:
        raise _unknown("the responder does not know the certificate")
    return Status(single.revocation_time_utc, single.this_update_utc, response.public_bytes(Encoding.DER))


def _same_certificate(single: ocsp.OCSPSingleResponse, request: ocsp.OCSPRequest) -> bool:
    return (
        single.serial_number == request.serial_number
        and single.hash_algorithm.name == request.hash_algorithm.name
        and single.issuer_name_hash == request.issuer_name_hash
        and single.issuer_key_hash == request.issuer_key_hash
    )


def _signers(
    response: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime
) -> Iterator[x509.Certificate]:
    """Who may answer for the issuer: itself, or whom it certified for that (RFC 6960 §4.2.2.2)."""
    yield issuer
    for certificate in response.certificates:
        if (
            certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
            and _may_answer(certificate)
            and _issued_by(certificate, issuer)
        ):
            yield certificate


def _may_answer(certificate: x509.Certificate) -> bool:
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in usages


def _issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _signed_by(response: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    algorithm = response.signature_hash_algorithm
    return algorithm is not None and verified_by(
        signer, algorithm, response.signature, response.tbs_response_bytes
    )


def _address(certificate: x509.Certificate) -> str:
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        raise _unknown("the certificate names no OCSP responder") from None
    for entry in access:
        if entry.access_method == AuthorityInformationAccessOID.OCSP and isinstance(
            entry.access_location, x509.UniformResourceIdentifier
        ):
            return entry.access_location.value
    raise _unknown("the certificate names no OCSP responder")


def _unknown(detail: str) -> Refused:
    return Refused(Outcome.STATUS_UNKNOWN, detail)
