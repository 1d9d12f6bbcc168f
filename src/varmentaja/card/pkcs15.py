# SPDX-License-Identifier: EUPL-1.2
"""PKCS#15 (ISO/IEC 7816-15) directory files: what is on the card, where, and which PIN opens it.

Only what our cards and their kin carry is read and written; unknown fields are skipped when reading.
Paths are bytes of file identifiers from the MF on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from varmentaja.card import tlv
from varmentaja.card.tlv import Tlv, TlvError, encode

SEQUENCE, INTEGER, BITS, OCTETS, UTF8, ENUMERATED, BOOLEAN = 0x30, 0x02, 0x03, 0x04, 0x0C, 0x0A, 0x01
TYPE_ATTRIBUTES = 0xA1
EC_KEY = 0xA0

# Bits of CommonObjectFlags, PinFlags, KeyUsageFlags, KeyAccessFlags and TokenFlags.
_PRIVATE = 0
_LOCAL, _CHANGE_DISABLED, _UNBLOCK_DISABLED, _INITIALIZED, _NEEDS_PADDING, _UNBLOCKING = 1, 2, 3, 4, 5, 6
_SIGN, _VERIFY, _NON_REPUDIATION = 2, 6, 9
_SENSITIVE, _ALWAYS_SENSITIVE, _NEVER_EXTRACTABLE, _GENERATED_ON_CARD = 0, 2, 3, 4
_LOGIN_REQUIRED, _PRN_GENERATION = 1, 2


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """EF.TokenInfo. ``generation`` stands in the profile indication."""

    serial: bytes
    manufacturer: str
    label: str
    generation: str


@dataclass(frozen=True, slots=True)
class PinObject:
    """An entry of the AODF: a PIN, or (``unblocking``) the code that sets PINs."""

    label: str
    auth_id: int
    reference: int
    min_length: int
    max_length: int
    unblocking: bool = False
    unblocked_by: int | None = None
    """``auth_id`` of the code."""
    padded: bool = True
    """False where it travels as typed."""


@dataclass(frozen=True, slots=True)
class KeyObject:
    """An entry of the PrKDF (``auth_id`` set) or PuKDF (None)."""

    label: str
    identifier: int
    path: bytes
    bits: int
    is_ec: bool
    auth_id: int | None = None
    non_repudiation: bool = False
    """A signature key: every use needs the PIN again (userConsent 1)."""
    reference: int | None = None
    """What the card calls it where keys are no files."""


@dataclass(frozen=True, slots=True)
class CertificateObject:
    """An entry of a CDF."""

    label: str
    identifier: int
    path: bytes
    authority: bool = False


@dataclass(frozen=True, slots=True)
class Directory:
    """EF.ODF: the paths of the directory files; None where there is none."""

    private_keys: bytes | None
    public_keys: bytes | None
    certificates: bytes | None
    trusted_certificates: bytes | None
    authentication: bytes | None


_ODF_TAGS = {
    "private_keys": 0xA0,
    "public_keys": 0xA1,
    "certificates": 0xA4,
    "trusted_certificates": 0xA5,
    "authentication": 0xA8,
}


def encode_odf(directory: Directory) -> bytes:
    """EF.ODF."""
    paths = ((tag, getattr(directory, name)) for name, tag in _ODF_TAGS.items())
    return b"".join(encode(tag, _path(path)) for tag, path in paths if path)


def decode_odf(data: bytes) -> Directory:
    """EF.ODF; TlvError if it is malformed."""
    found: dict[int, bytes] = {}
    for item in tlv.parse(data):
        found.setdefault(item.tag, _need(_need(item, SEQUENCE), OCTETS).value)
    return Directory(**{name: found.get(tag) for name, tag in _ODF_TAGS.items()})


def encode_ef_dir(aid: bytes, label: str, path: bytes) -> bytes:
    """EF.DIR with one application (ISO/IEC 7816-4 12.2.3)."""
    return encode(0x61, encode(0x4F, aid), encode(0x50, label.encode()), encode(0x51, path))


def encode_token_info(info: TokenInfo) -> bytes:
    """EF.TokenInfo."""
    return encode(
        SEQUENCE,
        _integer(0),
        encode(OCTETS, info.serial),
        encode(UTF8, info.manufacturer.encode()),
        encode(0x80, info.label.encode()),
        _bits(_LOGIN_REQUIRED, _PRN_GENERATION),
        encode(0xA6, encode(UTF8, info.generation.encode())),
    )


def decode_token_info(data: bytes) -> TokenInfo:
    """EF.TokenInfo; texts that are missing are empty. TlvError if it is malformed."""
    body = tlv.single(data)
    profile = body.find(0xA6)
    return TokenInfo(
        serial=_need(body, OCTETS).value,
        manufacturer=_text(body.find(UTF8)),
        label=_text(body.find(0x80)),
        generation=_text(profile.find(UTF8)) if profile else "",
    )


def encode_pins(pins: Iterable[PinObject]) -> bytes:
    """EF.AODF."""
    return b"".join(map(_encode_pin, pins))


def _encode_pin(pin: PinObject) -> bytes:
    flags = [_LOCAL, _INITIALIZED] + ([_NEEDS_PADDING] if pin.padded else [])
    if pin.unblocking:
        flags += [_CHANGE_DISABLED, _UNBLOCK_DISABLED, _UNBLOCKING]
    attributes = encode(
        SEQUENCE,
        _bits(*flags),
        encode(ENUMERATED, b"\x01"),  # ASCII digits
        _integer(pin.min_length),
        _integer(8),
        _integer(pin.max_length),
        encode(0x80, bytes((pin.reference,))),
        encode(OCTETS, b"\xff"),
    )
    common = _common(pin.label, _bits(_PRIVATE), pin.unblocked_by)
    return encode(
        SEQUENCE, common, encode(SEQUENCE, _identifier(pin.auth_id)), encode(TYPE_ATTRIBUTES, attributes)
    )


def decode_pins(data: bytes) -> list[PinObject]:
    """EF.AODF; TlvError if it is malformed."""
    return [_decode_pin(item) for item in tlv.parse(data) if item.tag == SEQUENCE]


def _decode_pin(item: Tlv) -> PinObject:
    common, identity, attributes = _parts(item)
    numbers = [_number(child) for child in attributes.children() if child.tag == INTEGER]
    if len(numbers) < 2:
        raise TlvError("PIN without lengths")
    reference = attributes.find(0x80)
    unblocked_by = common.find(OCTETS)
    return PinObject(
        label=_text(common.find(UTF8)),
        auth_id=_number(_need(identity, OCTETS)),
        reference=_number(reference) if reference else 0,
        min_length=numbers[0],
        max_length=numbers[-1],
        unblocking=_has_bit(_need(attributes, BITS), _UNBLOCKING),
        unblocked_by=_number(unblocked_by) if unblocked_by else None,
        padded=_has_bit(_need(attributes, BITS), _NEEDS_PADDING),
    )


def encode_keys(keys: Iterable[KeyObject]) -> bytes:
    """EF.PrKDF or EF.PuKDF."""
    return b"".join(map(_encode_key, keys))


def _encode_key(key: KeyObject) -> bytes:
    private = key.auth_id is not None
    usage = [_SIGN if private else _VERIFY] + ([_NON_REPUDIATION] if key.non_repudiation else [])
    consent = _integer(1) if private and key.non_repudiation else b""
    access = (_SENSITIVE, _ALWAYS_SENSITIVE, _NEVER_EXTRACTABLE, _GENERATED_ON_CARD) if private else ()
    return encode(
        EC_KEY if key.is_ec else SEQUENCE,
        _common(key.label, _bits(_PRIVATE) if private else b"", key.auth_id, consent),
        encode(
            SEQUENCE,
            _identifier(key.identifier),
            _bits(*usage),
            _bits(*access) if access else b"",
            b"" if key.reference is None else _integer(key.reference),
        ),
        encode(TYPE_ATTRIBUTES, encode(SEQUENCE, _path(key.path), _integer(key.bits))),
    )


def decode_keys(data: bytes) -> list[KeyObject]:
    """EF.PrKDF or EF.PuKDF; TlvError if it is malformed."""
    return [_decode_key(item) for item in tlv.parse(data) if item.tag in (SEQUENCE, EC_KEY)]


def _decode_key(item: Tlv) -> KeyObject:
    common, identity, attributes = _parts(item)
    auth_id, bits = common.find(OCTETS), attributes.find(INTEGER)
    reference = identity.find(INTEGER)
    return KeyObject(
        label=_text(common.find(UTF8)),
        identifier=_number(_need(identity, OCTETS)),
        path=_need(_need(attributes, SEQUENCE), OCTETS).value,
        bits=_number(bits) if bits else 0,
        is_ec=item.tag == EC_KEY,
        auth_id=_number(auth_id) if auth_id else None,
        non_repudiation=_has_bit(_need(identity, BITS), _NON_REPUDIATION),
        reference=_number(reference) if reference else None,
    )


def encode_certificates(certificates: Iterable[CertificateObject]) -> bytes:
    """EF.CDF, of the holder's or of trusted certificates."""
    return b"".join(
        encode(
            SEQUENCE,
            _common(certificate.label),
            encode(
                SEQUENCE,
                _identifier(certificate.identifier),
                encode(BOOLEAN, b"\xff") if certificate.authority else b"",
            ),
            encode(TYPE_ATTRIBUTES, encode(SEQUENCE, _path(certificate.path))),
        )
        for certificate in certificates
    )


