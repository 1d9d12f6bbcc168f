# SPDX-License-Identifier: EUPL-1.2
"""The other end of the control interface: for the command line, tests and guided tours."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from varmentaja.domain.errors import DomainError, Kind, Message, unavailable
from varmentaja.reader.report import Diagnosis

_TIMEOUT = 60.0

State = Mapping[str, Any]
"""What ``/api/state`` answers: events, scs_port, slots, cards, asked."""


class ReaderControl:
    """Hands at the virtual reader. Every method returns the state afterwards or raises DomainError."""

    def __init__(self, url: str, token: str) -> None:
        self._client = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=_TIMEOUT, trust_env=False
        )

    @classmethod
    def running(cls, run_folder: Path) -> ReaderControl:
        """The reader program that left its address in ``reader.json`` there."""
        try:
            address = json.loads((run_folder / "reader.json").read_text())
            return cls(address["url"], address["token"])
        except (OSError, ValueError, KeyError):
            raise unavailable("The card reader program is not running. Start it first.") from None

    def state(self) -> State:
        """Slots, cards and the question on the PIN pad."""
        return self._ask("GET", "state", {})

    def insert(self, card: str, slot: str = "1") -> State:
        """Put a card into an empty slot."""
        return self._ask("POST", "insert", {"card": card, "slot": slot})

    def pull(self, slot: str = "1") -> State:
        """Pull a card out."""
        return self._ask("POST", "pull", {"slot": slot})

    def activate(self, code: str, pin1: str, pin2: str, slot: str = "1") -> State:
        """Set both PINs of a fresh card."""
        return self._ask("POST", "activate", {"slot": slot, "code": code, "pin1": pin1, "pin2": pin2})

    def change(self, pin: str, old: str, new: str, slot: str = "1") -> State:
        """Replace ``pin`` ("pin1" or "pin2")."""
        return self._ask("POST", "change", {"slot": slot, "pin": pin, "old": old, "new": new})

    def verify(self, pin: str, old: str, slot: str = "1") -> State:
        """Check ``pin``; nothing stays verified."""
        return self._ask("POST", "verify", {"slot": slot, "pin": pin, "old": old})

    def unlock(self, pin: str, code: str, new: str, slot: str = "1") -> State:
        """Set a new PIN with the activation code."""
        return self._ask("POST", "unlock", {"slot": slot, "pin": pin, "code": code, "new": new})

    def statuses(self, slot: str = "1") -> Mapping[str, str]:
        """What its issuer says of each certificate of a card now, by use: good, revoked or unknown."""
        return self._ask("POST", "statuses", {"slot": slot})

    def diagnose(self, slot: str = "1") -> Diagnosis:
        """What is wrong with the card in a slot."""
        return Diagnosis.from_data(self._ask("POST", "diagnose", {"slot": slot}))

    def wait_for_question(self, timeout: float = 30.0) -> Mapping[str, Any]:
        """The question on the PIN pad (number, asker, choices, error), once there is one."""
        deadline = time.monotonic() + timeout
        state = self.state()
        while state["asked"] is None:
            if time.monotonic() >= deadline:
                raise unavailable("No program asked for a PIN.")
            state = self._ask("POST", "wait", {"after": str(state["events"])})
        question: Mapping[str, Any] = state["asked"]
        return question

    def answer(self, number: str, pin: str, choice: int = 0) -> State:
        """Type the PIN that question ``number`` asks for."""
        return self._ask("POST", "pin", {"number": number, "pin": pin, "choice": str(choice)})

    def cancel(self, number: str) -> State:
        """Say no to question ``number``."""
        return self._ask("POST", "cancel", {"number": number})

    def _ask(self, method: str, name: str, values: Mapping[str, str]) -> State:
        try:
            answer = self._client.request(method, f"/api/{name}", json=values if method == "POST" else None)
            data: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError):
            raise unavailable("The card reader program does not answer. Is it running?") from None
        if answer.is_success:
            return data
        if "kind" not in data:
            raise unavailable("The card reader program was started again. Try once more.")
        raise DomainError(Kind(data["kind"]), Message(data["text"], data["values"]), field=data["field"])
