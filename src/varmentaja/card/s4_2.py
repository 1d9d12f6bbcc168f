# SPDX-License-Identifier: EUPL-1.2
"""Driver for Finnish cards of social and health care and of organisations (FINEID S4-2, cards of Idemia).

Places and references are fixed: the specification's own sample of the PIN directory contradicts its tables
and the cards. Sources: docs/integration/cards.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from varmentaja.card import layout, pkcs15, signature_input, tlv
from varmentaja.card.apdu import Command, Response
from varmentaja.card.atr import is_test_card
from varmentaja.card.base_driver import (
    BLOCKED,
    NO_SUCH_FILE,
    NO_SUCH_REFERENCE,
    NONSENSE,
    BaseDriver,
    Explored,
    PinLimits,
    ok,
)
from varmentaja.card.driver import (
    CardCertificates,
    CardFault,
    CardNotReady,
    HashAlgorithm,
    KeyRole,
    PinCondition,
    PinRole,
    printed_serial,
)
from varmentaja.card.generations import Family
from varmentaja.card.unknown import not_supported
from varmentaja.pki.foreign import load_foreign

_LAYOUT = layout.LAYOUTS[Family.S4_2]
_CHUNK = 128
_LARGEST = 0x7FFF
_WARNING_END = 0x6282
_LENGTHS = (4, 8)
"""Digits of a PIN where the card's directory does not say (S4-2 v4.0 4.2)."""
_CODE_LENGTH = 8
_OTHER = {PinRole.AUTHENTICATION: PinRole.SIGNATURE, PinRole.SIGNATURE: PinRole.AUTHENTICATION}
_FORGET = 0xFF
_OLD_SERIAL_DIGITS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Explored(Explored):
    serial: str
    certificates: CardCertificates


