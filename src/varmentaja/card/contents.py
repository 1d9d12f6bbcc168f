# SPDX-License-Identifier: EUPL-1.2
"""What is written on a card: the order for it, and the content of every file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from varmentaja.card import layout, pkcs15
from varmentaja.card.driver import CardCertificates, KeyAlgorithm, KeyRole, PinRole
from varmentaja.card.generations import Family, generation
from varmentaja.card.layout import KEYS, LAYOUTS, Layout, PinPolicy, path_of


@dataclass(frozen=True, slots=True)
class Labels:
    """Names that other people's programs show to the holder.

    PIN labels are short: OpenSC joins the card's label and the PIN's and cuts the result at 32 characters."""

    pin1: str = "PIN1"
    pin2: str = "PIN2"
    code: str = "Activation code"
    authentication_key: str = "Authentication key"
    signature_key: str = "Signature key"
    authentication_certificate: str = "Authentication certificate"
    signature_certificate: str = "Signature certificate"
    issuer_certificate: str = "Issuing authority"
    root_certificate: str = "Root authority"

    def key(self, role: KeyRole) -> str:
        """The name of one key."""
        return self.authentication_key if role is KeyRole.AUTHENTICATION else self.signature_key

    def certificate(self, role: KeyRole) -> str:
        """The name of one certificate."""
        if role is KeyRole.AUTHENTICATION:
            return self.authentication_certificate
        return self.signature_certificate


@dataclass(frozen=True, slots=True)
class CardOrder:
    """One card to make. ``challenge`` is the issuer's, at least 32 bytes; ``code`` the activation code."""

    chip_serial: str
    label: str
    """At most 25 characters; a part of the serial tells cards apart in lists."""
    generation: str
    algorithm: KeyAlgorithm
    challenge: bytes = field(repr=False)
    code: str = field(repr=False)
    pin1: PinPolicy
    pin2: PinPolicy
    labels: Labels = Labels()
    manufacturer: str = "Varmentaja"

    def __post_init__(self) -> None:
        if len(self.challenge) < 32:
            raise ValueError("the challenge has at least 32 bytes")
        if len(self.code) != self.pin1.code_length or self.pin1.code_length != self.pin2.code_length:
            raise ValueError("one code of the generation's length sets both PINs")

    @property
    def layout(self) -> Layout:
        """Where things lie on cards of this generation."""
        return LAYOUTS[self._family]

    @property
    def token_serial(self) -> bytes:
        """The serial as EF.TokenInfo tells it: S4-2 cards give it as text."""
        return self.chip_serial.encode() if self._family is Family.S4_2 else bytes.fromhex(self.chip_serial)

    @property
    def _family(self) -> Family:
        return generation(self.generation).family

    def pin(self, role: PinRole) -> PinPolicy:
        """The limits of one PIN."""
        return self.pin1 if role is PinRole.AUTHENTICATION else self.pin2


def card_files(
    order: CardOrder, keys: Mapping[KeyRole, bytes], certificates: CardCertificates
) -> dict[bytes, bytes]:
    """Every elementary file by its path, in the order of writing."""
    of_card = {
        order.layout.issuer: certificates.issuer,
        order.layout.root: certificates.root,
        order.layout.certificates[KeyRole.AUTHENTICATION]: certificates.authentication,
        order.layout.certificates[KeyRole.SIGNATURE]: certificates.signature,
    }
    of_application = {
        **{KEYS[role].public: _public_key_file(keys[role]) for role in KeyRole},
        layout.TOKEN_INFO: _token_info(order),
        layout.AODF: pkcs15.encode_pins(_pins(order)),
        layout.PRKDF: pkcs15.encode_keys(_keys(order, private=True)),
        layout.PUKDF: pkcs15.encode_keys(_keys(order, private=False)),
        layout.CDF: pkcs15.encode_certificates(_certificates(order)),
        layout.TRUSTED_CDF: pkcs15.encode_certificates(_authorities(order)),
        layout.ODF: pkcs15.encode_odf(_DIRECTORY),
    }
    ef_dir = layout.MF.to_bytes(2) + layout.EF_DIR.to_bytes(2)
    application = pkcs15.encode_ef_dir(layout.AID, order.label, path_of(0)[:-2])
    files = of_card | {path_of(name): content for name, content in of_application.items()}
    return {path: content for path, content in files.items() if content} | {ef_dir: application}


_DIRECTORY = pkcs15.Directory(
    private_keys=path_of(layout.PRKDF),
    public_keys=path_of(layout.PUKDF),
    certificates=path_of(layout.CDF),
    trusted_certificates=path_of(layout.TRUSTED_CDF),
    authentication=path_of(layout.AODF),
)


def _public_key_file(public_key: bytes) -> bytes:
    """RSA keys as PKCS#1 RSAPublicKey, EC keys as SubjectPublicKeyInfo: what PKCS#15 readers expect."""
    key = load_der_public_key(public_key)
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    return public_key


def _token_info(order: CardOrder) -> bytes:
    return pkcs15.encode_token_info(
        pkcs15.TokenInfo(order.token_serial, order.manufacturer, order.label, order.generation)
    )


def _pins(order: CardOrder) -> list[pkcs15.PinObject]:
    names = {PinRole.AUTHENTICATION: order.labels.pin1, PinRole.SIGNATURE: order.labels.pin2}
    pins = [
        pkcs15.PinObject(
            label=names[role],
            auth_id=layout.PIN_NUMBER[role],
            reference=order.layout.pins[role],
            min_length=order.pin(role).min_length,
            max_length=order.pin(role).max_length,
            unblocked_by=layout.UNBLOCK_AUTH_ID,
            padded=order.layout.pads,
        )
        for role in PinRole
    ]
    length = len(order.code)
    code = pkcs15.PinObject(
        order.labels.code,
        layout.UNBLOCK_AUTH_ID,
        order.layout.code,
        length,
        length,
        unblocking=True,
        padded=order.layout.pads,
    )
    return [*pins, code]


def _keys(order: CardOrder, *, private: bool) -> list[pkcs15.KeyObject]:
    is_ec = order.algorithm in layout.EC_BITS
    return [
        pkcs15.KeyObject(
            label=order.labels.key(role),
            identifier=KEYS[role].identifier,
            path=path_of(KEYS[role].private if private else KEYS[role].public),
            bits=layout.EC_BITS[order.algorithm] if is_ec else layout.RSA_BITS[order.algorithm],
            is_ec=is_ec,
            auth_id=layout.PIN_NUMBER[role.pin] if private else None,
            non_repudiation=role is KeyRole.SIGNATURE,
            reference=order.layout.keys.get(role) if private else None,
        )
        for role in KeyRole
    ]


def _certificates(order: CardOrder) -> list[pkcs15.CertificateObject]:
    return [
        pkcs15.CertificateObject(
            order.labels.certificate(role), place.identifier, order.layout.certificates[role]
        )
        for role, place in KEYS.items()
    ]


def _authorities(order: CardOrder) -> list[pkcs15.CertificateObject]:
    labels, places = order.labels, order.layout
    return [
        pkcs15.CertificateObject(labels.issuer_certificate, layout.ID_ISSUER, places.issuer, authority=True),
        pkcs15.CertificateObject(labels.root_certificate, layout.ID_ROOT, places.root, authority=True),
    ]
