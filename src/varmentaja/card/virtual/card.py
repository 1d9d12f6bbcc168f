# SPDX-License-Identifier: EUPL-1.2
"""The virtual card: takes APDUs one at a time, answers each, and stores what changed before it answers."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import Any

from varmentaja.card import issuer_key, layout
from varmentaja.card.apdu import CHAINING, MAX_EXTENDED, ApduError, Command
from varmentaja.card.tlv import TlvError
from varmentaja.card.virtual import files, keys, myeid, pins, status
from varmentaja.card.virtual.personality import personality_of
from varmentaja.card.virtual.session import MF_PATH, Session, nibble
from varmentaja.card.virtual.state import ISSUER_TRIES, CardState, LifeCycle, format_files
from varmentaja.card.virtual.status import Refused

_VERSION = bytes((4, 5, 0))
_CAPABILITIES = bytes.fromhex("0100091000000000000209")
"""As MyEID 4.5 tells: RSA to 4096 bits, EC to 521; the card itself makes fewer (see files.py)."""

_CLASSES = {0x00, 0xA0}

Handler = Callable[[Command], bytes]


class VirtualCard:
    """One card with power on. ``save`` stores the state's document and raises OSError if it cannot.

    Not for several threads at once."""

    def __init__(
        self, state: CardState, save: Callable[[Mapping[str, Any]], None], random: Callable[[int], bytes]
    ) -> None:
        self._session = Session(state)
        self._personality = personality_of(state)
        self._saved = state.document()
        self._save = save
        self._random = random
        self._chained: Command | None = None
        self._pending = b""
        self._handlers: dict[int, Handler] = {
            0x44: self._activate,
            0x46: lambda c: keys.generate(self._session, c),
            0x82: self._external_authenticate,
            0x84: self._get_challenge,
            0xA4: lambda c: files.select(self._session, c),
            0xB0: lambda c: files.read_binary(self._session, c),
            0xCA: self._get_data,
            0xD6: lambda c: files.update_binary(self._session, c),
            0xDA: self._put_data,
            0xE0: lambda c: files.create_file(self._session, c),
            0xE4: lambda c: files.delete_file(self._session, c),
        }

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return self._personality.atr

    @property
    def verified(self) -> frozenset[str]:
        """What stands verified now: PIN numbers, and ``code``."""
        pins_verified = frozenset(map(str, self._session.verified))
        return pins_verified | {"code"} if self._session.code_entered else pins_verified

    @property
    def state(self) -> CardState:
        """The card's memory; to be read, not written."""
        return self._session.state

    def reset(self) -> None:
        """Power off and on: PINs, authentication and unfinished commands are forgotten."""
        self._session = Session(self._session.state)
        self._chained, self._pending = None, b""

    def transmit(self, apdu: bytes) -> bytes:
        """Answer one command APDU: data and status word, whatever the bytes are."""
        try:
            data = self._answer(apdu)
        except Refused as refusal:
            return refusal.status.to_bytes(2)
        except ApduError:
            return status.WRONG_LENGTH.to_bytes(2)
        except TlvError:
            return status.WRONG_DATA.to_bytes(2)
        except OSError:
            self._forget_unsaved()
            return status.MEMORY_FAILURE.to_bytes(2)
        return data

    def _answer(self, apdu: bytes) -> bytes:
        command = Command.parse(apdu)
        if command.ins == 0xC0:
            return self._get_response(command)
        self._pending = b""
        whole = self._unchain(command)
        if whole is None:
            return status.OK.to_bytes(2)
        if whole.cla not in _CLASSES:
            raise Refused(status.CLASS_NOT_SUPPORTED)
        try:
            data = self._do(whole)
        finally:
            if self._session.dirty:
                self._store()
        return self._deliver(data, whole.le)

    def _do(self, command: Command) -> bytes:
        handler = self._handlers.get(command.ins)
        if handler is not None:
            return handler(command)
        in_creation = self._session.state.life_cycle is LifeCycle.CREATION
        own = (myeid.COMMANDS if in_creation else self._personality.commands).get(command.ins)
        if own is None:
            raise Refused(status.INSTRUCTION_NOT_SUPPORTED)
        return own(self._session, command, self._store)

    def _unchain(self, command: Command) -> Command | None:
        """The whole command, or None while more of it is to come."""
        before, self._chained = self._chained, None
        if before is not None:
            if (before.cla, before.ins, before.p1, before.p2) != (
                command.cla & ~CHAINING,
                command.ins,
                command.p1,
                command.p2,
            ):
                raise Refused(status.CHAINING_EXPECTED)
            data = before.data + command.data
        else:
            data = command.data
        if len(data) > MAX_EXTENDED:
            raise Refused(status.WRONG_LENGTH)
        whole = Command(command.cla & ~CHAINING, command.ins, command.p1, command.p2, data, command.le)
        if command.cla & CHAINING:
            self._chained = whole
            return None
        return whole

    def _deliver(self, data: bytes, expected: int | None) -> bytes:
        """As much as was asked for; the rest waits for GET RESPONSE."""
        limit = expected or 0
        now, self._pending = data[:limit], data[limit:]
        if not self._pending:
            return now + status.OK.to_bytes(2)
        return now + bytes((0x61, len(self._pending) if len(self._pending) < 256 else 0))

    def _get_response(self, command: Command) -> bytes:
        if not self._pending:
            raise Refused(status.CONDITIONS_NOT_SATISFIED)
        return self._deliver(self._pending, command.le or 256)

    def _store(self) -> None:
        document = self._session.state.document()
        self._save(document)
        self._saved = document
        self._session.dirty = False

    def _forget_unsaved(self) -> None:
        """Storage failed: go on from what is stored, as if power had been cut."""
        self._session = Session(CardState.from_document(self._saved))
        self._chained, self._pending = None, b""

    def _get_challenge(self, command: Command) -> bytes:
        if (command.le or 0) > 256:
            raise Refused(status.WRONG_LENGTH)
        self._session.challenge = self._random(command.le or issuer_key.CHALLENGE_SIZE)
        return self._session.challenge

    def _external_authenticate(self, command: Command) -> bytes:
        """AES-CMAC of the last challenge with the issuer key; five failures and the blank is waste."""
        session, state = self._session, self._session.state
        challenge, session.challenge = session.challenge, b""
        session.issuer_present = False
        if not state.issuer_key or len(challenge) < issuer_key.CHALLENGE_SIZE:
            raise Refused(status.CONDITIONS_NOT_SATISFIED)
        if state.issuer_tries_left == 0:
            raise Refused(status.BLOCKED)
        state.issuer_tries_left -= 1
        self._store()
        expected = issuer_key.cryptogram(bytes.fromhex(state.issuer_key), challenge)
        if not hmac.compare_digest(expected, command.data):
            raise Refused(0x63C0 | state.issuer_tries_left)
        state.issuer_tries_left = ISSUER_TRIES
        session.dirty = True
        session.issuer_present = True
        return b""

    def _activate(self, command: Command) -> bytes:
        """ACTIVATE APPLICATION: the card is the holder's from here on; the issuer's key is forgotten."""
        state = self._session.state
        if (command.p1, command.p2) != (0x04, 0x00) or command.data != layout.AID:
            raise Refused(status.WRONG_DATA)
        if state.life_cycle is not LifeCycle.CREATION:
            raise Refused(status.CONDITIONS_NOT_SATISFIED)
        self._session.require(0)
        if not state.pins:
            raise Refused(status.CONDITIONS_NOT_SATISFIED)
        state.life_cycle = LifeCycle.OPERATIONAL
        state.issuer_key = ""
        self._session.issuer_present = False
        self._session.touch()
        return b""

    def _get_data(self, command: Command) -> bytes:
        if command.p1 != 0x01:
            raise Refused(status.REFERENCE_NOT_FOUND)
        state = self._session.state
        if command.p2 == 0xA0:
            serial, counter = bytes.fromhex(state.chip_serial), state.change_counter.to_bytes(2)
            return b"\0\0\0\0\0" + _VERSION + serial + counter
        if command.p2 == 0xA1:
            return self._list_files()
        if command.p2 == 0xAA:
            return _CAPABILITIES
        return keys.public_part(self._session.file(), command.p2)

    def _list_files(self) -> bytes:
        """Identifiers of what is in the current DF."""
        here = self._session.current_df
        found = [path for path in self._session.state.files if path[:-4] == here]
        return b"".join(bytes.fromhex(path[-4:]) for path in found)

    def _put_data(self, command: Command) -> bytes:
        if command.p1 != 0x01:
            raise Refused(status.REFERENCE_NOT_FOUND)
        if command.p2 == 0xE0:
            return self._initialise(command)
        if 1 <= command.p2 <= 14:
            pins.put_record(self._session, command.p2, command.data)
            return b""
        raise Refused(status.REFERENCE_NOT_FOUND)

    def _initialise(self, command: Command) -> bytes:
        """Wipe the card: size (2 bytes), access rules of MF and application (3 bytes each).

        On an operational card this is deleting the MF: its rule decides, and ours says never."""
        session = self._session
        session.require(nibble(session.state.files[MF_PATH], files.DELETE))
        if len(command.data) != 8:
            raise Refused(status.WRONG_LENGTH)
        mf_access, df_access = command.data[2:5].hex().upper(), command.data[5:8].hex().upper()
        format_files(
            session.state, size=int.from_bytes(command.data[:2]), mf_access=mf_access, df_access=df_access
        )
        session.state.life_cycle = LifeCycle.CREATION
        session.current, session.key_path = MF_PATH, ""
        session.touch()
        return b""
