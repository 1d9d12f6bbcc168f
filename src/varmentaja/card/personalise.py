# SPDX-License-Identifier: EUPL-1.2
"""Making a card: a generator that yields commands and is sent the card's answers.

It knows no transport and waits for nothing, so a factory may take a second or a day over it. In the middle
it yields a ``CertificationRequest`` and is sent the certificates. ``run()`` is the loop for a card at hand.

A card is unusable until the last write, ACTIVATE. If it is pulled before, run again: with the same
``Certified`` once certificates were made (the keys stay), without it before that (the card is wiped and makes
new keys).
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from cryptography.x509 import load_der_x509_certificate

from varmentaja.card import issuer_key, layout, proof, signature_input, tlv
from varmentaja.card.apdu import Command, Response, exchange
from varmentaja.card.contents import CardOrder, card_files
from varmentaja.card.driver import CardCertificates, CardError, KeyRole, PinRole
from varmentaja.card.layout import KEYS
from varmentaja.card.proof import KeyProof
from varmentaja.domain.errors import Kind, Message, message

_CHUNK = 255
_OPERATIONAL = 0x05


class Remedy(StrEnum):
    """What to do with a card that could not be finished."""

    AGAIN = "again"
    """Run again with the same order and the same ``Certified``."""
    ANEW = "anew"
    """Revoke what was certified, then run without ``Certified``."""
    DISCARD = "discard"
    """Destroy the card and order another."""


class PersonalisationFailed(CardError):
    """The card could not be finished; ``remedy`` says what now."""

    def __init__(self, remedy: Remedy, text: Message) -> None:
        super().__init__(Kind.CONFLICT, text)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class CertificationRequest:
    """Keys made on the chip, each with its proof of possession, which whoever certifies checks."""

    chip_serial: str
    keys: dict[KeyRole, KeyProof]


@dataclass(frozen=True, slots=True)
class Certified:
    """What was certified for a chip: public keys (SubjectPublicKeyInfo, DER) and all four certificates."""

    keys: dict[KeyRole, bytes]
    certificates: CardCertificates


@dataclass(frozen=True, slots=True)
class PersonalisedCard:
    """A finished card; what it holds was read back from it after ACTIVATE."""

    chip_serial: str
    certified: Certified


Question = Command | CertificationRequest
Answer = Response | CardCertificates
Result = TypeVar("Result")
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
Steps = Generator[Question, Answer, Result]


def run(
    steps: Steps[PersonalisedCard],
    transmit: Callable[[bytes], bytes],
    certify: Callable[[CertificationRequest], CardCertificates],
) -> PersonalisedCard:
    """Drive the steps to their end with a card at hand."""
    try:
        question = next(steps)
        while True:
            if isinstance(question, Command):
                question = steps.send(exchange(transmit, question))
            else:
                question = steps.send(certify(question))
    except StopIteration as end:
        card: PersonalisedCard = end.value
        return card


def personalise(
    order: CardOrder, chip_key: bytes, certified: Certified | None = None
) -> Steps[PersonalisedCard]:
    """The steps for one card; ``chip_key`` is the issuer's key diversified for it.

    Raises PersonalisationFailed; the caller's ``certify`` and transport may raise what they will."""
    operational = yield from _meet(order)
    if operational:
        if certified is None:
            raise PersonalisationFailed(Remedy.DISCARD, message("The card has been finished before."))
        return (yield from _read_back(order, certified))
    yield from _authenticate(chip_key)
    if certified is None:
        certified = yield from _make_keys(order)
    else:
        yield from _require_keys(order, certified)
    for identifier in order.layout.folders:
        yield from _make_folder(identifier)
    folder = b""
    for path, content in card_files(order, certified.keys, certified.certificates).items():
        if path[:-2] != folder:
            folder = path[:-2]
            yield from _need(_select_path(folder))
        yield from _write(int.from_bytes(path[-2:]), content)
    yield from _need(Command(0x00, 0x44, 0x04, 0x00, layout.AID))
    return (yield from _read_back(order, certified))


def _meet(order: CardOrder) -> Steps[bool]:
    """Is this the ordered chip? True if it has been activated already."""
    control = yield from _need(_select_application())
    chip = yield from _need(Command(0x00, 0xCA, 0x01, 0xA0, le=20))
    if chip[8:18].hex().upper() != order.chip_serial:
        raise PersonalisationFailed(
            Remedy.AGAIN, message("Another card is in the machine than the one ordered.")
        )
    return _is_operational(control)


def _is_operational(control: bytes) -> bool:
    """The life cycle in the application's file control information."""
    try:
        state = tlv.single(control).find(0x8A)
    except tlv.TlvError as error:
        raise _nonsense() from error
    return state is not None and state.value == bytes((_OPERATIONAL,))


