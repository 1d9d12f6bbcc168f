# SPDX-License-Identifier: EUPL-1.2
"""Distinguished names: what may stand in a subject, in which order and string type (decision 18).

Lengths are those of RFC 5280 appendix A; texts are NFC. ``CN`` is surname, name in use and serialNumber,
and is the only attribute that is ever shortened: first to initials, then by cutting the surname.
``misfits`` tells beforehand what a profile could not carry.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from varmentaja.domain.errors import DomainError, Message, invalid
from varmentaja.pki import der


class CharacterSet(StrEnum):
    """Letters a profile can carry. All are written as UTF8String."""

    UTF8 = "utf-8"
    LATIN1 = "iso-8859-1"


class Attribute(StrEnum):
    """Attributes of subjects, by the names the profiles use."""

    COUNTRY = "country"
    ORGANIZATION = "organization"
    SERIAL_NUMBER = "serial_number"
    GIVEN_NAME = "given_name"
    SURNAME = "surname"
    TITLE = "title"
    PSEUDONYM = "pseudonym"
    COMMON_NAME = "common_name"


@dataclass(frozen=True, slots=True)
class AttributeRule:
    """OID, upper bound in characters (RFC 5280 appendix A) and whether PrintableString is the type."""

    oid: str
    upper_bound: int
    printable: bool = False


RULES = {
    Attribute.COUNTRY: AttributeRule("2.5.4.6", 2, printable=True),
    Attribute.ORGANIZATION: AttributeRule("2.5.4.10", 64),
    Attribute.SERIAL_NUMBER: AttributeRule("2.5.4.5", 64, printable=True),
    Attribute.GIVEN_NAME: AttributeRule("2.5.4.42", 32768),
    Attribute.SURNAME: AttributeRule("2.5.4.4", 32768),
    Attribute.TITLE: AttributeRule("2.5.4.12", 64),
    Attribute.PSEUDONYM: AttributeRule("2.5.4.65", 128, printable=True),
    Attribute.COMMON_NAME: AttributeRule("2.5.4.3", 64),
}
_MOST_INITIALS = 16
"""Characters of a common name that initials may take, so that a long row of them leaves the surname room."""
_PRINTABLE = re.compile(r"[A-Za-z0-9 '()+,./:=?-]*\Z")
# Letters that do not decompose into a Latin letter and a mark; spellings are the offered ones, never
# applied unasked.
_OFFERED = str.maketrans(
    {"đ": "d", "Đ": "D", "ŋ": "n", "Ŋ": "N", "ŧ": "t", "Ŧ": "T", "ǥ": "g", "Ǥ": "G", "ʒ": "z", "Ʒ": "Z"}
    | {"ł": "l", "Ł": "L", "ı": "i", "œ": "oe", "Œ": "OE", "ẞ": "SS", "\u2019": "'", "\u2013": "-"}
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What stands in a subject. Persons have ``surname`` and ``given_names``; others only ``common_name``.

    ``serial_number`` is the registration number (professional), SATU (others) or another identifier, as text;
    ``first_name`` is the name in use; ``physician_code`` is the physician's identification code
    (yksilöintitunnus).
    """

    serial_number: str | None = None
    given_names: str | None = None
    first_name: str | None = None
    surname: str | None = None
    title: str | None = None
    physician_code: str | None = None
    organization: str | None = None
    common_name: str | None = None
    country: str = "FI"
    user_principal_name: str | None = None
    """Not in the subject: in subjectAltName, by profiles with ``user_principal_name``."""


