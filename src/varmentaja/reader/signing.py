# SPDX-License-Identifier: EUPL-1.2
"""From a page's request to a signature: choose the key, ask the person for the PIN, sign, log out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from varmentaja.card.driver import (
    CardRemoved,
    CodeLocked,
    KeyRole,
    NotActivated,
    PinLocked,
)
from varmentaja.domain.errors import message
from varmentaja.reader.attention import Attention, Candidate, GivenUp
from varmentaja.reader.cards import CardReaders, InsertedCard
from varmentaja.reader.cms import CmsDraft, draft_cms
from varmentaja.reader.faults import as_told
from varmentaja.reader.https import now_utc
from varmentaja.reader.prompts import PinPrompt
from varmentaja.reader.scs import (
    VERSION,
    ContentType,
    Problem,
    Reason,
    ScsError,
    Selector,
    SignatureType,
    SignRequest,
    failure,
    forbidden,
    is_bound,
    names_a_site,
    parse_request,
    success,
    version_answer,
)


class ScsService:
    """What ``/version`` and ``/sign`` do; safe to call from many threads."""

    def __init__(
        self,
        readers: CardReaders,
        prompt: PinPrompt,
        *,
        version: str = VERSION,
        now: Callable[[], datetime] = now_utc,
    ) -> None:
        """``version`` is what ``/version`` says: 1.2 or 1.3."""
        self.readers = readers
        self.attention = Attention(prompt)
        self.now = now
        self._version = version

    def version(self) -> dict[str, Any]:
        """The answer of ``GET /version``; costs no APDU, pages ask it again and again."""
        return version_answer(card_present=bool(self.readers.cards()), version=self._version)

    def sign(self, body: bytes, *, origin: str | None, given_up: GivenUp = lambda: False) -> dict[str, Any]:
        """The answer of ``POST /sign``. ``given_up`` tells that the page has closed the connection."""
        version = VERSION
        try:
            request = parse_request(body)
            version = request.version
            return self._sign(request, origin, given_up)
        except Exception as error:
            return failure(told(error), version)

    def _sign(self, request: SignRequest, origin: str | None, given_up: GivenUp) -> dict[str, Any]:
        if origin is not None and not names_a_site(origin):
            raise forbidden(message("The page has no address of its own to show to the person."))

        def find() -> tuple[Candidate, ...]:
            fitting = fitting_keys(self.readers.cards(), request.selector)
            return _allowed(fitting, request, is_bound(request.content, origin, request.version))

        def use(chosen: Candidate, pin: str) -> bytes:
            return make_signature(request, chosen, pin, self.now())

        chosen, signature = self.attention.use_key(find, use, asker=origin or "", given_up=given_up)
        return success(request, signature=signature, chain=chosen.chain, is_ec=chosen.certificate.is_ec)


def fitting_keys(cards: tuple[InsertedCard, ...], selector: Selector) -> tuple[Candidate, ...]:
    """The keys that a selector accepts, at least one; raises ScsError."""
    if not cards:
        raise ScsError(Reason.NOT_FOUND, Problem.NO_CARD, message("There is no card in the reader."))
    fitting = tuple(
        Candidate(card, certificate)
        for card in cards
        for certificate in card.certificates
        if certificate.matches(selector)
    )
    if not fitting:
        raise ScsError(
            Reason.NOT_FOUND,
            Problem.NO_CERTIFICATE,
            message("No certificate on the card is of the kind that was asked for."),
        )
    refusals = [candidate.card.refusal for candidate in fitting]
    if refusals[0] is not None and None not in refusals:
        raise ScsError(Reason.FORBIDDEN, Problem.NOT_SERVED, refusals[0])
    return tuple(candidate for candidate, refusal in zip(fitting, refusals, strict=True) if refusal is None)


def activated(candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Those on cards that are activated; raises NotActivated where none is."""
    found = tuple(candidate for candidate in candidates if candidate.card.contents.is_activated)
    if not found:
        raise NotActivated
    return found


def _allowed(fitting: tuple[Candidate, ...], request: SignRequest, bound: bool) -> tuple[Candidate, ...]:
    """The authentication key proves who sits here: it signs what names the page, and no document ever."""
    proves = request.content_type is ContentType.DATA and not request.signature_type.is_cms and bound
    allowed = tuple(
        candidate
        for candidate in fitting
        if proves or candidate.certificate.role is not KeyRole.AUTHENTICATION
    )
    if not allowed:
        raise forbidden(
            message(
                "The authentication key makes bare signatures alone, and only of content that starts with "
                "the address of the page."
            )
        )
    return activated(allowed)


def make_signature(request: SignRequest, chosen: Candidate, pin: str, now: datetime) -> bytes:
    """Sign as the request wants it; raises CardError."""
    role, algorithm = chosen.certificate.role, request.hash_algorithm
    if request.signature_type.is_cms:
        draft = _draft(request, chosen, now)
        return draft.finish(chosen.card.sign(role, draft.to_be_signed, algorithm, pin, digest=False))
    is_digest = request.content_type is ContentType.DIGEST
    signature = chosen.card.sign(role, request.content, algorithm, pin, digest=is_digest)
    if request.signature_type is SignatureType.PLAIN and chosen.certificate.is_ec:
        return plain(signature, chosen.certificate.curve_octets)
    return signature


def _draft(request: SignRequest, chosen: Candidate, now: datetime) -> CmsDraft:
    digest = request.content
    if request.content_type is ContentType.DATA:
        digest = hashlib.new(request.hash_algorithm.lower(), request.content).digest()
    return draft_cms(
        digest,
        request.hash_algorithm,
        chosen.chain,
        is_ec=chosen.certificate.is_ec,
        signing_time=now if request.signature_type is SignatureType.CMS else None,
    )


def plain(signature: bytes, octets: int) -> bytes:
    """``r || s`` of a DER signature, each as long as the curve's order."""
    r, s = decode_dss_signature(signature)
    return r.to_bytes(octets, "big") + s.to_bytes(octets, "big")


def told(error: Exception) -> ScsError:
    """How a refusal, perhaps the card's, or a fault of ours is told to the page."""
    if isinstance(error, ScsError):
        return error
    if isinstance(error, CardRemoved):
        return ScsError(Reason.NOT_FOUND, Problem.CARD_REMOVED, error.message)
    if isinstance(error, NotActivated):
        return ScsError(Reason.NOT_GIVEN, Problem.NOT_ACTIVATED, error.message)
    if isinstance(error, PinLocked | CodeLocked):
        return ScsError(Reason.NOT_GIVEN, Problem.PIN_LOCKED, error.message)
    return ScsError(Reason.FAULT, Problem.CARD_FAULT, as_told(error).message)