class S42Driver(BaseDriver[_Explored]):
    """Implements CardDriver. After the first call a signature takes six commands at most."""

    family = Family.S4_2

    def _explore(self) -> _Explored:
        self._select_application()
        if self._probe(_LAYOUT.pins[PinRole.AUTHENTICATION]).status == NO_SUCH_REFERENCE:
            raise CardNotReady()
        token = pkcs15.decode_token_info(self._read_file(layout.path_of(layout.TOKEN_INFO)))
        directory = self._pin_directory()
        code = next((pin for pin in directory if pin.unblocking), None)
        return _Explored(
            label=token.label,
            generation=token.generation if is_test_card(self.transport.atr) else "",
            pins={role: _limits(role, directory) for role in PinRole},
            code_length=code.max_length if code else _CODE_LENGTH,
            serial=_text(token.serial),
            certificates=CardCertificates(
                authentication=self._read_certificate(_LAYOUT.certificates[KeyRole.AUTHENTICATION]),
                signature=self._read_certificate(_LAYOUT.certificates[KeyRole.SIGNATURE]),
                issuer=self._read_certificate(_LAYOUT.issuer),
                root=self._read_certificate(_LAYOUT.root),
            ),
        )

    def _pin_directory(self) -> list[pkcs15.PinObject]:
        """EF.AODF; empty where a card's own cannot be read, for lengths alone are taken from it."""
        try:
            odf = pkcs15.decode_odf(self._read_file(layout.path_of(layout.ODF)))
            return pkcs15.decode_pins(self._read_file(odf.authentication)) if odf.authentication else []
        except tlv.TlvError:
            return []

    def _serials(self, card: _Explored) -> tuple[str, str]:
        """Old cards print characters 10 to 18 of a number of 20 digits; newer ones the last nine."""
        is_old = len(card.serial) == _OLD_SERIAL_DIGITS and card.serial.isdigit()
        if is_old and not is_test_card(self.transport.atr):
            return card.serial, card.serial[9:18]
        return card.serial, printed_serial(card.serial)

    def _certificates(self, card: _Explored) -> CardCertificates:
        return card.certificates

    def _code_tries_left(self) -> int | None:
        answer = self._probe(_LAYOUT.code)
        return 0 if answer.status == BLOCKED else answer.tries_left

    def _blocked(self, card: _Explored, role: PinRole) -> PinCondition:
        """Cards come with both PINs blocked, and the code sets them. One alone is so after too many wrong
        tries, and where activation was interrupted between the two."""
        other = self._probe(card.pins[_OTHER[role]].reference)
        return PinCondition.NOT_ACTIVATED if other.status == BLOCKED else PinCondition.BLOCKED

    def _as_sent(self, pin: str) -> bytes:
        return pin.encode("ascii")

    def _set_by_code(self, reference: int, code: str, new: str) -> tuple[bool, Response]:
        entered = self._enter(_LAYOUT.code, self._as_sent(code))
        if not entered.ok:
            return True, entered
        return False, self._send(Command(0x00, 0x2C, 0x02, reference, self._as_sent(new)))

    def _signature(
        self, card: _Explored, role: KeyRole, digest: bytes, hashing: HashAlgorithm, pin: str
    ) -> bytes:
        key = _public_key(card.certificates, role)
        is_ec = isinstance(key, ec.EllipticCurvePublicKey)
        scheme = signature_input.SCHEME_ECDSA if is_ec else signature_input.SCHEME_PKCS1
        algorithm = signature_input.algorithm_byte(hashing, scheme)
        self._verify(card, role.pin, pin)
        self._need(signature_input.environment_by_reference(algorithm, _LAYOUT.keys[role]))
        made = self._need(signature_input.compute(digest))
        if len(made) != (key.key_size + 7) // 8 * (2 if is_ec else 1):
            raise CardFault(NONSENSE)
        return _der(made) if is_ec else made

    def _forget(self, references: Collection[int]) -> bool:
        """VERIFY with P1 FF (ISO/IEC 7816-4 11.5.6); a card that doesn't know it is reset instead."""
        return all(self._send(Command(0x00, 0x20, _FORGET, each)).ok for each in references)

    def _select_application(self) -> None:
        answer = self._send(Command(0x00, 0xA4, 0x04, 0x0C, layout.AID))
        if answer.status == NO_SUCH_FILE:
            raise not_supported(self.transport.atr)
        ok(answer)

    def _read_certificate(self, path: bytes) -> bytes | None:
        """Without what stands behind it in its file; None where there is none that can be read."""
        content = self._read_file(path)
        try:
            certificate = tlv.single(content)
        except tlv.TlvError:
            return None
        return tlv.encode(certificate.tag, certificate.value)

    def _read_file(self, path: bytes) -> bytes:
        """A file by its path from the MF on; empty if there is none that may be read."""
        names = [path[at : at + 2] for at in range(0, len(path), 2)]
        folders, file = names[1:-1], names[-1]
        in_application = folders == [layout.DF.to_bytes(2)]
        if in_application:
            self._select_application()
        else:
            selects = [(0x00, names[0]), *((0x01, folder) for folder in folders)]
            if not all(self._selected(how, name) for how, name in selects):
                return b""
        return self._read_selected() if self._selected(0x02, file) else b""

    def _selected(self, how: int, name: bytes) -> bool:
        return self._send(Command(0x00, 0xA4, how, 0x0C, name)).ok

    def _read_selected(self) -> bytes:
        """To the end: the size is not known before."""
        content = b""
        while len(content) < _LARGEST:
            at = len(content)
            part = self._send(Command(0x00, 0xB0, at >> 8, at & 0xFF, le=_CHUNK))
            content += part.data if part.ok or part.status == _WARNING_END else b""
            if not part.ok or len(part.data) < _CHUNK:
                break
        return content


def _limits(role: PinRole, directory: Collection[pkcs15.PinObject]) -> PinLimits:
    reference = _LAYOUT.pins[role]
    entry = next((pin for pin in directory if pin.reference == reference), None)
    low, high = (entry.min_length, entry.max_length) if entry else _LENGTHS
    return PinLimits(reference, low, high)


def _text(serial: bytes) -> str:
    """Letters and digits as such, anything else as hex."""
    text = serial.decode("ascii", errors="replace")
    return text if text.isalnum() and text.isascii() else serial.hex().upper()


def _public_key(
    certificates: CardCertificates, role: KeyRole
) -> ec.EllipticCurvePublicKey | rsa.RSAPublicKey:
    """The key that belongs to a certificate on the card: how the card must be asked depends on its kind."""
    names: Mapping[KeyRole, bytes | None] = {
        KeyRole.AUTHENTICATION: certificates.authentication,
        KeyRole.SIGNATURE: certificates.signature,
    }
    try:
        key = load_foreign(names[role] or b"").public_key()
    except ValueError as error:
        raise CardNotReady() from error
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise CardNotReady()
    return key


def _der(made: bytes) -> bytes:
    """``r || s`` as the SEQUENCE that everybody else wants."""
    half = len(made) // 2
    return encode_dss_signature(int.from_bytes(made[:half]), int.from_bytes(made[half:]))
