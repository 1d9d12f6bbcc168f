# SPDX-License-Identifier: EUPL-1.2
"""Certificates that strangers hand over: from a card, a browser, a document.

The library parses a part when it is first looked at, and tells in many ways that it cannot (ValueError,
TypeError, KeyError, UnsupportedAlgorithm, InvalidVersion, DuplicateExtension, UnsupportedGeneralNameType …).
Here everything is looked at once, so that whoever holds the result need not think of that again.
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography import x509


def load_foreign(
    content: bytes, load: Callable[[bytes], x509.Certificate] = x509.load_der_x509_certificate
) -> x509.Certificate:
    """A certificate whose every part can be read; ValueError for anything else. ``load`` may be for PEM."""
    try:
        return require_readable(load(content))
    except Exception as error:
        raise ValueError("not a certificate that can be read") from error


def require_readable(certificate: x509.Certificate) -> x509.Certificate:
    """The same certificate once its names, key, dates and extensions have been read; ValueError."""
    try:
        certificate.subject.rfc4514_string()
        certificate.issuer.rfc4514_string()
        certificate.public_key()
        _ = certificate.not_valid_before_utc, certificate.not_valid_after_utc, certificate.extensions
    except Exception as error:
        raise ValueError("a part of the certificate cannot be read") from error
    return certificate