def _authenticate(chip_key: bytes) -> Steps[None]:
    challenge = yield from _need(Command(0x00, 0x84, 0, 0, le=issuer_key.CHALLENGE_SIZE))
    answer = yield from _ask(Command(0x00, 0x82, 0, 0, issuer_key.cryptogram(chip_key, challenge)))
    if not answer.ok:
        raise PersonalisationFailed(Remedy.DISCARD, message("The card does not accept the issuer's key."))


def _make_keys(order: CardOrder) -> Steps[Certified]:
    """Wipe the card, make PINs and keys, have them proved and certified."""
    # No access to MF and application for anybody, ever: once activated, the card can't be wiped.
    yield from _need(Command(0x00, 0xDA, 0x01, 0xE0, b"\0\0" + b"\xff" * 6))
    for pin in PinRole:
        record = _pin_record(order, pin)
        yield from _need(Command(0x00, 0xDA, 0x01, layout.PIN_NUMBER[pin], record))
    yield from _need(_select_application())
    keys = {}
    for role in KeyRole:
        public_key = yield from _generate(order, role)
        keys[role] = KeyProof(public_key, (yield from _prove(order, role)))
    certificates = yield CertificationRequest(order.chip_serial, keys)
    assert isinstance(certificates, CardCertificates)
    certified = Certified({role: key.public_key for role, key in keys.items()}, certificates)
    _require_fitting(certified)
    return certified


def _pin_record(order: CardOrder, role: PinRole) -> bytes:
    """PUT DATA 01 nn: code, tries, lengths; PIN 2 opens its key for one signature only."""
    policy = order.pin(role)
    single_use = role is PinRole.SIGNATURE
    limits = (
        policy.tries,
        policy.code_tries,
        policy.min_length,
        policy.max_length,
        policy.code_length,
        single_use,
    )
    return b"\xff" * layout.PIN_SIZE + layout.pad_pin(order.code) + bytes(limits) + b"\0"


def _generate(order: CardOrder, role: KeyRole) -> Steps[bytes]:
    """Create a key file, let the card make the key, and read the public half."""
    is_ec = order.algorithm in layout.EC_BITS
    bits = layout.EC_BITS[order.algorithm] if is_ec else layout.RSA_BITS[order.algorithm]
    access = bytes((layout.PIN_NUMBER[role.pin] << 4 | 0x0F, 0xFF, 0xFF))
    yield from _need(_create(KEYS[role].private, 0x22 if is_ec else 0x11, bits, access))
    yield from _need(Command(0x00, 0x46, 0, 0, b"" if is_ec else bytes.fromhex("30058103010001")))
    return (yield from _read_public_key(order))


def _read_public_key(order: CardOrder) -> Steps[bytes]:
    """The selected key file's public key as SubjectPublicKeyInfo."""
    if order.algorithm in layout.EC_BITS:
        point = yield from _need(Command(0x00, 0xCA, 0x01, 0x86, le=256))
        read: Callable[[], PublicKey] = partial(
            ec.EllipticCurvePublicKey.from_encoded_point, layout.CURVES[order.algorithm], point
        )
    else:
        modulus = yield from _need(Command(0x00, 0xCA, 0x01, 0x01, le=256))
        read = rsa.RSAPublicNumbers(65537, int.from_bytes(modulus)).public_key
    try:
        key = read()
    except ValueError as error:
        raise _nonsense() from error
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _prove(order: CardOrder, role: KeyRole) -> Steps[bytes]:
    is_ec = order.algorithm in layout.EC_BITS
    algorithm = signature_input.ALGORITHM_ECDSA if is_ec else signature_input.ALGORITHM_RSA_PKCS1
    signed = proof.message(order.challenge, order.chip_serial, role)
    digest = signature_input.digest_of(signed, proof.PROOF_HASH)
    data = digest if is_ec else signature_input.digest_info(digest, proof.PROOF_HASH)
    yield from _need(signature_input.environment(algorithm, KEYS[role].private))
    return (yield from _need(signature_input.compute(data)))


def _require_keys(order: CardOrder, certified: Certified) -> Steps[None]:
    """Resuming: the card must still hold the keys that were certified."""
    for role in KeyRole:
        found = yield from _ask(_select(KEYS[role].private))
        if not found.ok or (yield from _read_public_key(order)) != certified.keys[role]:
            raise PersonalisationFailed(
                Remedy.ANEW, message("The card does not hold the keys that were certified for it.")
            )


