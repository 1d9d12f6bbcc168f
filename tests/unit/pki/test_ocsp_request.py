# SPDX-License-Identifier: EUPL-1.2
"""OCSP requests: what clients send is understood; whatever else is sent is turned away."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as library
from hypothesis import given
from hypothesis import strategies as st

from varmentaja.pki import der
from varmentaja.pki.ocsp import CertIdHash, ErrorStatus
from varmentaja.pki.ocsp_request import OcspRequest, parse_request

MALFORMED, UNAUTHORIZED = ErrorStatus.MALFORMED_REQUEST, ErrorStatus.UNAUTHORIZED


def _request(nonce: bytes | None = None, algorithm: hashes.HashAlgorithm | None = None) -> bytes:
    algorithm = algorithm or hashes.SHA256()
    size = algorithm.digest_size
    builder = library.OCSPRequestBuilder().add_certificate_by_hash(
        b"n" * size, b"k" * size, 1 << 126, algorithm
    )
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


@pytest.mark.parametrize(("algorithm", "name"), [(hashes.SHA1(), "sha1"), (hashes.SHA256(), "sha256")])
def test_a_request_of_another_library_is_understood(algorithm: hashes.HashAlgorithm, name: str) -> None:
    request = parse_request(_request(b"x" * 16, algorithm))
    assert isinstance(request, OcspRequest) and request.nonce == b"x" * 16
    (certificate,) = request.certificates
    assert certificate.hash is CertIdHash(name) and certificate.serial == 1 << 126
    assert certificate.issuer_name_hash == b"n" * algorithm.digest_size
    assert certificate.issuer_key_hash == b"k" * algorithm.digest_size


def _single(oid: str = "1.3.14.3.2.26", parameters: bytes = der.NULL) -> bytes:
    algorithm = der.sequence(der.oid(oid), parameters)
    octets = der.octet_string(b"h" * 20)
    return der.sequence(der.sequence(algorithm, octets, octets, der.integer(5)))


def _whole(
    *singles: bytes, version: bytes = b"", name: bytes = b"", after: bytes = b"", end: bytes = b""
) -> bytes:
    return der.sequence(der.sequence(version, name, der.sequence(*singles), after), end)


def _extensions(*extensions: bytes) -> bytes:
    return der.explicit(2, der.sequence(*extensions))


NONCE = "1.3.6.1.5.5.7.48.1.2"


@pytest.mark.parametrize(
    "content",
    [
        _whole(_single(), _single()),
        _whole(_single(parameters=b"")),
        _whole(_single(), version=der.explicit(0, der.integer(0))),
        _whole(_single(), name=der.explicit(1, der.implicit(6, b"http://someone"))),
        _whole(_single(), end=der.explicit(0, der.sequence())),
        _whole(_single(), after=_extensions(der.extension("1.2.3.4", b"\x05\x00"))),
        _whole(_single(), after=_extensions(der.extension(NONCE, der.octet_string(b"x"), critical=True))),
    ],
)
def test_what_the_standard_allows_is_understood(content: bytes) -> None:
    assert isinstance(parse_request(content), OcspRequest)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", MALFORMED),
        (b"GET / HTTP/1.1", MALFORMED),
        (_whole(), MALFORMED),
        (_whole(_single()) + b"\x00", MALFORMED),
        (_whole(_single())[:-1], MALFORMED),
        (_whole(_single(), version=der.explicit(0, der.integer(1))), MALFORMED),
        (_whole(_single(parameters=b"\x05\x01\x00")), MALFORMED),
        (_whole(_single(), after=_extensions(der.extension("1.2.3", b"", critical=True))), MALFORMED),
        (_whole(_single(), after=_extensions(der.extension(NONCE, der.octet_string(b"")))), MALFORMED),
        (_whole(_single(), after=_extensions(der.extension(NONCE, der.octet_string(b"x" * 129)))), MALFORMED),
        (
            _whole(_single(), after=_extensions(*[der.extension(NONCE, der.octet_string(b"x"))] * 2)),
            MALFORMED,
        ),
        (_whole(_single(), after=_extensions(*[der.extension("1.2.3.4", b"")] * 2)), MALFORMED),
        (_whole(_single(oid="2.16.840.1.101.3.4.2.3")), UNAUTHORIZED),
        (_whole(*[_single()] * 33), UNAUTHORIZED),
        (_whole(*[_single()] * 1000), MALFORMED),
        (b"\x30\x84\x7f\xff\xff\xff", MALFORMED),
        (b"\x30\x80" * 8000, MALFORMED),
    ],
)
def test_whatever_else_is_turned_away(content: bytes, status: ErrorStatus) -> None:
    assert parse_request(content) is status


@given(st.binary(max_size=300))
def test_noise_is_turned_away(noise: bytes) -> None:
    assert isinstance(parse_request(noise), ErrorStatus)


@given(st.integers(0, 120), st.integers(1, 255))
def test_a_changed_octet_never_breaks_the_parser(place: int, change: int) -> None:
    content = bytearray(_request(b"x" * 16))
    content[place % len(content)] ^= change
    assert isinstance(parse_request(bytes(content)), OcspRequest | ErrorStatus)


@given(st.integers(-(2**100), 2**160))
def test_serial_numbers_of_any_size_are_read(serial: int) -> None:
    octets = der.octet_string(b"h" * 20)
    algorithm = der.sequence(der.oid("1.3.14.3.2.26"), der.NULL)
    content = _whole(der.sequence(der.sequence(algorithm, octets, octets, der.integer(serial))))
    request = parse_request(content)
    assert isinstance(request, OcspRequest) and request.certificates[0].serial == serial
