# SPDX-License-Identifier: EUPL-1.2
"""The transaction mode of SCS 1.3: what passes through page and browser between site and card is sealed.

*Begin*: a JWS by the site's certificate brings the server's P-256 key; the answer is a JWS by the card with
an ephemeral key of ours. Both sides derive the AES key. *Execute*: a JWE under that key brings what is to be
signed, and its answer is a JWE too. One transaction at a time, from an https page only.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from varmentaja.card.driver import HashAlgorithm, KeyRole
from varmentaja.domain.errors import message
from varmentaja.reader.attention import Candidate, GivenUp
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.jose import encoded, open_jwe, read_jws, seal_jwe, signing_input
from varmentaja.reader.scs import (
    VERSION_1_3,
    ContentType,
    Problem,
    Reason,
    ScsError,
    Selector,
    SignRequest,
    bad_request,
    failure,
    forbidden,
    is_bound,
    json_object,
    names_a_site,
    parse_request,
    read_selector,
    success,
)
from varmentaja.reader.signing import ScsService, activated, fitting_keys, make_signature, plain, told
from varmentaja.reader.site_certificate import read_site_key, verify_site

PATIENCE = timedelta(minutes=5)
"""How long a transaction that was begun waits for its execution."""

_USAGES = frozenset({"digitalsignature", "nonrepudiation"})


@dataclass(frozen=True, slots=True)
class _Pending:
    """A transaction that was begun."""

    origin: str
    server_key: str
    chosen: Candidate
    begun: datetime
    secret: bytes = field(repr=False)


class Transactions:
    """``POST /sign`` with ``application/jwt``; safe to call from many threads."""

    def __init__(self, service: ScsService) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._pending: _Pending | None = None
        self._beginning: list[str] = []
        """Origins of the pages whose beginning is before the person just now."""

    def handle(self, body: bytes, *, origin: str | None, given_up: GivenUp) -> str | dict[str, Any]:
        """Answer one step: a compact JOSE text, or the JSON object of a refusal."""
        try:
            site = _https_site(origin)
            segments = _segments(body)
            if len(segments) == 3:
                return self._begin(segments, site, given_up)
            return self._execute(segments, site, given_up)
        except Exception as error:
            return failure(told(error), VERSION_1_3)

    def _begin(self, segments: Sequence[str], origin: str, given_up: GivenUp) -> str:
        with self._begin_alone(origin):
            return self._agree(segments, origin, given_up)

    def _agree(self, segments: Sequence[str], origin: str, given_up: GivenUp) -> str:
        now = self._service.now()
        claims = read_jws(segments)
        payload = claims.payload
        _check_version(payload)
        verify_site(claims, origin, now)
        server_key = read_site_key(payload)
        selector = read_selector(payload)
        if set(selector.key_usages) >= _USAGES:
            raise bad_request(message("The selector mixes the keys for signing in and for documents."))
        is_strict = _is_strict(payload)
        own_key = ec.generate_private_key(ec.SECP256R1())
        texts: list[str] = []

        def find() -> tuple[Candidate, ...]:
            return activated(_keys(self._service.readers.cards(), selector, is_strict=is_strict))

        def use(chosen: Candidate, pin: str) -> bytes:
            text, signature = _answered(chosen, own_key, pin)
            texts.append(text)
            return signature

        chosen, signature = self._service.attention.use_key(find, use, asker=origin, given_up=given_up)
        secret = own_key.exchange(ec.ECDH(), server_key)
        with self._lock:
            self._pending = _Pending(origin, str(payload["serverKey"]), chosen, self._service.now(), secret)
        return f"{texts[-1]}.{encoded(signature)}"

    def _execute(self, segments: Sequence[str], origin: str, given_up: GivenUp) -> str:
        pending = self._take(origin)
        payload = open_jwe(segments, pending.secret)
        _check_version(json_object(payload))
        request = parse_request(payload)
        _check_algorithm(json_object(payload), pending.chosen)
        _check_content(request, pending)

        def find() -> tuple[Candidate, ...]:
            return (pending.chosen,)

        def use(chosen: Candidate, pin: str) -> bytes:
            return make_signature(request, chosen, pin, self._service.now())

        chosen, signature = self._service.attention.use_key(find, use, asker=origin, given_up=given_up)
        answer = success(request, signature=signature, chain=chosen.chain, is_ec=chosen.certificate.is_ec)
        return seal_jwe(json.dumps(answer).encode(), pending.secret)

    @contextmanager
    def _begin_alone(self, origin: str) -> Iterator[None]:
        """A page may begin again; another has to wait until the first is executed or too old, also while the
        first is still beginning."""
        with self._lock:
            pending, now = self._pending, self._service.now()
            under_way = [*self._beginning]
            if pending and now < pending.begun + PATIENCE:
                under_way.append(pending.origin)
            if any(other != origin for other in under_way):
                raise ScsError(
                    Reason.FORBIDDEN, Problem.BUSY, message("Another page has a transaction under way.")
                )
            self._beginning.append(origin)
        try:
            yield
        finally:
            with self._lock:
                self._beginning.remove(origin)

    def _take(self, origin: str) -> _Pending:
        """The transaction of this page; whatever comes of it, it is over."""
        with self._lock:
            pending = self._pending
            if pending is None or self._service.now() >= pending.begun + PATIENCE:
                self._pending = None
                raise bad_request(message("There is no transaction under way. Begin one first."))
            if pending.origin != origin:
                raise forbidden(message("The transaction was begun by another page."))
            self._pending = None
            return pending


def _https_site(origin: str | None) -> str:
    if origin is None or not names_a_site(origin) or not origin.startswith("https://"):
        raise forbidden(message("Transactions are for pages whose address begins with https."))
    return origin


def _segments(body: bytes) -> Sequence[str]:
    """The parts of a compact JWS (three) or JWE (five)."""
    try:
        segments = body.decode("ascii").strip().split(".")
    except UnicodeDecodeError:
        segments = []
    if len(segments) not in (3, 5):
        raise bad_request(message("The request is neither a signed nor a sealed transaction."))
    return segments


def _is_strict(payload: Mapping[str, Any]) -> bool:
    """Whether the page takes no other kinds of key than those that its selector names; otherwise it would
    rather have these."""
    strict = payload.get("strictKeyPolicy", False)
    if not isinstance(strict, bool):
        raise bad_request(message("The value of %(name)s is neither true nor false.", name="strictKeyPolicy"))
    return strict


def _keys(cards: tuple[InsertedCard, ...], selector: Selector, *, is_strict: bool) -> tuple[Candidate, ...]:
    """The keys that a selector accepts, of the kinds that it names or, unless it is strict, of others where
    there are none of these."""
    try:
        return fitting_keys(cards, selector)
    except ScsError as error:
        if error.problem is not Problem.NO_CERTIFICATE or not selector.key_algorithms:
            raise
    others = fitting_keys(cards, replace(selector, key_algorithms=()))
    if is_strict:
        raise bad_request(message("The page accepts other kinds of key alone than the card has."))
    return others


def _check_version(payload: Mapping[str, Any]) -> None:
    if payload.get("version") != VERSION_1_3:
        raise bad_request(message("Transactions are of version %(version)s.", version=VERSION_1_3))


def _check_algorithm(payload: Mapping[str, Any], chosen: Candidate) -> None:
    """The page names the kind of key; it has seen the certificate and should know."""
    kind = "ECDSA" if chosen.certificate.is_ec else "RSA"
    if str(payload.get("signatureAlgorithm", kind)).upper() != kind:
        raise ScsError(
            Reason.NOT_SERVED,
            Problem.NOT_SERVED,
            message("The chosen key makes %(kind)s signatures alone.", kind=kind),
        )


def _check_content(request: SignRequest, pending: _Pending) -> None:
    """The authentication key signs ``origin;nonce;serverKey`` and nothing else."""
    if pending.chosen.certificate.role is not KeyRole.AUTHENTICATION:
        return
    tail = f";{pending.server_key}".encode()
    challenge = request.content.removesuffix(tail)
    is_challenge = challenge != request.content and is_bound(challenge, pending.origin, VERSION_1_3)
    if not is_challenge or request.content_type is ContentType.DIGEST or request.signature_type.is_cms:
        raise forbidden(
            message(
                "In a transaction the authentication key signs the page's address, a challenge and the "
                "server's key, and nothing else."
            )
        )


def _answered(chosen: Candidate, own_key: ec.EllipticCurvePrivateKey, pin: str) -> tuple[str, bytes]:
    """Begin's answer and the card's signature over it: ES384 for P-384, RS256 for RSA."""
    certificate = chosen.certificate
    algorithm = HashAlgorithm.SHA384 if certificate.is_ec else HashAlgorithm.SHA256
    header = {
        "alg": "ES384" if certificate.is_ec else "RS256",
        "kid": hashlib.sha1(certificate.der, usedforsecurity=False).hexdigest().upper(),
        "typ": "JWT",
    }
    public = own_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    answer = {
        "version": VERSION_1_3,
        "transaction": base64.b64encode(public).decode(),
        "chain": [base64.b64encode(der).decode() for der in chosen.chain],
        "status": "ok",
        "reasonCode": int(Reason.OK),
        "reasonText": "Transaction started",
    }
    text = signing_input(header, answer)
    signature = chosen.card.sign(certificate.role, text.encode(), algorithm, pin, digest=False)
    return text, plain(signature, certificate.curve_octets) if certificate.is_ec else signature
