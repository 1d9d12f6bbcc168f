# SPDX-License-Identifier: EUPL-1.2
"""Driver for MyEID cards and the virtual card: found through their PKCS#15 files, not by fixed places."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from varmentaja.card import layout, pkcs15, signature_input, tlv
from varmentaja.card.apdu import Command, Response, exchange
from varmentaja.card.atr import historical_bytes
from varmentaja.card.driver import (
    CardCertificates,
    CardContents,
    CardFault,
    CardNotReady,
    CardRemoved,
    CodeLocked,
    CodeNotAccepted,
    HashAlgorithm,
    KeyRole,
    NotActivated,
    PinCondition,
    PinLocked,
    PinNotAccepted,
    PinRole,
    PinState,
    Transport,
    WrongCode,
    WrongPin,
    printed_serial,
)
from varmentaja.card.generations import generation_by_atr
from varmentaja.card.layout import KEYS

SIMULATED = b"OsEID"
"""End of the historical bytes of a MyEID card made in software."""

_BLOCKED, _NOT_ACTIVATED, _REFUSED_VALUE = 0x6983, layout.NOT_ACTIVATED, 0x6A80
_NO_SUCH_FILE = 0x6A82
_CREATION = b"\x01"
_CHUNK = 256
_ROLE = {place.identifier: role for role, place in KEYS.items()}


@dataclass(frozen=True, slots=True)
class _Map:
    """What the directory files say; read once a card."""

    token: pkcs15.TokenInfo
    pins: dict[PinRole, pkcs15.PinObject]
    code_length: int
    keys: dict[KeyRole, pkcs15.KeyObject]
    certificates: dict[int, bytes]
    """Paths by object identifier."""


class MyEidDriver:
    """Implements CardDriver. After the first call a signature takes six commands at most."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._known: _Map | None = None

    def read(self) -> CardContents:
        with self.transport.transaction():
            card = self._card()
            chip = self._need(Command(0x00, 0xCA, 0x01, 0xA0, le=20))
            serial = chip[8:18].hex().upper()
            return CardContents(
                chip_serial=serial,
                printed_serial=printed_serial(serial),
                label=card.token.label,
                generation=card.token.generation or generation_by_atr(self.transport.atr),
                code_length=card.code_length,
                is_test_card=historical_bytes(self.transport.atr).endswith(SIMULATED),
                certificates=self._certificates(card),
                pin1=self.pin_state(PinRole.AUTHENTICATION),
                pin2=self.pin_state(PinRole.SIGNATURE),
            )

    def pin_state(self, role: PinRole) -> PinState:
        with self.transport.transaction():
            pin = self._card().pins[role]
            self._select_application()
            answer = self._send(Command(0x00, 0x20, 0x00, pin.reference))
        condition = PinCondition.READY
        if answer.status == _NOT_ACTIVATED:
            condition = PinCondition.NOT_ACTIVATED
        elif answer.status == _BLOCKED or answer.tries_left == 0:
            condition = PinCondition.LOCKED
        elif not answer.ok and answer.tries_left is None:
            raise CardFault(answer.status)
        tries_left = 0 if condition is PinCondition.LOCKED else answer.tries_left
        return PinState(condition, tries_left, pin.min_length, pin.max_length)

    def activate(self, code: str, pin1: str, pin2: str) -> None:
        with self.transport.transaction():
            # Lengths of both first, so that a PIN 2 of wrong length doesn't leave the card half activated.
            self._require_length(PinRole.AUTHENTICATION, pin1)
            self._require_length(PinRole.SIGNATURE, pin2)
            self.unblock(PinRole.AUTHENTICATION, code, pin1)
            self.unblock(PinRole.SIGNATURE, code, pin2)

    def verify(self, role: PinRole, pin: str) -> None:
        with self._application():
            self._verify(role, pin)

    def change(self, role: PinRole, old: str, new: str) -> None:
        self._require_length(role, new)
        with self._application() as card:
            data = self._typed(role, old) + layout.pad_pin(new)
            answer = self._send(Command(0x00, 0x24, 0x00, card.pins[role].reference, data))
            self._require_pin_ok(role, answer)

    def unblock(self, role: PinRole, code: str, new: str) -> None:
        self._require_length(role, new)
        with self._application() as card:
            if not (code.isascii() and code.isdigit() and len(code) == card.code_length):
                raise CodeNotAccepted(card.code_length)
            data = layout.pad_pin(code) + layout.pad_pin(new)
            answer = self._send(Command(0x00, 0x2C, 0x00, card.pins[role].reference, data))
            if answer.tries_left:
                raise WrongCode(answer.tries_left)
            if answer.tries_left == 0 or answer.status == _BLOCKED:
                raise CodeLocked()
            self._require_pin_ok(role, answer)

    def sign(
        self, role: KeyRole, content: bytes, hash_algorithm: HashAlgorithm, pin: str, *, digest: bool = False
    ) -> bytes:
        made = content if digest else signature_input.digest_of(content, hash_algorithm)
        if len(made) != signature_input.digest_size(hash_algorithm):
            raise ValueError(f"not a {hash_algorithm} digest")
        with self._application() as card:
            key = card.keys[role]
            algorithm, data = signature_input.ALGORITHM_ECDSA, made
            if not key.is_ec:
                algorithm = signature_input.ALGORITHM_RSA_PKCS1
                data = signature_input.digest_info(made, hash_algorithm)
            self._verify(role.pin, pin)
            self._need(signature_input.environment(algorithm, int.from_bytes(key.path[-2:])))
            return self._need(signature_input.compute(data))

    def logout(self) -> None:
        self._send(Command(0x00, 0x2E, 0, 0))

    @contextmanager
    def _application(self) -> Iterator[_Map]:
        """Alone with the card, our application selected; whatever was verified is forgotten at the end."""
        with self.transport.transaction():
            card = self._card()
            self._select_application()
            try:
                yield card
            finally:
                self._forget_pins()

    def _forget_pins(self) -> None:
        """A pulled card has forgotten them already, and the error that told so must not be replaced."""
        with suppress(CardRemoved):
            self.logout()

    def _card(self) -> _Map:
        if self._known is None:
            try:
                self._require_finished()
                self._known = self._explore()
            except (tlv.TlvError, KeyError) as error:
                raise CardNotReady() from error
        return self._known

    def _require_finished(self) -> None:
        """A card still in creation belongs to its issuer, however complete its files look."""
        control = self._send(Command(0x00, 0xA4, 0x04, 0x00, layout.AID, le=256))
        if control.status == _NO_SUCH_FILE:
            raise CardNotReady()
        life_cycle = tlv.single(_ok(control)).find(0x8A)
        if life_cycle and life_cycle.value == _CREATION:
            raise CardNotReady()

    def _explore(self) -> _Map:
        directory = pkcs15.decode_odf(self._read_file(layout.path_of(layout.ODF)))
        pins = pkcs15.decode_pins(self._read_file(directory.authentication))
        keys = pkcs15.decode_keys(self._read_file(directory.private_keys))
        certificates = [
            entry
            for path in (directory.certificates, directory.trusted_certificates)
            for entry in pkcs15.decode_certificates(self._read_file(path))
        ]
        by_auth_id = {pin.auth_id: pin for pin in pins}
        key_of = {_ROLE[key.identifier]: key for key in keys if key.identifier in _ROLE}
        code = next((pin for pin in pins if pin.unblocking), None)
        return _Map(
            token=pkcs15.decode_token_info(self._read_file(layout.path_of(layout.TOKEN_INFO))),
            pins={role.pin: by_auth_id[key_of[role].auth_id or 0] for role in KeyRole},
            code_length=code.max_length if code else 0,
            keys=key_of,
            certificates={entry.identifier: entry.path for entry in certificates},
        )

    def _certificates(self, card: _Map) -> CardCertificates:
        def read(identifier: int) -> bytes | None:
            return self._read_file(card.certificates.get(identifier)) or None

        return CardCertificates(
            authentication=read(KEYS[KeyRole.AUTHENTICATION].identifier),
            signature=read(KEYS[KeyRole.SIGNATURE].identifier),
            issuer=read(layout.ID_ISSUER),
            root=read(layout.ID_ROOT),
        )

    def _read_file(self, path: bytes | None) -> bytes:
        """The content of a file; empty if there is none."""
        if path is None:
            return b""
        found = self._send(Command(0x00, 0xA4, 0x08, 0x00, path.removeprefix(b"\x3f\x00"), le=256))
        if found.status == _NO_SUCH_FILE:
            return b""
        size_field = tlv.single(_ok(found)).find(0x80)
        size, content = int.from_bytes(size_field.value) if size_field else 0, b""
        while len(content) < size:
            wanted = min(_CHUNK, size - len(content))
            part = self._need(Command(0x00, 0xB0, len(content) >> 8, len(content) & 0xFF, le=wanted))
            if not part:
                break
            content += part
        return content

    def _verify(self, role: PinRole, pin: str) -> None:
        reference = self._card().pins[role].reference
        answer = self._send(Command(0x00, 0x20, 0x00, reference, self._typed(role, pin)))
        self._require_pin_ok(role, answer)

    def _require_pin_ok(self, role: PinRole, answer: Response) -> None:
        if answer.tries_left:
            raise WrongPin(role, answer.tries_left)
        if answer.tries_left == 0 or answer.status == _BLOCKED:
            raise PinLocked(role)
        if answer.status == _NOT_ACTIVATED:
            raise NotActivated()
        if answer.status == _REFUSED_VALUE:
            raise self._not_accepted(role)
        _ok(answer)

    def _typed(self, role: PinRole, pin: str) -> bytes:
        """A PIN ready to travel; one that can't be right is not sent, so that it spends no try."""
        if not (pin.isascii() and pin.isdigit() and len(pin) <= layout.PIN_SIZE):
            raise self._not_accepted(role)
        return layout.pad_pin(pin)

    def _require_length(self, role: PinRole, pin: str) -> None:
        limits = self._card().pins[role]
        self._typed(role, pin)
        if not limits.min_length <= len(pin) <= limits.max_length:
            raise self._not_accepted(role)

    def _not_accepted(self, role: PinRole) -> PinNotAccepted:
        limits = self._card().pins[role]
        return PinNotAccepted(role, limits.min_length, limits.max_length)

    def _select_application(self) -> None:
        self._need(Command(0x00, 0xA4, 0x04, 0x0C, layout.AID))

    def _send(self, command: Command) -> Response:
        return exchange(self.transport.transmit, command)

    def _need(self, command: Command) -> bytes:
        return _ok(self._send(command))


def _ok(answer: Response) -> bytes:
    if not answer.ok:
        raise CardFault(answer.status)
    return answer.data
