# SPDX-License-Identifier: EUPL-1.2
"""A post that delivers into folders: one mailbox a holder, one folder an envelope.

    <mailbox>/<holder>/<posted day>-<kind>-<key>/envelope.json, letter.pdf, …

The mailbox stands for the holder's home. It lies outside the service's own records, as a letter box does:
here alone a code letter can be read.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from varmentaja.adapters.sandbox.faults import Faults
from varmentaja.domain.calendar import add_business_days
from varmentaja.domain.errors import DomainError, conflict, invalid, not_found, unavailable
from varmentaja.ports.post import Mailing, Recalled, Receipt, ReturnedMailing

SYSTEM = "post"
"""Name of this system in the file of faults."""
DELIVERY_DAYS = 2
"""Business days from posting to the mailbox."""
_MAX_LINES = 6
_SAFE = re.compile(r"[0-9A-Za-z-]{1,64}")
_ENVELOPE = "envelope.json"


@dataclass(frozen=True, slots=True)
class Delivered:
    """One envelope in a mailbox."""

    folder: Path
    key: str
    kind: str
    holder: str
    address_lines: tuple[str, ...]
    posted_on: date
    delivery_on: date
    card_serial: str | None
    returned_on: date | None
    reason: str | None

    def files(self) -> tuple[Path, ...]:
        """What was in it, by name."""
        return tuple(sorted(path for path in self.folder.iterdir() if path.name != _ENVELOPE))


class SimulatedPost:
    """Implements ports.post.Post."""

    def __init__(self, mailbox: Path, faults: Faults) -> None:
        self._mailbox = mailbox
        self._faults = faults

    def send(self, mailing: Mailing) -> Receipt:
        """See the port."""
        if self._faults.strike(SYSTEM, _no_answer):
            raise unavailable("The post gave an answer that can't be understood. Try again later.")
        _check(mailing)
        folder = self._folder(mailing)
        if not folder.exists():
            self._deliver(mailing, folder)
        envelope = _read(folder)
        if json.loads((folder / _ENVELOPE).read_text("utf-8"))["digest"] != _digest(mailing):
            raise conflict("Another envelope was posted under the same key.")
        return Receipt(mailing.key, envelope.posted_on, envelope.delivery_on)

    def recall(self, key: str) -> Recalled:
        """See the port; what has come back has been on its way, all else is still with the post."""
        if self._faults.strike(SYSTEM, _no_answer):
            raise unavailable("The post gave an answer that can't be understood. Try again later.")
        letter = next((letter for letter in self.delivered() if letter.key == key), None)
        if letter is None:
            return Recalled.NOT_HERE
        if letter.returned_on is not None:
            return Recalled.LEFT
        aside = self._parts(key)
        shutil.rmtree(aside, ignore_errors=True)
        aside.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        letter.folder.rename(aside)  # at once out of the mailbox, however the program ends
        shutil.rmtree(aside)
        return Recalled.STOPPED

    def returned(self) -> tuple[ReturnedMailing, ...]:
        """See the port."""
        back = [
            ReturnedMailing(letter.key, letter.returned_on, letter.reason or "")
            for letter in self.delivered()
            if letter.returned_on is not None
        ]
        return tuple(sorted(back, key=lambda letter: (letter.returned_on, letter.key)))

    def delivered(self, holder: str | None = None) -> tuple[Delivered, ...]:
        """Every envelope, or one holder's, oldest first."""
        letters = [_read(path.parent) for path in self._mailbox.glob(f"{holder or '*'}/*/{_ENVELOPE}")]
        return tuple(sorted(letters, key=lambda letter: (letter.posted_on, letter.key)))

    def return_to_sender(self, key: str, returned_on: date, reason: str = "unknown_address") -> None:
        """Let an envelope come back unopened; raises DomainError (NOT_FOUND)."""
        for letter in self.delivered():
            if letter.key == key:
                entry = json.loads((letter.folder / _ENVELOPE).read_text("utf-8"))
                entry |= {"returned_on": returned_on.isoformat(), "reason": reason}
                _write(letter.folder / _ENVELOPE, entry)
                return
        raise not_found("The post knows no envelope with this key.")

    def _folder(self, mailing: Mailing) -> Path:
        # A key is unique by itself, but an envelope must be found again on whatever day it is sent anew.
        found = list(self._mailbox.glob(f"*/*-{mailing.key}"))
        name = f"{mailing.posted_on.isoformat()}-{mailing.kind}-{mailing.key}"
        return found[0] if found else self._mailbox / mailing.holder / name

    def _parts(self, key: str) -> Path:
        """An envelope that is being filled, or thrown away: in the mailbox folder, since a run that is cut
        off leaves a code here, and one level lower than envelopes lie."""
        return self._mailbox / ".posting" / "parts" / key

    def _deliver(self, mailing: Mailing, folder: Path) -> None:
        """Fill a folder aside and put it into the mailbox whole, however the program ends."""
        parts = self._parts(mailing.key)
        shutil.rmtree(parts, ignore_errors=True)
        parts.mkdir(parents=True, mode=0o700)
        for enclosure in mailing.enclosures:
            (parts / enclosure.name).write_bytes(enclosure.content)
        entry = asdict(mailing)
        del entry["enclosures"]
        entry |= {
            "posted_on": mailing.posted_on.isoformat(),
            "delivery_on": add_business_days(mailing.posted_on, DELIVERY_DAYS).isoformat(),
            "digest": _digest(mailing),
        }
        _write(parts / _ENVELOPE, entry)
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        parts.rename(folder)


def _check(mailing: Mailing) -> None:
    lines = mailing.address_lines
    if not 2 <= len(lines) <= _MAX_LINES or not all(line.strip() for line in lines):
        raise invalid("The post can't use this address.")
    names = (mailing.key, mailing.holder, mailing.kind)
    files = [enclosure.name for enclosure in mailing.enclosures]
    if not all(_SAFE.fullmatch(name) for name in names) or any(Path(name).name != name for name in files):
        raise invalid("The post can't use this address.")


def _digest(mailing: Mailing) -> str:
    """What makes an envelope the same one; printing it anew may change a document's bytes."""
    facts = [mailing.kind, mailing.holder, *mailing.address_lines, mailing.card_serial or ""]
    facts += [enclosure.name for enclosure in mailing.enclosures]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


def _read(folder: Path) -> Delivered:
    entry: dict[str, Any] = json.loads((folder / _ENVELOPE).read_text("utf-8"))
    returned_on = entry.get("returned_on")
    return Delivered(
        folder=folder,
        key=entry["key"],
        kind=entry["kind"],
        holder=entry["holder"],
        address_lines=tuple(entry["address_lines"]),
        posted_on=date.fromisoformat(entry["posted_on"]),
        delivery_on=date.fromisoformat(entry["delivery_on"]),
        card_serial=entry["card_serial"],
        returned_on=date.fromisoformat(returned_on) if returned_on else None,
        reason=entry.get("reason"),
    )


def _write(file: Path, entry: dict[str, Any]) -> None:
    new = file.with_suffix(".new")
    new.write_text(json.dumps(entry, ensure_ascii=False, indent=2) + "\n", "utf-8")
    new.replace(file)


def _no_answer() -> DomainError:
    return unavailable("The post does not answer. Try again later.")
