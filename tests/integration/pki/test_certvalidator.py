# SPDX-License-Identifier: EUPL-1.2
"""An independent validator (pyhanko-certvalidator) accepts our paths and reads our revocations."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import InsufficientRevinfoError, RevokedError
from tests.support.apart import apart
from tests.support.pki import LINES, PERSON_PROFILES, Demo

from varmentaja.pki.algorithms import PrivateKey
from varmentaja.pki.crl import Reason, encode_entry, sign_crl
from varmentaja.pki.ocsp import CertificateStatus, Condition
from varmentaja.pki.presigning import Presigner
from varmentaja.pki.serials import serial_text


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def _crl(
    demo: Demo, authority_id: str, *revoked: x509.Certificate, base: int | None = None
) -> asn1_crl.CertificateList:
    """A full list, or with ``base`` a delta to it."""
    entries = [
        encode_entry(serial_text(certificate.serial_number), demo.now, Reason.KEY_COMPROMISE)
        for certificate in revoked
    ]
    der = sign_crl(
        demo.hierarchy.authority(authority_id),
        0,
        entries,
        demo.store,
        number=1 if base is None else base + 1,
        base_number=base,
        this_update=demo.now,
        next_update=demo.now + timedelta(days=2),
    )
    return asn1_crl.CertificateList.load(der)


def _validate(
    demo: Demo,
    line: str,
    certificate: x509.Certificate,
    usage: str,
    *,
    crls: list[asn1_crl.CertificateList] | None = None,
    ocsps: list[asn1_ocsp.OCSPResponse] | None = None,
) -> None:
    issuing, root = demo.hierarchy.chain(f"professionals-{line}")
    context = ValidationContext(
        trust_roots=[_asn1(root)],
        other_certs=[_asn1(issuing)],
        crls=crls or [],
        ocsps=ocsps or [],
        allow_fetching=False,
        moment=demo.now + timedelta(seconds=1),
        revocation_mode="require" if crls else "soft-fail",
    )
    validator = CertificateValidator(
        _asn1(certificate), intermediate_certs=[_asn1(issuing)], validation_context=context
    )
    apart(lambda: asyncio.run(validator.async_validate_usage(key_usage={usage})))


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("profile", PERSON_PROFILES)
def test_the_path_is_valid_for_its_usage_with_our_crls(
    demo: Demo, card_keys: dict[str, PrivateKey], profile: str, line: str
) -> None:
    certificate = demo.issue(profile, line, card_keys[line])
    usage = "non_repudiation" if profile.endswith("sign") else "digital_signature"
    issuer = f"professionals-{line}"
    crls = [_crl(demo, issuer), _crl(demo, issuer, base=1), _crl(demo, f"root-{line}")]
    _validate(demo, line, certificate, usage, crls=crls)


@pytest.mark.parametrize("line", LINES)
def test_a_certificate_on_the_crl_is_revoked(demo: Demo, card_keys: dict[str, PrivateKey], line: str) -> None:
    certificate = demo.issue("professional-auth", line, card_keys[line])
    issuer = f"professionals-{line}"
    whole, since = _crl(demo, issuer, certificate), _crl(demo, issuer, certificate, base=1)
    for lists in ([whole, _crl(demo, issuer, base=1)], [_crl(demo, issuer), since]):
        with pytest.raises(RevokedError):
            crls = [*lists, _crl(demo, f"root-{line}")]
            _validate(demo, line, certificate, "digital_signature", crls=crls)


def _answers(
    demo: Demo, line: str, certificate: x509.Certificate, *revoked: object
) -> list[asn1_ocsp.OCSPResponse]:
    """What we say of a certificate: in both forms of its name; good without ``revoked``."""
    status = CertificateStatus(serial_text(certificate.serial_number), *revoked)  # type: ignore[arg-type]
    answers = Presigner(
        demo.hierarchy.authority(f"professionals-{line}"),
        demo.store,
        this_update=demo.now,
        next_update=demo.now + timedelta(days=2),
    ).sign(status)
    return [asn1_ocsp.OCSPResponse.load(der) for der in (answers.sha1, answers.sha256)]


@pytest.mark.parametrize("line", LINES)
def test_a_certificate_revoked_by_ocsp_is_revoked(
    demo: Demo, card_keys: dict[str, PrivateKey], line: str
) -> None:
    certificate = demo.issue("professional-auth", line, card_keys[line])
    for answer in _answers(demo, line, certificate, Condition.REVOKED, demo.now, Reason.SUPERSEDED):
        with pytest.raises(RevokedError):
            _validate(demo, line, certificate, "digital_signature", ocsps=[answer])


@pytest.mark.parametrize("line", LINES)
def test_good_by_ocsp_is_enough_where_a_status_is_required(
    demo: Demo, card_keys: dict[str, PrivateKey], line: str
) -> None:
    """Of the authority its root's list tells; of the certificate nothing but our answer."""
    certificate = demo.issue("professional-auth", line, card_keys[line])
    authority = [_crl(demo, f"root-{line}")]
    for answer in _answers(demo, line, certificate):
        _validate(demo, line, certificate, "digital_signature", crls=authority, ocsps=[answer])
    other = demo.issue("professional-sign", line, card_keys[line])
    for told in ([], _answers(demo, line, other)):
        with pytest.raises(InsufficientRevinfoError):
            _validate(demo, line, certificate, "digital_signature", crls=authority, ocsps=told)
