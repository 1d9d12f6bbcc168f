# SPDX-License-Identifier: EUPL-1.2
"""What is wrong with my card? Ten checks over what was observed: what is found, what to do, whom to ask.

Pure: ``examination.py`` looks at readers, card and service, and hands over what it ``Observed``. No text
names the holder or any number of the card, so that every finding may be copied into a request for help.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from varmentaja.card.driver import KeyRole, PinCondition, PinRole
from varmentaja.card.generations import generation
from varmentaja.domain.errors import Message, message
from varmentaja.reader.observed import Contact, Observed, Path, Standing
from varmentaja.reader.texts import iso_day
from varmentaja.reader.version_manifest import Use

ENDS_SOON = timedelta(days=31)
"""How long before its end a certificate is warned about."""

CLOCK_WARNING = timedelta(minutes=5)
"""Status answers and sign-in requests are believed within this much."""
CLOCK_FAULT = timedelta(minutes=30)


class Check(StrEnum):
    """The checks in the order they are made: each needs what the one before found."""

    READER = "reader"
    CONTACT = "contact"
    GENERATION = "generation"
    VERSION = "version"
    PINS = "pins"
    CHAIN = "chain"
    SERVICE = "service"
    CLOCK = "clock"
    DATES = "dates"
    STATUS = "status"


class Outcome(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    """The card works, but something wants attention."""
    FAULT = "fault"
    """The card, or something it needs, does not work."""
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, and what to do next and whom to ask; no advice where all is well."""

    name: Check
    outcome: Outcome
    text: Message
    advice: Message | None = None


def diagnose(observed: Observed) -> list[Finding]:
    """Every check, in order; what cannot be checked says why it was not."""
    return [_CHECKS[name](observed) for name in Check]


def worst(findings: list[Finding]) -> Outcome:
    """FAULT, WARNING or OK: the most serious outcome."""
    outcomes = {finding.outcome for finding in findings}
    return next((it for it in (Outcome.FAULT, Outcome.WARNING) if it in outcomes), Outcome.OK)


def _reader(observed: Observed) -> Finding:
    if observed.readers is None:
        return _fault(
            Check.READER,
            message("The computer's service for card readers (PC/SC) does not answer."),
            message(
                "Restart the computer. If that does not help, ask your organisation's IT support to "
                "install or start the PC/SC service (pcscd)."
            ),
        )
    if not observed.readers:
        return _fault(
            Check.READER,
            message("No card reader was found."),
            message(
                "Plug the reader in, or try another USB port. If it is still not found, ask your "
                "organisation's IT support for another reader or its driver."
            ),
        )
    return _ok(Check.READER, message("Card readers found: %(number)s.", number=len(observed.readers)))


_CONTACT_FAULTS: Mapping[Contact, tuple[Message, Message]] = {
    Contact.NO_CARD: (
        message("There is no card in the reader."),
        message("Put the card in the reader, chip first, as far as it goes."),
    ),
    Contact.MUTE: (
        message("There is a card in the reader, but its chip does not answer."),
        message(
            "Check that the chip is turned the right way, wipe it with a dry cloth and insert the card "
            "again. If another reader does not help either, the chip is broken: ask your registration point "
            "for a new card."
        ),
    ),
    Contact.TAKEN: (
        message("Another program holds the card."),
        message(
            "Close other programs that use the card, pull the card out and insert it again. If it happens "
            "again, tell your organisation's IT support."
        ),
    ),
    Contact.LOST: (
        message("The card stopped answering while it was read."),
        message(
            "Insert the card again and leave it in place. If it happens in another reader too, ask your "
            "registration point for a new card."
        ),
    ),
}


def _contact(observed: Observed) -> Finding:
    if not observed.readers:
        return _not_checked(Check.CONTACT, message("There is no reader."))
    if found := _CONTACT_FAULTS.get(observed.contact):
        return _fault(Check.CONTACT, *found)
    return _ok(Check.CONTACT, message("The card answers."))


def _has_answered(observed: Observed) -> bool:
    return bool(observed.readers) and observed.contact not in _CONTACT_FAULTS


def _generation(observed: Observed) -> Finding:
    if not _has_answered(observed):
        return _no_card(Check.GENERATION)
    if observed.contact is Contact.UNKNOWN:
        return _fault(
            Check.GENERATION,
            message("This card is of a kind that this program does not know."),
            message(
                "Check that you inserted your professional or personnel card. If you did, install the newest "
                "version of this program, or ask your organisation's IT support to."
            ),
        )
    if observed.contact is Contact.UNFINISHED:
        return _fault(
            Check.GENERATION,
            message("The card is empty or was not finished."),
            message("Give the card back to your registration point and ask for a new one."),
        )
    if not observed.generation:
        return _ok(Check.GENERATION, message("This program knows the card."))
    chip = generation(observed.generation).name
    return _ok(Check.GENERATION, message("The card's chip is known: %(chip)s.", chip=chip))


