# SPDX-License-Identifier: EUPL-1.2
"""What an OCSP request (RFC 6960 §4.1) asks, as far as signed-ahead answers can serve it.

Read by cryptography's parser and not by ``pki.ocsp_request``, which knows nonces and lists for the online
signer: here a parser is run for every hit of a nation, and this one costs a third.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
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


class Question(NamedTuple):
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


Beginnings = dict[bytes, Issuer]
"""The octets before the serial number of every plain question about one authority's certificates."""
_LONGEST_SERIAL = 20
_ALGORITHMS = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256()}  # noqa: S303  RFC 9919 §3.1.1
_BEGINNING_SIZES = (67, 95)
"""By SHA-1 and by SHA-256: what stands before a serial has a fixed size, and each length takes one octet."""


def beginnings_of(issuers: Iterable[Issuer]) -> Beginnings:
    """What plain questions (one certificate, no extension) about these issuers' certificates begin with."""
    return {
        _request(issuer, 1 << 8 * size - 8)[:-size]: issuer
        for issuer in issuers
        for size in range(1, _LONGEST_SERIAL + 1)
    }


def recognise(der: bytes, beginnings: Beginnings) -> Question | None:
    """A plain question by its looks, in a tenth of a parser's time; None: ``read_question`` has to see.

    Nothing is guessed: the octets are those that DER has for this question alone.
    """
    for size in _BEGINNING_SIZES:
        issuer = beginnings.get(der[:size])
        if issuer is not None:
            serial = der[size:]
            if len(serial) != der[size - 1] or not _is_shortest(serial):
                return None
            return Question(issuer, int.from_bytes(serial, "big"))
    return None


class _Ending(NamedTuple):
    """What stands after the beginning of a question with a nonce."""

    issuer: Issuer
    serial_size: int
    wrapping: bytes
    """Of the nonce, after the serial number."""
    size: int
    """Octets of the question."""


NonceBeginnings = dict[bytes, _Ending]
"""The octets before the serial number of every question with a nonce of a usual length, and what follows."""
_NONCE_SIZES = (16, 32)
"""What openssl sends, and what RFC 9654 §2.1 asks for."""
_NONCE_BEGINNING_SIZES = (67, 68, 69, 97)
"""By SHA-1, with one or two octets for each of two lengths; by SHA-256."""


def nonce_beginnings_of(issuers: Iterable[Issuer]) -> NonceBeginnings:
    """What questions with one certificate and a nonce, and no other extension, begin with."""
    found: NonceBeginnings = {}
    for issuer in issuers:
        for serial_size in range(1, _LONGEST_SERIAL + 1):
            for nonce_size in _NONCE_SIZES:
                whole = _request(issuer, 1 << 8 * serial_size - 8, bytes(nonce_size))
                begins = whole.index(issuer.key_hash) + len(issuer.key_hash) + 2  # tag and length of a serial
                wrapping = whole[begins + serial_size : -nonce_size]
                found[whole[:begins]] = _Ending(issuer, serial_size, wrapping, len(whole))
    return found


def recognise_nonce(der: bytes, beginnings: NonceBeginnings) -> tuple[Question, bytes] | None:
    """A question with a nonce by its looks, as ``recognise`` has a plain one; None: a parser has to see."""
    for size in _NONCE_BEGINNING_SIZES:
        ending = beginnings.get(der[:size])
        if ending is not None:
            end = size + ending.serial_size
            serial, nonce_at = der[size:end], end + len(ending.wrapping)
            if len(der) != ending.size or der[end:nonce_at] != ending.wrapping or not _is_shortest(serial):
                return None
            return Question(ending.issuer, int.from_bytes(serial, "big")), der[nonce_at:]
    return None


def _is_shortest(integer: bytes) -> bool:
    """Whether these are the octets that DER has for an integer, and it is not negative."""
    return integer[0] < 0x80 and (integer[0] > 0 or len(integer) == 1 or integer[1] > 0x7F)


def _request(issuer: Issuer, serial: int, nonce: bytes | None = None) -> bytes:
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
        issuer.name_hash, issuer.key_hash, serial, _ALGORITHMS[issuer.hash_name]
    )
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def decode_get(text: str | bytes) -> bytes | None:
    """Return the request in the path of a GET (RFC 6960 A.1.1), already percent-decoded; None: not base64."""
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:  # binascii.Error, or not ASCII
        return None
