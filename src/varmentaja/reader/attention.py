# SPDX-License-Identifier: EUPL-1.2
"""A person's attention: one request at a time has it, a few wait their turn, more are turned away.

Whoever has it asks for the PIN until a key of a card has been used, or the person has had enough.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from varmentaja.card.driver import CardError, CardRemoved, PinNotAccepted, WrongPin
from varmentaja.domain.errors import Message, message
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.certificates import CardCertificate
from varmentaja.reader.prompts import KeyChoice, PinPrompt, PinRequest
from varmentaja.reader.scs import Problem, Reason, ScsError

MOST_WAITING = 8
"""Requests that may wait while another has the person's attention."""

_TURN_POLL = 0.2

GivenUp = Callable[[], bool]
"""Whether the page that asked has closed the connection."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A key that fits a request, on the card that holds it."""

    card: InsertedCard
    certificate: CardCertificate

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The key's certificate, its issuer's and the root's, as far as the card has them."""
        return (self.certificate.der, *self.card.chain)


class Attention:
    """The one person at this computer; safe to ask from many threads."""

    def __init__(self, prompt: PinPrompt) -> None:
        self._prompt = prompt
        self._turn = threading.Lock()
        self._waiting = threading.Semaphore(MOST_WAITING + 1)

    def use_key(
        self,
        find: Callable[[], tuple[Candidate, ...]],
        use: Callable[[Candidate, str], bytes],
        *,
        asker: str,
        given_up: GivenUp,
    ) -> tuple[Candidate, bytes]:
        """Have the person choose one of the keys that ``find`` finds, and ``use`` it with the PIN.

        Raises ScsError, or what ``find`` and ``use`` raise; a wrong PIN is asked for again.
        """
        find()  # what is refused anyway need not wait; while waiting the card may change
        with self._one_at_a_time(given_up):
            return self._ask(find(), use, asker, given_up)

    def _ask(
        self,
        candidates: tuple[Candidate, ...],
        use: Callable[[Candidate, str], bytes],
        asker: str,
        given_up: GivenUp,
    ) -> tuple[Candidate, bytes]:
        """Ask until the PIN is right, locked, or the person has had enough."""
        error: Message | None = None
        while True:
            offered, choices = _offer(candidates)
            over = partial(_is_over, given_up, offered)
            answer = self._prompt.ask(PinRequest(asker, choices, error), given_up=over)
            if not _still_there(offered):
                raise CardRemoved
            if answer is None:
                raise ScsError(
                    Reason.NOT_GIVEN, Problem.CANCELLED, message("The person did not give the PIN.")
                )
            chosen = offered[answer.choice]
            if not chosen.card.is_present:
                raise CardRemoved
            try:
                return chosen, use(chosen, answer.pin)
            except (WrongPin, PinNotAccepted) as wrong:
                error = wrong.message

    @contextmanager
    def _one_at_a_time(self, given_up: GivenUp) -> Iterator[None]:
        if not self._waiting.acquire(blocking=False):
            raise ScsError(
                Reason.FAULT, Problem.BUSY, message("Other requests are waiting for this person already.")
            )
        try:
            while not self._turn.acquire(timeout=_TURN_POLL):
                if given_up():
                    raise ScsError(Reason.NOT_GIVEN, Problem.CANCELLED, message("The page went away."))
            try:
                yield
            finally:
                self._turn.release()
        finally:
            self._waiting.release()


def _offer(candidates: tuple[Candidate, ...]) -> tuple[tuple[Candidate, ...], tuple[KeyChoice, ...]]:
    """The keys that can be asked for now, and how each is shown. A card that does not answer is left out;
    raises CardError where none answers."""
    offered: list[tuple[Candidate, KeyChoice]] = []
    trouble: CardError = CardRemoved()
    for candidate in candidates:
        try:
            offered.append((candidate, _choice(candidate)))
        except CardError as error:
            trouble = error
    if not offered:
        raise trouble
    return tuple(candidate for candidate, _ in offered), tuple(choice for _, choice in offered)


def _is_over(given_up: GivenUp, offered: tuple[Candidate, ...]) -> bool:
    return given_up() or not _still_there(offered)


def _still_there(candidates: tuple[Candidate, ...]) -> bool:
    """Whether any of the cards is: another one that is pulled does not end the question."""
    return any(candidate.card.is_present for candidate in candidates)


def _choice(candidate: Candidate) -> KeyChoice:
    certificate = candidate.certificate
    return KeyChoice(
        slot=candidate.card.slot,
        card_number=candidate.card.contents.printed_serial,
        role=certificate.role,
        holder=certificate.holder,
        title=certificate.title,
        issuer=certificate.issuer,
        valid_until=certificate.valid_until,
        tries_left=candidate.card.tries_left(certificate.role.pin),
    )