def _version(observed: Observed) -> Finding:
    ruling = observed.ruling
    if ruling is None:
        return _not_checked(
            Check.VERSION,
            message("The service's list of program versions has not been fetched yet."),
            message("Connect the computer to the network and try again."),
        )
    outcome = {Use.MAY: Outcome.OK, Use.WARNED: Outcome.WARNING, Use.MUST_UPDATE: Outcome.FAULT}[ruling.use]
    return Finding(Check.VERSION, outcome, ruling.text, ruling.advice)


def _pins(observed: Observed) -> Finding:
    contents = observed.contents
    if contents is None:
        return _no_card(Check.PINS)
    locked = [role for role in PinRole if contents.pin(role).needs_code]
    if contents.is_code_locked and (locked or not contents.is_activated):
        return _fault(
            Check.PINS,
            message("The activation code is locked: no new PIN can be set on this card."),
            message("You need a new card. Ask your registration point for one."),
        )
    if not contents.is_activated:
        return _warning(
            Check.PINS,
            message("The card has not been activated yet."),
            message(
                "Activate it with the activation code of the letter that was sent to you. If no letter has "
                "come, ask your registration point."
            ),
        )
    if locked:
        return _locked(locked, contents.pin(locked[0]).condition)
    if any(contents.pin(role).tries_left == 1 for role in PinRole):
        return _warning(
            Check.PINS,
            message("A PIN has one try left. If it is wrong, the PIN is locked."),
            message("If you are not sure of the PIN, set a new one with your activation code."),
        )
    if contents.is_code_locked:
        return _warning(
            Check.PINS,
            message("The PINs work, but the activation code is locked: a locked PIN could not be opened."),
            message("You can use the card. Ask your registration point for a new card in good time."),
        )
    return _ok(Check.PINS, message("Both PINs can be used."))


def _locked(locked: list[PinRole], condition: PinCondition) -> Finding:
    if len(locked) == len(PinRole):
        text = message("Both PINs are locked.")
    elif condition is PinCondition.BLOCKED and locked[0] is PinRole.AUTHENTICATION:
        text = message("PIN 1, for signing in, is locked or has not been set yet.")
    elif condition is PinCondition.BLOCKED:
        text = message("PIN 2, for signing documents, is locked or has not been set yet.")
    elif locked[0] is PinRole.AUTHENTICATION:
        text = message("PIN 1, for signing in, is locked.")
    else:
        text = message("PIN 2, for signing documents, is locked.")
    return _fault(
        Check.PINS,
        text,
        message(
            "Set a new PIN with the activation code of your letter. If you no longer have the code, ask your "
            "registration point."
        ),
    )


def _chain(observed: Observed) -> Finding:
    if observed.contents is None:
        return _no_card(Check.CHAIN)
    if len(observed.certificates) < len(KeyRole):
        return _fault(
            Check.CHAIN,
            message("A certificate is missing from the card, or cannot be read."),
            message("The card is faulty. Ask your registration point for a new card."),
        )
    paths = {seen.path for seen in observed.certificates.values()}
    if None in paths:
        return _not_checked(
            Check.CHAIN,
            message("This program has not been told which issuers to trust."),
            message("Ask your organisation's IT support to install the program again."),
        )
    if Path.UNKNOWN_ISSUER in paths:
        return _fault(
            Check.CHAIN,
            message("The card's certificates come from an issuer that this service does not know."),
            message(
                "Check that you inserted the card of this service. A card of another issuer is used with "
                "that issuer's own program."
            ),
        )
    if Path.FORGED in paths:
        return _fault(
            Check.CHAIN,
            message("A certificate on the card was not signed by the issuer that it names."),
            message("Do not use the card. Take it to your registration point and tell what you saw here."),
        )
    return _ok(Check.CHAIN, message("The card's certificates come from an issuer of this service."))


def _service(observed: Observed) -> Finding:
    if observed.service_answers is None:
        return _not_checked(Check.SERVICE, message("This program has not been told the service's address."))
    if not observed.service_answers:
        return _fault(
            Check.SERVICE,
            message("The certificate service does not answer."),
            message(
                "Check the network connection. If other websites work, wait a moment and try again; if it "
                "lasts, tell your organisation's IT support, which finds the service's notices of faults."
            ),
        )
    return _ok(Check.SERVICE, message("The certificate service answers."))


