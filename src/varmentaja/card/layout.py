# SPDX-License-Identifier: EUPL-1.2
"""Where things lie on our cards, and the limits of their PINs.

Shared by personaliser, driver and virtual card. File and object identifiers are those of the
Finnish card application (FINEID S4-2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec

from varmentaja.card.driver import KeyAlgorithm, KeyRole, PinRole
from varmentaja.card.generations import Family
from varmentaja.domain.pins import PinName, PinRules

AID = bytes.fromhex("A000000063504B43532D3135")
"""PKCS#15 application: registered provider A000000063 and "PKCS-15"."""

MF = 0x3F00
DF = 0x5015
EF_DIR = 0x2F00
ODF = 0x5031
TOKEN_INFO = 0x5032
AODF = 0x4401
PRKDF = 0x4402
CDF = 0x4403
PUKDF = 0x4404
TRUSTED_CDF = 0x4405

CERTIFICATE_ISSUER = 0x4333
CERTIFICATE_ROOT = 0x4334
ID_ISSUER = 0x47
ID_ROOT = 0x48

PIN_SIZE = 8
"""PINs and codes travel padded with FF to this many bytes."""
PIN_NUMBER = {PinRole.AUTHENTICATION: 1, PinRole.SIGNATURE: 2}
"""In access rules, in the issuer's commands, and as authentication identifiers in PKCS#15."""
UNBLOCK_AUTH_ID = 0x81

FILE_EXISTS = 0x6A89

CURVES: dict[KeyAlgorithm, ec.EllipticCurve] = {
    KeyAlgorithm.P256: ec.SECP256R1(),
    KeyAlgorithm.P384: ec.SECP384R1(),
}
EC_BITS = {KeyAlgorithm.P256: 256, KeyAlgorithm.P384: 384}
RSA_BITS = {KeyAlgorithm.RSA_2048: 2048, KeyAlgorithm.RSA_3072: 3072}


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where one key pair and its certificate lie."""

    private: int
    public: int
    certificate: int
    identifier: int


KEYS = {
    KeyRole.AUTHENTICATION: KeyPlace(private=0x4B01, public=0x5501, certificate=0x4331, identifier=0x45),
    KeyRole.SIGNATURE: KeyPlace(private=0x4B02, public=0x5502, certificate=0x4332, identifier=0x46),
}


@dataclass(frozen=True, slots=True)
class PinPolicy:
    """Limits of one PIN, from the PIN rules of the product and card generation.

    ``code_length``: digits of the activation code that sets it. Tries are per PIN and per code."""

    min_length: int
    max_length: int
    tries: int
    code_length: int
    code_tries: int

    @classmethod
    def of(cls, rules: PinRules, name: PinName) -> PinPolicy:
        """The limits of one PIN by the rules of a product and card generation."""
        length = rules.length(name)
        return cls(length.min, length.max, rules.pin_tries, rules.code_length, rules.code_tries)

    def __post_init__(self) -> None:
        if not 1 <= self.min_length <= self.max_length <= PIN_SIZE or not 1 <= self.code_length <= PIN_SIZE:
            raise ValueError(f"PINs and codes have at most {PIN_SIZE} digits")
        if not 1 <= self.tries <= 15 or not 1 <= self.code_tries <= 15:
            raise ValueError("a status word tells of at most 15 tries")


@dataclass(frozen=True, slots=True)
class Layout:
    """What one family of cards calls its PINs and keys, and where its certificates lie."""

    pins: Mapping[PinRole, int]
    """References in VERIFY."""
    code: int
    """Reference of the activation code."""
    keys: Mapping[KeyRole, int]
    """Key references; none where keys are named by their files."""
    certificates: Mapping[KeyRole, bytes]
    """Paths from the MF on, as are the next two."""
    issuer: bytes
    root: bytes
    pads: bool
    """PINs travel padded to PIN_SIZE, not as typed."""
    not_activated: int
    """Status word of a PIN that the holder has not set yet."""
    folders: tuple[int, ...] = ()
    """Folders below the MF beside the application."""

    @property
    def references(self) -> tuple[int, ...]:
        """Of both PINs and the code."""
        return (*self.pins.values(), self.code)


def path_of(identifier: int) -> bytes:
    """The path of a file of the application, from the MF on."""
    return MF.to_bytes(2) + DF.to_bytes(2) + identifier.to_bytes(2)


def pad_pin(digits: str) -> bytes:
    """Digits as they travel: ASCII, padded with FF."""
    return digits.encode("ascii").ljust(PIN_SIZE, b"\xff")


_MF = MF.to_bytes(2)
E_SIGN = 0x5016
"""DF.ESIGN of S4-2 cards."""

LAYOUTS: Mapping[Family, Layout] = {
    Family.MYEID: Layout(
        pins=PIN_NUMBER,
        code=3,
        keys={},
        certificates={role: path_of(place.certificate) for role, place in KEYS.items()},
        issuer=path_of(CERTIFICATE_ISSUER),
        root=path_of(CERTIFICATE_ROOT),
        pads=True,
        not_activated=0x6984,
    ),
    # S4-2 v4.0 sections 4.2 and 4.3 by way of refineid-core. That a PIN waits blocked for the code is said of
    # citizens' cards (S4-1 4.6.1); of these cards it is our reading.
    Family.S4_2: Layout(
        pins={PinRole.AUTHENTICATION: 0x03, PinRole.SIGNATURE: 0x04},
        code=0x12,
        keys={KeyRole.AUTHENTICATION: 0x01, KeyRole.SIGNATURE: 0x82},
        certificates={
            KeyRole.AUTHENTICATION: path_of(0x4331),
            KeyRole.SIGNATURE: _MF + E_SIGN.to_bytes(2) + b"\x43\x32",
        },
        issuer=_MF + CERTIFICATE_ISSUER.to_bytes(2),
        root=_MF + CERTIFICATE_ROOT.to_bytes(2),
        pads=False,
        not_activated=0x6983,
        folders=(E_SIGN,),
    ),
}