def decode_certificates(data: bytes) -> list[CertificateObject]:
    """EF.CDF; TlvError if it is malformed."""
    return [_decode_certificate(item) for item in tlv.parse(data) if item.tag == SEQUENCE]


def _decode_certificate(item: Tlv) -> CertificateObject:
    common, identity, attributes = _parts(item)
    authority = identity.find(BOOLEAN)
    return CertificateObject(
        label=_text(common.find(UTF8)),
        identifier=_number(_need(identity, OCTETS)),
        path=_need(_need(attributes, SEQUENCE), OCTETS).value,
        authority=authority is not None and authority.value != b"\0",
    )


def _parts(item: Tlv) -> tuple[Tlv, Tlv, Tlv]:
    """Common attributes, class attributes, and the sequence inside the type attributes of one object."""
    parts = item.children()
    if len(parts) < 3:
        raise TlvError("object without its three parts")
    return parts[0], parts[1], _need(_need(item, TYPE_ATTRIBUTES), SEQUENCE)


def _common(label: str, flags: bytes = b"", auth_id: int | None = None, consent: bytes = b"") -> bytes:
    owner = b"" if auth_id is None else _identifier(auth_id)
    return encode(SEQUENCE, encode(UTF8, label.encode()), flags, owner, consent)


def _identifier(value: int) -> bytes:
    return encode(OCTETS, bytes((value,)))


def _path(path: bytes) -> bytes:
    return encode(SEQUENCE, encode(OCTETS, path))


def _integer(value: int) -> bytes:
    return encode(INTEGER, value.to_bytes(value.bit_length() // 8 + 1))


def _bits(*numbers: int) -> bytes:
    """A BIT STRING of named bits, without trailing zeros (X.690 11.2.2)."""
    size = max(numbers) // 8 + 1
    value = sum(1 << (size * 8 - 1 - number) for number in numbers)
    return encode(BITS, bytes((7 - max(numbers) % 8,)) + value.to_bytes(size))


def _has_bit(bits: Tlv, number: int) -> bool:
    octet = 1 + number // 8
    return len(bits.value) > octet and bool(bits.value[octet] & 0x80 >> number % 8)


def _number(item: Tlv) -> int:
    return int.from_bytes(item.value)


def _text(item: Tlv | None) -> str:
    return item.value.decode("utf-8", errors="replace") if item else ""


def _need(item: Tlv, tag: int) -> Tlv:
    found = item.find(tag)
    if found is None:
        raise TlvError(f"no object with tag {tag:X}")
    return found