def _clock(observed: Observed) -> Finding:
    if observed.service_time is None:
        return _not_checked(Check.CLOCK, message("The service told no time to compare with."))
    ahead = observed.now - observed.service_time
    minutes = round(abs(ahead).total_seconds() / 60)
    if abs(ahead) < CLOCK_WARNING:
        return _ok(Check.CLOCK, message("The computer's clock is right."))
    if ahead > timedelta(0):
        text = message("The computer's clock is %(minutes)s minutes fast.", minutes=minutes)
    else:
        text = message("The computer's clock is %(minutes)s minutes slow.", minutes=minutes)
    outcome = Outcome.FAULT if abs(ahead) >= CLOCK_FAULT else Outcome.WARNING
    advice = message(
        "Set the date, the time and the time zone right, or let the computer set them from the network. If "
        "you may not, ask your organisation's IT support."
    )
    return Finding(Check.CLOCK, outcome, text, advice)


def _is_clock_doubtful(observed: Observed) -> bool:
    return observed.service_time is not None and abs(observed.now - observed.service_time) >= CLOCK_WARNING


def _clock_first(name: Check) -> Finding:
    """Nothing bad is said of a card by a clock that may be wrong, and nothing good by one that nobody signed
    for."""
    return _not_checked(
        name,
        message("This can't be judged while the computer's clock and the service's differ."),
        message("Set the computer's clock right and try again."),
    )


def _dates(observed: Observed) -> Finding:
    if not observed.certificates:
        return _no_card(Check.DATES)
    found = _dates_at(observed, observed.now)
    if observed.service_time is None or not _is_clock_doubtful(observed):
        return found
    return found if _dates_at(observed, observed.service_time) == found else _clock_first(Check.DATES)


def _dates_at(observed: Observed, moment: datetime) -> Finding:
    first = max(seen.valid_from for seen in observed.certificates.values())
    end = min(seen.valid_until for seen in observed.certificates.values())
    if moment > end:
        return _fault(
            Check.DATES,
            message("The card's certificates ended on %(day)s.", day=iso_day(end)),
            message("The card can no longer be used. Apply for a new card at your registration point."),
        )
    if moment < first:
        return _fault(
            Check.DATES,
            message("The card's certificates are valid from %(day)s on.", day=iso_day(first)),
            message("Wait until that day. If it has passed, the computer's date is wrong."),
        )
    return end_warning(end, moment) or _ok(
        Check.DATES, message("The card's certificates are valid until %(day)s.", day=iso_day(end))
    )


def end_warning(end: datetime, moment: datetime) -> Finding | None:
    """The warning in the month before certificates end; None at other times."""
    if not end - ENDS_SOON < moment <= end:
        return None
    return _warning(
        Check.DATES,
        message("The card's certificates end soon, on %(day)s.", day=iso_day(end)),
        message("Apply for a new card at your registration point; the present one works to its last day."),
    )


def _status(observed: Observed) -> Finding:
    if not observed.certificates:
        return _no_card(Check.STATUS)
    standings = {seen.standing for seen in observed.certificates.values()}
    if Standing.REVOKED in standings:
        return _fault(
            Check.STATUS,
            message("A certificate of the card has been revoked."),
            message(
                "The card can no longer be used. If you did not ask for it yourself, your registration point "
                "can tell why. Apply there for a new card."
            ),
        )
    if standings == {None}:
        return _not_checked(Check.STATUS, message("Only a known issuer can be asked."))
    if standings != {Standing.GOOD} and _is_clock_doubtful(observed):
        return _clock_first(Check.STATUS)
    if standings != {Standing.GOOD}:
        return _warning(
            Check.STATUS,
            message(
                "Nobody could tell whether the card has been revoked: the status service did not answer."
            ),
            message("Check the network connection and try again in a moment."),
        )
    return _ok(Check.STATUS, message("The card has not been revoked."))


_CHECKS: Mapping[Check, Callable[[Observed], Finding]] = {
    Check.READER: _reader,
    Check.CONTACT: _contact,
    Check.GENERATION: _generation,
    Check.VERSION: _version,
    Check.PINS: _pins,
    Check.CHAIN: _chain,
    Check.SERVICE: _service,
    Check.CLOCK: _clock,
    Check.DATES: _dates,
    Check.STATUS: _status,
}


def _ok(name: Check, text: Message) -> Finding:
    return Finding(name, Outcome.OK, text)


def _warning(name: Check, text: Message, advice: Message) -> Finding:
    return Finding(name, Outcome.WARNING, text, advice)


def _fault(name: Check, text: Message, advice: Message) -> Finding:
    return Finding(name, Outcome.FAULT, text, advice)


def _not_checked(name: Check, text: Message, advice: Message | None = None) -> Finding:
    return Finding(name, Outcome.NOT_CHECKED, text, advice)


def _no_card(name: Check) -> Finding:
    return _not_checked(name, message("There is no card that can be read."))
