# SPDX-License-Identifier: EUPL-1.2
"""What an OCSP request (RFC 6960 §4.1) asks, as far as signed-ahead answers can serve it.

Read by cryptography's parser and not by ``pki.ocsp_request``, which knows nonces and lists for the online
signer: here a parser is run for every hit of a nation, and this one costs a third.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from enum import IntEnum

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import ocsp

from varmentaja.pki.publication.issuer import Issuer


class ErrorStatus(IntEnum):
    """OCSPResponseStatus values that we use (RFC 6960 §4.2.1); ``pki.ocsp`` would bring key stores along."""

    MALFORMED_REQUEST = 1
    TRY_LATER = 3
    UNAUTHORIZED = 6

    @property
    def der(self) -> bytes:
        """An OCSPResponse that holds only this status: SEQUENCE { ENUMERATED }."""
        return bytes((0x30, 0x03, 0x0A, 0x01, self))


@dataclass(frozen=True, slots=True)
class Question:
    """A request for the status of one certificate."""

    issuer: Issuer
    serial: int


def read_question(der: bytes) -> Question | ErrorStatus:
    """Read a DER OCSPRequest.

    MALFORMED_REQUEST: not an OCSPRequest. UNAUTHORIZED: one that signed-ahead answers cannot serve, that is
    several certificates (RFC 9919 §3.1.1) or another hash than SHA-1 and SHA-256.
    """
    try:
        request = ocsp.load_der_ocsp_request(der)
    except NotImplementedError:  # cryptography's word for a list of several requests
        return ErrorStatus.UNAUTHORIZED
    except ValueError:
        return ErrorStatus.MALFORMED_REQUEST
    try:
        hash_name = request.hash_algorithm.name
        if hash_name not in ("sha1", "sha256"):
            return ErrorStatus.UNAUTHORIZED
        issuer = Issuer(hash_name, request.issuer_name_hash, request.issuer_key_hash)
        return Question(issuer, request.serial_number)
    except UnsupportedAlgorithm:
        return ErrorStatus.UNAUTHORIZED
    except ValueError:
        return ErrorStatus.MALFORMED_REQUEST


def decode_get(text: str) -> bytes | None:
    """Return the request in the path of a GET (RFC 6960 A.1.1), already percent-decoded; None: not base64."""
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None
