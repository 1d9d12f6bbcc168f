# SPDX-License-Identifier: EUPL-1.2
"""The reader program's control interface: what a hand does at the reader, for scripts and the command line.

JSON over HTTP on the pages' own server, under ``/api/``, guarded by a token that stands in a file only the
user can read. It does nothing that the pages don't: insert, pull, answer the PIN pad, set PINs.
"""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from varmentaja.card.card_list import ListedCard
from varmentaja.card.driver import PinRole
from varmentaja.domain.errors import DomainError, Message, invalid, not_found
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.events import Events
from varmentaja.reader.examination import examine, see_slot, standings
from varmentaja.reader.http import HTTP_STATUS, Request, Response, json_response
from varmentaja.reader.pad import Pad, PendingPin
from varmentaja.reader.prompts import PinAnswer
from varmentaja.reader.right_to_use import ending
from varmentaja.reader.service_link import ServiceLink
from varmentaja.reader.virtual_reader import Slot, VirtualReader

PREFIX = "/api/"
LONGEST_WAIT = 25.0
"""Seconds that ``/api/wait`` holds a request at most."""

log = logging.getLogger(__name__)


class Control:
    """The interface as an app: ``handle(request)``."""

    def __init__(
        self,
        reader: VirtualReader,
        pad: Pad,
        events: Events,
        *,
        token: str,
        scs_port: int,
        service: ServiceLink,
    ) -> None:
        self._reader = reader
        self._service = service
        self._pad = pad
        self._events = events
        self._token = token
        self._scs_port = scs_port

    def handle(self, request: Request) -> Response:
        """Answer one request; errors are JSON with kind, text, values and field."""
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {self._token}".encode()):
            return json_response({"error": "The token is missing or wrong."}, 401)
        try:
            return json_response(self._do(request))
        except DomainError as error:
            return json_response(_error(error), HTTP_STATUS[error.kind])

    def _do(self, request: Request) -> dict[str, Any]:
        name = request.path.removeprefix(PREFIX)
        if request.method == "GET" and name == "state":
            return self._state()
        if request.method != "POST":
            raise not_found("There is no such page.")
        values = _values(request)
        if name == "diagnose":
            seen = see_slot(self._reader, self._reader.slot(values.get("slot", "1")))
            return examine(seen, self._service, now=datetime.now(UTC)).as_data()
        if name == "statuses":
            card = self._reader.card_in(values.get("slot", "1"))
            return standings(card, self._service, now=datetime.now(UTC))
        self._act(name, values)
        return self._state()

    def _act(self, name: str, values: Mapping[str, str]) -> None:
        slot = values.get("slot", "1")
        match name:
            case "wait":
                after = values.get("after", "")
                self._events.wait(int(after) if after.isdigit() else -1, LONGEST_WAIT)
            case "insert":
                self._reader.insert(slot, values.get("card", ""))
            case "pull":
                self._reader.pull(slot)
            case "pin":
                choice = values.get("choice", "0")
                answer = PinAnswer(int(choice) if choice.isdigit() else -1, values.get("pin", ""))
                self._pad.answer(values.get("number", ""), answer)
            case "cancel":
                self._pad.cancel(values.get("number", ""))
            case "activate" | "change" | "unlock" | "verify":
                self._set_pins(name, self._reader.card_in(slot), values)
            case _:
                raise not_found("There is no such page.")

    def _set_pins(self, name: str, card: InsertedCard, values: Mapping[str, str]) -> None:
        if name == "activate":
            card.activate(_digits(values, "code"), _digits(values, "pin1"), _digits(values, "pin2"))
        elif name == "change":
            card.change(_role(values), _digits(values, "old"), _digits(values, "new"))
        elif name == "verify":
            card.verify(_role(values), _digits(values, "old"))
        else:
            card.unblock(_role(values), _digits(values, "code"), _digits(values, "new"))
        self._events.happened()

    def _state(self) -> dict[str, Any]:
        try:
            beside = [_beside(card) for card in self._reader.beside()]
        except DomainError as error:
            log.warning("card host: %s", error)
            beside = []
        return {
            "events": self._events.number,
            "scs_port": self._scs_port,
            "slots": [_slot(slot) for slot in self._reader.slots],
            "cards": beside,
            "asked": _asked(self._pad.pending),
        }


def describe(card: InsertedCard) -> dict[str, Any]:
    """A card in plain data: what it is, its certificates and PINs."""
    contents = card.contents
    return {
        "chip_serial": contents.chip_serial,
        "printed_serial": contents.printed_serial,
        "is_test_card": contents.is_test_card,
        "is_activated": contents.is_activated,
        "refusal": _message(card.refusal),
        "warning": _message(soon.text if (soon := ending(card, now=datetime.now(UTC))) else None),
        "code_length": contents.code_length,
        "code_tries_left": contents.code_tries_left,
        "pins": {
            role.value: {
                "condition": contents.pin(role).condition,
                "tries_left": contents.pin(role).tries_left,
                "min_length": contents.pin(role).min_length,
                "max_length": contents.pin(role).max_length,
            }
            for role in PinRole
        },
        "certificates": [
            {
                "use": certificate.role,
                "holder": certificate.holder,
                "title": certificate.title,
                "issuer": certificate.issuer,
                "valid_from": certificate.valid_from.isoformat(),
                "valid_until": certificate.valid_until.isoformat(),
            }
            for certificate in card.certificates
        ],
    }


def _beside(card: ListedCard) -> dict[str, Any]:
    return {
        "card": card.serial,
        "holder": card.holder,
        "title": card.title,
        "printed_serial": card.printed_serial,
        "is_activated": card.is_activated,
        "in_reader": card.where is not None,
    }


def _slot(slot: Slot) -> dict[str, Any]:
    card = slot.card if slot.is_taken else None
    return {
        "slot": slot.name,
        "card": slot.serial if slot.is_taken else None,
        "contents": describe(card) if card else None,
        "error": str(slot.error) if slot.is_taken and slot.error else None,
    }


def _asked(pending: PendingPin | None) -> dict[str, Any] | None:
    if pending is None:
        return None
    request = pending.request
    return {
        "number": pending.number,
        "asker": request.asker,
        "error": _message(request.error),
        "choices": [
            {
                "slot": choice.slot,
                "use": choice.role,
                "holder": choice.holder,
                "issuer": choice.issuer,
                "tries_left": choice.tries_left,
            }
            for choice in request.choices
        ],
    }


def _error(error: DomainError) -> dict[str, Any]:
    return {
        "kind": error.kind,
        "text": error.message.text,
        "values": dict(error.message.values),
        "field": error.field,
    }


def _message(text: Message | None) -> dict[str, Any] | None:
    return {"text": text.text, "values": dict(text.values)} if text else None


def _values(request: Request) -> Mapping[str, str]:
    try:
        data = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        raise invalid("The request is not JSON.") from None
    if not isinstance(data, dict) or not all(isinstance(value, str) for value in data.values()):
        raise invalid("The request is not a JSON object of texts.")
    return data


def _digits(values: Mapping[str, str], name: str) -> str:
    value = values.get(name, "")
    if not (value.isascii() and value.isdigit()):
        raise invalid("Use digits only.", field=name)
    return value


def _role(values: Mapping[str, str]) -> PinRole:
    try:
        return PinRole(values.get("pin", ""))
    except ValueError:
        raise invalid("Name the PIN: pin1 or pin2.", field="pin") from None
