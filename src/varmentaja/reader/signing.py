# SPDX-License-Identifier: EUPL-1.2
"""From a page's request to a signature: choose the key, ask the person for the PIN, sign, log out.

One request at a time has the person's attention; a few wait their turn, more are turned away.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from varmentaja.card.driver import (
    CardError,
    CardRemoved,
    CodeLocked,
    KeyRole,
    NotActivated,
    PinLocked,
    PinNotAccepted,
    WrongPin,
)
from varmentaja.domain.errors import Message, message
from varmentaja.reader.cards import CardReaders, InsertedCard
from varmentaja.reader.certificates import CardCertificate
from varmentaja.reader.prompts import KeyChoice, PinPrompt, PinRequest
from varmentaja.reader.scs import (
    ContentType,
    Problem,
    Reason,
    ScsError,
    SignatureType,
    SignRequest,
    failure,
    is_bound,
    names_a_site,
    parse_request,
    success,
    version_answer,
)

MOST_WAITING = 8
"""Requests that may wait while another has the person's attention."""

_TURN_POLL = 0.2


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A key that fits the request, on the card that holds it."""

    card: InsertedCard
    certificate: CardCertificate


class ScsService:
    """What ``/version`` and ``/sign`` do; safe to call from many threads."""

    def __init__(self, readers: CardReaders, prompt: PinPrompt) -> None:
        self._readers = readers
        self._prompt = prompt
        self._turn = threading.Lock()
        self._waiting = threading.Semaphore(MOST_WAITING + 1)

    def version(self) -> dict[str, Any]:
        """The answer of ``GET /version``; costs no APDU, pages ask it again and again."""
        return version_answer(card_present=bool(self._readers.cards()))

    def sign(
        self, body: bytes, *, origin: str | None, given_up: Callable[[], bool] = lambda: False
    ) -> dict[str, Any]:
        """The answer of ``POST /sign``. ``given_up`` tells that the page has closed the connection."""
        try:
            return self._sign(parse_request(body), origin, given_up)
        except ScsError as error:
            return failure(error)
        except CardError as error:
            return failure(_card_problem(error))

    def _sign(self, request: SignRequest, origin: str | None, given_up: Callable[[], bool]) -> dict[str, Any]:
        if origin is not None and not names_a_site(origin):
            raise _forbidden(message("The page has no address of its own to show to the person."))
        # Asked twice: what is refused anyway need not wait, and while waiting the card may have changed.
        _candidates(self._readers.cards(), request, origin)
        with self._one_at_a_time(given_up):
            candidates = _candidates(self._readers.cards(), request, origin)
            chosen, signature = self._ask_and_sign(request, candidates, origin or "", given_up)
        if request.signature_type is SignatureType.PLAIN and chosen.certificate.is_ec:
            signature = _plain(signature, chosen.certificate.curve_octets)
        chain = (chosen.certificate.der, *chosen.card.chain)
        return success(request, signature=signature, chain=chain, is_ec=chosen.certificate.is_ec)

    def _ask_and_sign(
        self,
        request: SignRequest,
        candidates: tuple[_Candidate, ...],
        asker: str,
        given_up: Callable[[], bool],
    ) -> tuple[_Candidate, bytes]:
        """Ask until the PIN is right, locked, or the person has had enough."""

        def over() -> bool:
            return given_up() or not all(candidate.card.is_present for candidate in candidates)

        error: Message | None = None
        while True:
            choices = tuple(_choice(candidate) for candidate in candidates)
            answer = self._prompt.ask(PinRequest(asker, choices, error), given_up=over)
            if not all(candidate.card.is_present for candidate in candidates):
                raise CardRemoved
            if answer is None:
                raise ScsError(
                    Reason.NOT_GIVEN, Problem.CANCELLED, message("The person did not give the PIN.")
                )
            chosen = candidates[answer.choice]
            try:
                signature = chosen.card.sign(
                    chosen.certificate.role,
                    request.content,
                    request.hash_algorithm,
                    answer.pin,
                    digest=request.content_type is ContentType.DIGEST,
                )
            except (WrongPin, PinNotAccepted) as wrong:
                error = wrong.message
            else:
                return chosen, signature

    @contextmanager
    def _one_at_a_time(self, given_up: Callable[[], bool]) -> Iterator[None]:
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


def _candidates(
    cards: tuple[InsertedCard, ...], request: SignRequest, origin: str | None
) -> tuple[_Candidate, ...]:
    """The keys that fit; the authentication key only for content bound to the origin, never for a digest."""
    if not cards:
        raise ScsError(Reason.NOT_FOUND, Problem.NO_CARD, message("There is no card in the reader."))
    fitting = tuple(
        _Candidate(card, certificate)
        for card in cards
        for certificate in card.certificates
        if certificate.matches(request.selector)
    )
    if not fitting:
        raise ScsError(
            Reason.NOT_FOUND,
            Problem.NO_CERTIFICATE,
            message("No certificate on the card is of the kind that was asked for."),
        )
    may_authenticate = request.content_type is ContentType.DATA and is_bound(request.content, origin)
    allowed = tuple(
        candidate
        for candidate in fitting
        if may_authenticate or candidate.certificate.role is not KeyRole.AUTHENTICATION
    )
    if not allowed:
        raise _forbidden(
            message("The authentication key signs only content that starts with the address of the page.")
        )
    if not all(candidate.card.contents.is_activated for candidate in allowed):
        raise NotActivated
    return allowed


def _choice(candidate: _Candidate) -> KeyChoice:
    certificate = candidate.certificate
    return KeyChoice(
        slot=candidate.card.slot,
        role=certificate.role,
        holder=certificate.holder,
        title=certificate.title,
        issuer=certificate.issuer,
        valid_until=certificate.valid_until,
        tries_left=candidate.card.tries_left(certificate.role.pin),
    )


def _plain(signature: bytes, octets: int) -> bytes:
    """``r || s`` of a DER signature, each as long as the curve's order."""
    r, s = decode_dss_signature(signature)
    return r.to_bytes(octets, "big") + s.to_bytes(octets, "big")


def _forbidden(text: Message) -> ScsError:
    return ScsError(Reason.FORBIDDEN, Problem.WRONG_ORIGIN, text)


def _card_problem(error: CardError) -> ScsError:
    """How a card's refusal is told to the page."""
    if isinstance(error, CardRemoved):
        return ScsError(Reason.NOT_FOUND, Problem.CARD_REMOVED, error.message)
    if isinstance(error, NotActivated):
        return ScsError(Reason.NOT_GIVEN, Problem.NOT_ACTIVATED, error.message)
    if isinstance(error, PinLocked | CodeLocked):
        return ScsError(Reason.NOT_GIVEN, Problem.PIN_LOCKED, error.message)
    return ScsError(Reason.FAULT, Problem.CARD_FAULT, error.message)