def _require_fitting(certified: Certified) -> None:
    """Certificates that belong to other keys must not get onto the card."""
    for role in KeyRole:
        held = load_der_public_key(certified.keys[role])
        certificate = _certificate_of(certified.certificates, role)
        if certificate is None or load_der_x509_certificate(certificate).public_key() != held:
            raise PersonalisationFailed(Remedy.ANEW, message("A certificate does not fit the card's key."))


def _certificate_of(certificates: CardCertificates, role: KeyRole) -> bytes | None:
    return certificates.authentication if role is KeyRole.AUTHENTICATION else certificates.signature


def _make_folder(identifier: int) -> Steps[None]:
    """A folder below the MF; one that an earlier run left behind will do."""
    yield from _need(_select(layout.MF))
    made = yield from _ask(_create(identifier, 0x38, 0, b"\xff\xff\xff"))
    if not made.ok and made.status != layout.FILE_EXISTS:
        raise _refused(made)


def _write(identifier: int, content: bytes) -> Steps[None]:
    """Make one file in the selected folder, anew if an earlier run left it behind."""
    made = yield from _ask(_create(identifier, 0x01, len(content), b"\x0f\xff\xff"))
    if made.status == layout.FILE_EXISTS:
        yield from _need(_select(identifier))
        yield from _need(Command(0xA0, 0xE4, 0, 0))
        yield from _need(_create(identifier, 0x01, len(content), b"\x0f\xff\xff"))
    elif not made.ok:
        raise _refused(made)
    for offset in range(0, len(content), _CHUNK):
        yield from _need(Command(0x00, 0xD6, offset >> 8, offset & 0xFF, content[offset : offset + _CHUNK]))


def _read_back(order: CardOrder, certified: Certified) -> Steps[PersonalisedCard]:
    """Compare all that the finished card shows with what was written; PINs must wait for the holder."""
    operational = yield from _meet(order)
    for path, content in card_files(order, certified.keys, certified.certificates).items():
        if not operational or (yield from _read(path, len(content))) != content:
            raise _differs()
    for role in KeyRole:
        yield from _need(_select_path(layout.path_of(KEYS[role].private)))
        if (yield from _read_public_key(order)) != certified.keys[role]:
            raise _differs()
        state = yield from _ask(Command(0x00, 0x20, 0x00, order.layout.pins[role.pin]))
        if state.status != order.layout.not_activated:
            raise _differs()
    return PersonalisedCard(order.chip_serial, certified)


def _read(path: bytes, size: int) -> Steps[bytes]:
    yield from _need(_select_path(path))
    content = b""
    while len(content) < size:
        offset = len(content)
        part = yield from _need(Command(0x00, 0xB0, offset >> 8, offset & 0xFF, le=min(256, size - offset)))
        if not part:
            break
        content += part
    return content


def _ask(command: Command) -> Steps[Response]:
    response = yield command
    assert isinstance(response, Response)
    return response


def _need(command: Command) -> Steps[bytes]:
    """The answer's data; anything but 9000 ends the run."""
    response = yield from _ask(command)
    if not response.ok:
        raise _refused(response)
    return response.data


def _refused(response: Response) -> PersonalisationFailed:
    return PersonalisationFailed(
        Remedy.AGAIN,
        message("The card refused a command (status %(status)s).", status=f"{response.status:04X}"),
    )


def _nonsense() -> PersonalisationFailed:
    return PersonalisationFailed(Remedy.DISCARD, message("The card answered with nonsense."))


def _differs() -> PersonalisationFailed:
    return PersonalisationFailed(
        Remedy.DISCARD, message("What was read back from the card differs from what was written.")
    )


def _select_application() -> Command:
    return Command(0x00, 0xA4, 0x04, 0x00, layout.AID, le=256)


def _select(identifier: int) -> Command:
    return Command(0x00, 0xA4, 0x00, 0x0C, identifier.to_bytes(2))


def _select_path(path: bytes) -> Command:
    """By path from the MF; the MF itself by its identifier."""
    below = path[2:]
    return Command(0x00, 0xA4, 0x08, 0x0C, below) if below else _select(layout.MF)


def _create(identifier: int, descriptor: int, size: int, access: bytes) -> Command:
    template = tlv.encode(
        0x62,
        tlv.encode(0x80 if descriptor == 0x01 else 0x81, size.to_bytes(2)),
        tlv.encode(0x82, bytes((descriptor,))),
        tlv.encode(0x83, identifier.to_bytes(2)),
        tlv.encode(0x86, access),
        tlv.encode(0x85, b"\0\0"),
        tlv.encode(0x8A, b"\0"),
    )
    return Command(0x00, 0xE0, 0, 0, template)