def subject_values(
    subject: Subject, attributes: Sequence[Attribute], character_set: CharacterSet
) -> tuple[tuple[Attribute, str], ...]:
    """The attributes of a subject in a profile's order, normalised and checked; absent ones are left out.

    Raises `invalid` with ``field`` set: an unfit letter (for ISO 8859-1 the message offers a spelling in
    ``values["suggestion"]`` where there is one), or a text over its upper bound.
    """
    texts = _texts(subject)
    return tuple(
        (attribute, check_text(attribute, text, character_set))
        for attribute in attributes
        if (text := texts[attribute])
    )


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value that a profile cannot carry."""

    attribute: Attribute
    written: str
    reason: Message
    """Why not, and the spelling to offer where there is one."""
    suggestion: str | None
    """That spelling alone. It is offered to the person, never applied unasked."""


def misfits(
    subject: Subject, attributes: Sequence[Attribute], character_set: CharacterSet
) -> tuple[Misfit, ...]:
    """What `subject_values` would refuse, all of it; empty when the subject fits."""
    texts = _texts(subject)
    found = tuple(
        misfit
        for attribute in attributes
        if (text := texts[attribute]) and (misfit := _misfit(attribute, text, character_set))
    )
    # The common name is put together from the others: what is wrong with one of them is told once.
    return tuple(each for each in found if each.attribute is not Attribute.COMMON_NAME) or found


def _misfit(attribute: Attribute, text: str, character_set: CharacterSet) -> Misfit | None:
    try:
        check_text(attribute, text, character_set)
    except DomainError as error:
        offered = error.message.values.get("suggestion")
        return Misfit(attribute, text, error.message, None if offered is None else str(offered))
    return None


def _texts(subject: Subject) -> dict[Attribute, str | None]:
    return {
        Attribute.COUNTRY: subject.country,
        Attribute.ORGANIZATION: subject.organization,
        Attribute.SERIAL_NUMBER: subject.serial_number,
        Attribute.GIVEN_NAME: subject.given_names,
        Attribute.SURNAME: subject.surname,
        Attribute.TITLE: subject.title,
        Attribute.PSEUDONYM: subject.physician_code,
        Attribute.COMMON_NAME: subject.common_name or _person_common_name(subject),
    }


def encode_name(values: Sequence[tuple[Attribute, str]]) -> bytes:
    """Name as DER, one attribute in each RDN."""
    return der.sequence(*(der.set_of(_encode_attribute(*value)) for value in values))


def check_text(attribute: Attribute, text: str, character_set: CharacterSet) -> str:
    """Normalise one value to NFC without outer spaces, and refuse what the attribute cannot carry."""
    rule = RULES[attribute]
    value = unicodedata.normalize("NFC", text).strip()
    if any(unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for letter in value):
        raise invalid("A name may not hold control characters.", field=attribute)
    if len(value) > rule.upper_bound:
        raise invalid(
            "“%(written)s” is too long for a certificate: %(length)s characters, at most %(most)s fit.",
            field=attribute,
            written=value,
            length=len(value),
            most=rule.upper_bound,
        )
    if rule.printable and not _PRINTABLE.match(value):
        raise invalid("“%(written)s” may hold only plain letters and digits.", field=attribute, written=value)
    if character_set is CharacterSet.LATIN1:
        _check_latin1(attribute, value)
    return value


def offered_spelling(text: str) -> str | None:
    """A spelling of ``text`` within ISO 8859-1 to offer to the person, or None where none is known."""
    spelled = "".join(letter if _is_latin1(letter) else _plain(letter) for letter in text)
    return spelled if spelled and _is_latin1(spelled) else None


def common_name(surname: str, first_name: str, serial_number: str) -> str:
    """``SURNAME FIRST SERIAL`` within 64 characters: initials where longer, then a cut surname."""
    most = RULES[Attribute.COMMON_NAME].upper_bound
    surname, first = (unicodedata.normalize("NFC", name).strip() for name in (surname, first_name))
    full = " ".join(part for part in (surname, first, serial_number) if part)
    if len(full) <= most:
        return full
    tail = "".join(f" {part}" for part in (_initials(first), serial_number) if part)
    return _cut(surname, most - len(tail)) + tail


def _person_common_name(subject: Subject) -> str | None:
    if not subject.surname:
        return None
    first = subject.first_name or (subject.given_names or "").split(" ")[0]
    return common_name(subject.surname, first, subject.serial_number or "")


def _initials(first_name: str) -> str:
    initials = re.sub(r"[^\s-]+", lambda word: word.group()[0] + ".", first_name)
    return initials[: initials.rfind(".", 0, _MOST_INITIALS) + 1]


def _cut(text: str, most: int) -> str:
    return text[: max(most, 0)].rstrip(" -")


def _check_latin1(attribute: Attribute, value: str) -> None:
    if _is_latin1(value):
        return
    suggestion = offered_spelling(value)
    if suggestion is None:
        raise invalid("“%(written)s” has letters this card cannot carry.", field=attribute, written=value)
    raise invalid(
        "“%(written)s” has letters this card cannot carry. If the person agrees, write “%(suggestion)s”.",
        field=attribute,
        written=value,
        suggestion=suggestion,
    )


def _is_latin1(text: str) -> bool:
    return all(ord(letter) < 0x7F or 0xA0 <= ord(letter) <= 0xFF for letter in text)


def _plain(letter: str) -> str:
    parts = unicodedata.normalize("NFD", letter)
    return "".join(part for part in parts if not unicodedata.combining(part)).translate(_OFFERED)


def _encode_attribute(attribute: Attribute, value: str) -> bytes:
    rule = RULES[attribute]
    text = der.printable_string(value) if rule.printable else der.utf8_string(value)
    return der.sequence(der.oid(rule.oid), text)
