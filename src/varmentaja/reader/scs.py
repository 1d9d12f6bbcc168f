# SPDX-License-Identifier: EUPL-1.2
"""SCS (Signature Creation Service) as rules, free of sockets and cards: requests, answers, the origin rule.

A page asks the program on the same machine to sign with a key of the card. What other programs were seen to
answer is followed where it is known. Versions 1.0.1 to 1.3 are served; the request says by which it goes.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, TypeVar

from varmentaja.card.driver import HashAlgorithm
from varmentaja.domain.errors import Message, message

_Choice = TypeVar("_Choice", bound=StrEnum)

VERSION = "1.2"
"""What ``/version`` says unless the program is set to say 1.3."""
VERSION_1_3 = "1.3"
_SERVED = frozenset({"1.0", "1.0.1", "1.1", VERSION, VERSION_1_3})
_MISSING_VERSION = "1.1"
"""A request that names no version is held to the rules of 1.1, whose clients did not all send one."""

MAX_BODY = 2 * 1024 * 1024
"""Recommended largest request, in bytes."""

CHALLENGE_MINIMUM = 64
"""Octets that must follow the origin in content signed with the authentication key."""

_DIGEST_LENGTHS = {HashAlgorithm.SHA256: 32, HashAlgorithm.SHA384: 48, HashAlgorithm.SHA512: 64}


class Reason(IntEnum):
    """Reason codes; they travel inside HTTP 200."""

    OK = 200
    BAD_REQUEST = 400
    NOT_GIVEN = 401
    FORBIDDEN = 403
    NOT_FOUND = 404
    FAULT = 500
    NOT_SERVED = 501


class Problem(StrEnum):
    """What went wrong, finer than the reason code; an addition of ours that other clients can ignore."""

    BAD_REQUEST = "bad_request"
    TOO_LARGE = "too_large"
    NOT_SERVED = "not_served"
    WRONG_ORIGIN = "wrong_origin"
    NO_CARD = "no_card"
    NO_CERTIFICATE = "no_certificate"
    NOT_ACTIVATED = "not_activated"
    CANCELLED = "cancelled"
    PIN_LOCKED = "pin_locked"
    CARD_REMOVED = "card_removed"
    CARD_FAULT = "card_fault"
    BUSY = "busy"


class ScsError(Exception):
    """A request that ends without a signature; ``text`` is what the calling page is told."""

    def __init__(self, reason: Reason, problem: Problem, text: Message) -> None:
        super().__init__(str(text))
        self.reason = reason
        self.problem = problem
        self.text = text


class ContentType(StrEnum):
    """Whether ``content`` is what is to be signed, or its digest."""

    DATA = "data"
    DIGEST = "digest"


class SignatureType(StrEnum):
    """Forms of answer: a bare signature (for EC keys DER, or ``r || s``), or detached CMS (see cms.py)."""

    SIGNATURE = "signature"
    PLAIN = "signature-plain"
    CMS = "cms"
    CMS_PADES = "cms-pades"

    @property
    def is_cms(self) -> bool:
        """Whether what the key signs is a set of attributes with the content's digest among them."""
        return self in (SignatureType.CMS, SignatureType.CMS_PADES)


@dataclass(frozen=True, slots=True)
class Selector:
    """Which certificates the page accepts; an empty list leaves that question open."""

    issuers: tuple[str, ...] = ()
    akis: tuple[str, ...] = ()
    key_usages: tuple[str, ...] = ()
    key_algorithms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignRequest:
    """One ``POST /sign``, checked for form."""

    version: str
    selector: Selector
    content: bytes
    content_type: ContentType
    hash_algorithm: HashAlgorithm
    signature_type: SignatureType


def parse_request(body: bytes) -> SignRequest:
    """Read a request body. Unknown members are ignored (clients in use send some); wrong ones raise."""
    data = json_object(body)
    version = _text(data, "version", _MISSING_VERSION)
    if version not in _SERVED:
        raise ScsError(
            Reason.NOT_SERVED,
            Problem.NOT_SERVED,
            message("This program serves SCS versions up to %(version)s.", version=VERSION_1_3),
        )
    content_type = _choice(
        ContentType, _text(data, "contentType", ContentType.DATA).lower(), Reason.BAD_REQUEST
    )
    signature_type = _choice(
        SignatureType, _text(data, "signatureType", SignatureType.SIGNATURE).lower(), Reason.NOT_SERVED
    )
    hash_name = _text(data, "hashAlgorithm", HashAlgorithm.SHA256).upper().replace("-", "")
    hash_algorithm = _choice(HashAlgorithm, hash_name, Reason.NOT_SERVED)
    content = _content(data)
    if content_type is ContentType.DIGEST and len(content) != _DIGEST_LENGTHS[hash_algorithm]:
        raise bad_request(message("The digest does not have the length of its hash algorithm."))
    return SignRequest(version, read_selector(data), content, content_type, hash_algorithm, signature_type)


