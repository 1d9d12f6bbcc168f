# SPDX-License-Identifier: EUPL-1.2
"""Authorities, lists and persons as entries of an X.500 directory (RFC 4512, RFC 4519, RFC 4523).

Names below the base follow the certificates: an authority ``CN=A, OU=B, O=C`` is ``cn=A,ou=B,o=C,<base>``.
An authority with one list bears it itself; one with several has an entry for each shard below it, since a
part of the list beside the authority would be taken for the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import NameOID

Path = tuple[tuple[str, str], ...]
"""Relative names from the base downwards: attribute and value."""

AUTHORITY_CERTIFICATE = "cACertificate;binary"
FULL_LIST = "certificateRevocationList;binary"
AUTHORITIES_LIST = "authorityRevocationList;binary"
DELTA_LIST = "deltaRevocationList;binary"
USER_CERTIFICATE = "userCertificate;binary"

_NAMES = {
    NameOID.ORGANIZATION_NAME: "o",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "ou",
    NameOID.COMMON_NAME: "cn",
}
_NODES = {"o": "organization", "ou": "organizationalUnit"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, complete: an attribute that is missing here is missing in the directory, too."""

    path: Path
    classes: tuple[str, ...]
    attributes: Mapping[str, tuple[bytes, ...]]
    """Beside those of the entry's own relative name."""


@dataclass(frozen=True, slots=True)
class ShardLists:
    """What is published of one shard."""

    full: bytes
    delta: bytes | None


def authority_entries(certificate: bytes, lists: Sequence[ShardLists]) -> Iterator[Entry]:
    """The entries of one authority, those above it first."""
    loaded = x509.load_der_x509_certificate(certificate)
    path = authority_path(loaded)
    for depth in range(1, len(path)):
        yield Entry(path[:depth], (_NODES[path[depth - 1][0]],), {})
    attributes: dict[str, tuple[bytes, ...]] = {AUTHORITY_CERTIFICATE: (certificate,)}
    whole = lists[0] if len(lists) == 1 else None
    if whole:
        attributes |= _list_attributes(whole)
        if loaded.issuer == loaded.subject:  # a root certifies authorities alone
            attributes[AUTHORITIES_LIST] = (whole.full,)
    classes = ("applicationProcess", "pkiCA", *(("deltaCRL",) if whole and whole.delta else ()))
    yield Entry(path, classes, attributes)
    for number, shard in enumerate(() if whole else lists):
        place = list_path(path, number, len(lists))
        yield Entry(place, ("cRLDistributionPoint",), _list_attributes(shard))


def authority_path(certificate: x509.Certificate) -> Path:
    """Where an authority stands: by its subject without the country, which is the base's."""
    return tuple((_NAMES[each.oid], str(each.value)) for each in certificate.subject if each.oid in _NAMES)


def list_path(authority: Path, shard: int, shards: int) -> Path:
    """Where a shard's lists stand."""
    return authority if shards == 1 else (*authority, ("cn", str(shard)))


def person_entry(certificates: Iterable[bytes]) -> Entry:
    """A person's entry, named by the serialNumber of the subject; the first certificate gives the names.

    ValueError for a subject without serialNumber, surname or common name.
    """
    ders = tuple(certificates)
    subject = x509.load_der_x509_certificate(ders[0]).subject
    attributes = {
        name: tuple(str(each.value).encode() for each in subject.get_attributes_for_oid(oid))
        for name, oid in (
            ("cn", NameOID.COMMON_NAME),
            ("sn", NameOID.SURNAME),
            ("givenName", NameOID.GIVEN_NAME),
            ("title", NameOID.TITLE),
        )
    }
    numbers = subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
    if not (numbers and attributes["cn"] and attributes["sn"]):
        raise ValueError("a person has a serial number, a surname and a common name")
    # extensibleObject: no standard class of a person holds the subject's serialNumber.
    return Entry(
        person_path(str(numbers[0].value)),
        ("person", "pkiUser", "extensibleObject"),
        {name: values for name, values in attributes.items() if values} | {USER_CERTIFICATE: ders},
    )


def person_path(number: str) -> Path:
    """Where the person with this serialNumber stands."""
    return (("serialNumber", number),)


def distinguished_name(path: Path, base: str) -> str:
    """The entry's name as text (RFC 4514)."""
    return ",".join([*(f"{name}={_escaped(value)}" for name, value in reversed(path)), base])


def _list_attributes(lists: ShardLists) -> dict[str, tuple[bytes, ...]]:
    delta = {DELTA_LIST: (lists.delta,)} if lists.delta else {}
    return {FULL_LIST: (lists.full,), **delta}


def _escaped(value: str) -> str:
    text = "".join("\\" + each if each in ',+"\\<>;=#' else each for each in value)
    text = text.replace("\x00", "\\00")
    if text.startswith(" "):
        text = "\\" + text
    return text[:-1] + "\\ " if text.endswith(" ") and len(text) > 1 else text
