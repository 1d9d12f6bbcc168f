# SPDX-License-Identifier: EUPL-1.2
"""A diagnosis in words: for the person at the card, and as a report to copy into a request for help.

The report names the program, the system, the model of the reader and the kind of chip. It holds nothing that
is about a person: no name, no number of a card, certificate or reader.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from varmentaja.domain.errors import Message, message
from varmentaja.reader.diagnosis import Check, Finding, Outcome
from varmentaja.reader.observed import Observed, Standing
from varmentaja.reader.texts import say
from varmentaja.reader.version_manifest import program_version

CHECK_NAMES: Mapping[Check, Message] = {
    Check.READER: message("Card reader"),
    Check.CONTACT: message("Contact with the card"),
    Check.GENERATION: message("Kind of card"),
    Check.VERSION: message("Version of this program"),
    Check.PINS: message("PINs"),
    Check.CHAIN: message("Issuer"),
    Check.SERVICE: message("Certificate service"),
    Check.CLOCK: message("Clock"),
    Check.DATES: message("Validity"),
    Check.STATUS: message("Revocation"),
}

OUTCOME_NAMES: Mapping[Outcome, Message] = {
    Outcome.OK: message("In order"),
    Outcome.WARNING: message("Needs attention"),
    Outcome.FAULT: message("Fault"),
    Outcome.NOT_CHECKED: message("Not checked"),
}

_STANDINGS: Mapping[Standing, tuple[bool | None, Message]] = {
    Standing.GOOD: (True, message("Valid: its issuer says so just now.")),
    Standing.REVOKED: (False, message("Revoked: this certificate can no longer be used.")),
    Standing.UNKNOWN: (None, message("Its issuer could not be asked just now.")),
}

_NUMBERS_OF_A_READER = re.compile(r"\s*[\[(][^\])]*[\])]|(\s+[0-9]{2}){1,2}$")
"""Serial number in brackets, and the numbers of device and slot that the card service adds."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The findings, and the few facts that a helper needs beside them."""

    findings: tuple[Finding, ...]
    readers: tuple[str, ...]
    """Models."""
    chip: str
    made_at: datetime

    @classmethod
    def of(cls, findings: list[Finding], observed: Observed) -> Diagnosis:
        """The findings about what was observed."""
        models = tuple(model_of(name) for name in observed.readers or ())
        return cls(tuple(findings), models, observed.generation or "", observed.now)

    def as_data(self) -> dict[str, Any]:
        """For JSON; ``from_data`` reads it."""
        return {
            "findings": [
                {
                    "name": finding.name,
                    "outcome": finding.outcome,
                    "text": _message_data(finding.text),
                    "advice": _message_data(finding.advice) if finding.advice else None,
                }
                for finding in self.findings
            ],
            "readers": list(self.readers),
            "chip": self.chip,
            "made_at": self.made_at.isoformat(),
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Diagnosis:
        """What ``as_data`` wrote."""
        findings = tuple(
            Finding(
                Check(each["name"]),
                Outcome(each["outcome"]),
                Message(**each["text"]),
                Message(**each["advice"]) if each["advice"] else None,
            )
            for each in data["findings"]
        )
        return cls(findings, tuple(data["readers"]), data["chip"], datetime.fromisoformat(data["made_at"]))


def model_of(reader: str) -> str:
    """A reader's name as its maker gave it, without the numbers that the card service adds."""
    return _NUMBERS_OF_A_READER.sub("", reader)


def status_of(
    valid_from: datetime, valid_until: datetime, standing: Standing, now: datetime
) -> tuple[bool | None, Message]:
    """How a certificate stands now, by its dates and then by its issuer: whether it can be used (None: nobody
    knows), and the words."""
    if valid_until < now:
        return False, message("The certificate has ended.")
    if valid_from > now:
        return False, message("The certificate is not valid yet.")
    return _STANDINGS[standing]


def in_words(diagnosis: Diagnosis, language: str) -> str:
    """For the person: each check with what was found and, where something is wrong, what to do."""
    return "\n".join(line for finding in diagnosis.findings for line in _lines(finding, language))


def to_copy(diagnosis: Diagnosis, language: str) -> str:
    """For the helper: the same beside the facts of program, system, reader and chip."""
    facts = (
        (message("Program"), f"Varmentaja {program_version()}"),
        (message("System"), f"{platform.system()} {platform.release()}, Python {platform.python_version()}"),
        (message("Card readers"), ", ".join(diagnosis.readers) or "-"),
        (message("Card's chip"), diagnosis.chip or "-"),
        (message("Made at"), diagnosis.made_at.isoformat(timespec="seconds")),
    )
    head = say(message("Report on a card and its reader. It holds no personal data."), language)
    told = [f"{say(name, language)}: {value}" for name, value in facts]
    return "\n".join([head, "", *told, "", in_words(diagnosis, language)])


def _lines(finding: Finding, language: str) -> list[str]:
    name, outcome = say(CHECK_NAMES[finding.name], language), say(OUTCOME_NAMES[finding.outcome], language)
    lines = [f"{name}: {outcome}. {say(finding.text, language)}"]
    if finding.advice:
        lines.append(f"  -> {say(finding.advice, language)}")
    return lines


def _message_data(text: Message) -> dict[str, Any]:
    return {"text": text.text, "values": dict(text.values)}