def json_object(body: bytes) -> Mapping[str, Any]:
    """Parse a JSON object; raises ScsError."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise bad_request(message("The request is not JSON.")) from None
    if not isinstance(data, dict):
        raise bad_request(message("The request is not a JSON object."))
    return data


def read_selector(data: Mapping[str, Any]) -> Selector:
    """The request's ``selector``; raises ScsError."""
    selector = data.get("selector", {})
    if not isinstance(selector, dict):
        raise bad_request(message("The selector is not a JSON object."))
    return Selector(
        issuers=_texts(selector, "issuers"),
        akis=_texts(selector, "akis"),
        key_usages=tuple(usage.lower() for usage in _texts(selector, "keyusages")),
        key_algorithms=tuple(name.lower() for name in _texts(selector, "keyalgorithms")),
    )


def is_bound(content: bytes, origin: str | None, version: str) -> bool:
    """Whether content is bound to a calling site as the authentication key demands.

    Up to 1.2 it starts with the Origin, then a character that cannot continue an origin (else
    ``https://a.fi`` could pass for ``https://a.fi.evil.example``), then at least 64 octets. In 1.3 that
    character is a semicolon. A page without an origin of its own (none, or ``null``) cannot be bound to.
    """
    if not names_a_site(origin):
        return False
    start = str(origin).encode()
    rest = content[len(start) :]
    if not content.startswith(start) or len(rest) <= CHALLENGE_MINIMUM:
        return False
    return rest[0] == ord(";") if version == VERSION_1_3 else _ends_origin(rest[0])


def names_a_site(origin: str | None) -> bool:
    """Whether an Origin header names a website that a person can be shown."""
    return origin is not None and origin.startswith(("https://", "http://")) and origin.isascii()


def _ends_origin(octet: int) -> bool:
    """True for an ASCII character that can stand neither in a host name, nor in an address, nor in a port."""
    return octet < 0x80 and not chr(octet).isalnum() and chr(octet) not in "-._~%:[]@!$&'()*+,="


def version_answer(*, card_present: bool, version: str = VERSION) -> dict[str, Any]:
    """The answer of ``GET /version``. Pages see by ``hashAlgorithms`` whether there is a card in a reader."""
    # Since 1.3 there are applications that a program may be bound to; we ask for none.
    since_1_3 = {"applicationOIDs": ""} if version == VERSION_1_3 else {}
    return {
        "version": version,
        "httpMethods": "GET, POST",
        "contentTypes": ", ".join(ContentType),
        "signatureTypes": ",".join(SignatureType),
        "selectorAvailable": True,
        "hashAlgorithms": ", ".join(HashAlgorithm) if card_present else "",
        "signatureAlgorithms": "RSA,ECDSA",
        **since_1_3,
    }


def success(request: SignRequest, *, signature: bytes, chain: Sequence[bytes], is_ec: bool) -> dict[str, Any]:
    """The answer with a signature; ``chain`` is leaf, issuing authority and root as DER."""
    scheme = "ECDSA" if is_ec else "RSA"
    return {
        "version": request.version,
        "signatureAlgorithm": f"{request.hash_algorithm}with{scheme}",
        "signatureType": request.signature_type,
        "signature": base64.b64encode(signature).decode(),
        "chain": [base64.b64encode(der).decode() for der in chain],
        "status": "ok",
        "reasonCode": int(Reason.OK),
        "reasonText": "Signature generated",
    }


def failure(error: ScsError, version: str = VERSION) -> dict[str, Any]:
    """The answer without a signature: the fields of a signature are left out, not null."""
    return {
        "version": version,
        "status": "failed",
        "reasonCode": int(error.reason),
        "reasonText": str(error.text),
        "problem": error.problem,
    }


def bad_request(text: Message) -> ScsError:
    """A request that is not as it should be."""
    return ScsError(Reason.BAD_REQUEST, Problem.BAD_REQUEST, text)


def forbidden(text: Message) -> ScsError:
    """A request that this page may not make."""
    return ScsError(Reason.FORBIDDEN, Problem.WRONG_ORIGIN, text)


def too_large() -> ScsError:
    """What a request over ``MAX_BODY`` is told."""
    limit = MAX_BODY // (1024 * 1024)
    return ScsError(
        Reason.BAD_REQUEST,
        Problem.TOO_LARGE,
        message("The request is larger than %(limit)s MB. Send a digest instead.", limit=limit),
    )


def _text(data: Mapping[str, Any], name: str, default: str) -> str:
    value = data.get(name, default)
    if not isinstance(value, str):
        raise bad_request(message("The value of %(name)s is not text.", name=name))
    return value


def _content(data: Mapping[str, Any]) -> bytes:
    try:
        content = base64.b64decode(_text(data, "content", ""), validate=True)
    except (ValueError, binascii.Error):
        raise bad_request(message("The content is not base64.")) from None
    if not content:
        raise bad_request(message("There is no content to sign."))
    return content


def _texts(selector: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = selector.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise bad_request(message("The value of %(name)s is not a list of texts.", name=name))
    return tuple(values)


def _choice(kind: type[_Choice], value: str, reason: Reason) -> _Choice:
    try:
        return kind(value)
    except ValueError:
        problem = Problem.NOT_SERVED if reason is Reason.NOT_SERVED else Problem.BAD_REQUEST
        raise ScsError(
            reason,
            problem,
            message(
                "%(value)s is not served; choose one of %(values)s.", value=value[:40], values=", ".join(kind)
            ),
        ) from None
