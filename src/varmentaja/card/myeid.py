# SPDX-License-Identifier: EUPL-1.2
"""Driver for MyEID cards and the virtual card: found through their PKCS#15 files, not by fixed places."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from varmentaja.card import layout, pkcs15, signature_input, tlv
from varmentaja.card.apdu import Command, Response
from varmentaja.card.base_driver import NO_SUCH_FILE, NONSENSE, BaseDriver, Explored, PinLimits, ok
from varmentaja.card.driver import (
    CardCertificates,
    CardFault,
    CardNotReady,
    HashAlgorithm,
    KeyRole,
    printed_serial,
)
from varmentaja.card.generations import Family
from varmentaja.card.layout import KEYS

_CREATION = b"\x01"
_CHUNK = 256
_LARGEST = 0x7FFF
_SERIAL_SIZE = 10
_ROLE = {place.identifier: role for role, place in KEYS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Explored(Explored):
    """What the directory files say."""

    keys: Mapping[KeyRole, pkcs15.KeyObject]
    certificates: Mapping[int, bytes]
    """Paths by object identifier."""


class MyEidDriver(BaseDriver[_Explored]):
    """Implements CardDriver. After the first call a signature takes six commands at most."""

    family = Family.MYEID

    def _explore(self) -> _Explored:
        self._require_finished()
        directory = pkcs15.decode_odf(self._read_file(layout.path_of(layout.ODF)))
        pins = pkcs15.decode_pins(self._read_file(directory.authentication))
        keys = pkcs15.decode_keys(self._read_file(directory.private_keys))
        certificates = [
            entry
            for path in (directory.certificates, directory.trusted_certificates)
            for entry in pkcs15.decode_certificates(self._read_file(path))
        ]
        token = pkcs15.decode_token_info(self._read_file(layout.path_of(layout.TOKEN_INFO)))
        by_auth_id = {pin.auth_id: pin for pin in pins}
        key_of = {_ROLE[key.identifier]: key for key in keys if key.identifier in _ROLE}
        code = next((pin for pin in pins if pin.unblocking), None)
        return _Explored(
            label=token.label,
            generation=token.generation,
            pins={role.pin: _limits(by_auth_id[key_of[role].auth_id or 0]) for role in KeyRole},
            code_length=code.max_length if code else 0,
            keys=key_of,
            certificates={entry.identifier: entry.path for entry in certificates},
        )

    def _require_finished(self) -> None:
        """A card still in creation belongs to its issuer, however complete its files look."""
        control = self._send(Command(0x00, 0xA4, 0x04, 0x00, layout.AID, le=256))
        if control.status == NO_SUCH_FILE:
            raise CardNotReady()
        life_cycle = tlv.single(ok(control)).find(0x8A)
        if life_cycle and life_cycle.value == _CREATION:
            raise CardNotReady()

    def _serials(self, _card: _Explored) -> tuple[str, str]:
        chip = self._need(Command(0x00, 0xCA, 0x01, 0xA0, le=20))
        serial = chip[8 : 8 + _SERIAL_SIZE].hex().upper()
        return serial, printed_serial(serial)

    def _certificates(self, card: _Explored) -> CardCertificates:
        def read(identifier: int) -> bytes | None:
            return self._read_file(card.certificates.get(identifier)) or None

        return CardCertificates(
            authentication=read(KEYS[KeyRole.AUTHENTICATION].identifier),
            signature=read(KEYS[KeyRole.SIGNATURE].identifier),
            issuer=read(layout.ID_ISSUER),
            root=read(layout.ID_ROOT),
        )

    def _as_sent(self, pin: str) -> bytes:
        return layout.pad_pin(pin)

    def _set_by_code(self, reference: int, code: str, new: str) -> tuple[bool, Response]:
        data = layout.pad_pin(code) + layout.pad_pin(new)
        return True, self._send(Command(0x00, 0x2C, 0x00, reference, data))

    def _signature(
        self, card: _Explored, role: KeyRole, digest: bytes, hashing: HashAlgorithm, pin: str
    ) -> bytes:
        key = card.keys[role]
        algorithm, data = signature_input.ALGORITHM_ECDSA, digest
        if not key.is_ec:
            algorithm = signature_input.ALGORITHM_RSA_PKCS1
            data = signature_input.digest_info(digest, hashing)
        self._verify(card, role.pin, pin)
        self._need(signature_input.environment(algorithm, int.from_bytes(key.path[-2:])))
        made = self._need(signature_input.compute(data))
        if not (_is_der(made) if key.is_ec else made):
            raise CardFault(NONSENSE)
        return made

    def _forget(self, _references: Collection[int]) -> bool:
        return self._send(Command(0x00, 0x2E, 0, 0)).ok

    def _select_application(self) -> None:
        self._need(Command(0x00, 0xA4, 0x04, 0x0C, layout.AID))

    def _read_file(self, path: bytes | None) -> bytes:
        """The content of a file; empty if there is none."""
        if path is None:
            return b""
        found = self._send(Command(0x00, 0xA4, 0x08, 0x00, path.removeprefix(b"\x3f\x00"), le=256))
        if found.status == NO_SUCH_FILE:
            return b""
        size_field = tlv.single(ok(found)).find(0x80)
        size, content = int.from_bytes(size_field.value) if size_field else 0, b""
        while len(content) < min(size, _LARGEST):
            wanted = min(_CHUNK, size - len(content))
            part = self._need(Command(0x00, 0xB0, len(content) >> 8, len(content) & 0xFF, le=wanted))
            content += part
            if len(part) < wanted:
                break
        return content


def _limits(pin: pkcs15.PinObject) -> PinLimits:
    return PinLimits(pin.reference, pin.min_length, pin.max_length)


def _is_der(signature: bytes) -> bool:
    try:
        decode_dss_signature(signature)
    except ValueError:
        return False
    return True
