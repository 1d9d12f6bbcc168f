# SPDX-License-Identifier: EUPL-1.2
"""pyHanko's validator as a second opinion on an OCSP answer: the whole path, in Python, by other people."""

from __future__ import annotations

import asyncio
from datetime import datetime

from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathError, RevokedError, ValidationError


def status_by_answer(der: bytes, certificate: bytes, authority: bytes, now: datetime) -> tuple[str, bool]:
    """Validate a certificate with one OCSP answer: why it cannot be, and whether it is revoked.

    The issuing authority is trusted here: it has no OCSP answer, and openssl judges the path above it with
    the lists.
    """
    try:
        leaf = asn1_x509.Certificate.load(certificate)
        context = ValidationContext(
            trust_roots=[asn1_x509.Certificate.load(authority)],
            ocsps=[asn1_ocsp.OCSPResponse.load(der)],
            allow_fetching=False,
            moment=now,
            revocation_mode="require",
        )
        validator = CertificateValidator(leaf, validation_context=context)
        asyncio.run(validator.async_validate_usage(key_usage=set()))
    except RevokedError:
        return "", True
    except (ValidationError, PathError, ValueError, TypeError) as error:
        return f"pyHanko: {error}"[:300], False
    return "", False
