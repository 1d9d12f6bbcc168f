# SPDX-License-Identifier: EUPL-1.2
"""Names of every letter, of every length, in the profile's order."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from tests.support.pki import PHYSICIAN

from varmentaja.domain.errors import DomainError, Kind
from varmentaja.pki import der
from varmentaja.pki.algorithms import KeyAlgorithm, signature_identifier, spki
from varmentaja.pki.names import (
    Attribute,
    CharacterSet,
    Subject,
    check_text,
    common_name,
    encode_name,
    misfits,
    offered_spelling,
    subject_values,
)
from varmentaja.pki.profile import load_profile

ORDER = load_profile("professional-auth").attributes
LATIN1_LETTERS = [chr(code) for code in range(0xC0, 0x100) if chr(code).isalpha()]
SAMI_LETTERS = "ÁáČčĐđŊŋŠšŦŧŽžǤǥǦǧǨǩƷʒǮǯÂâÕõ"


def _parsed(subject: Subject, character_set: CharacterSet = CharacterSet.UTF8) -> x509.Name:
    encoded = encode_name(subject_values(subject, ORDER, character_set))
    return x509.load_der_x509_csr(_csr_with(encoded)).subject


def _csr_with(name: bytes) -> bytes:
    """A throw-away request that carries the name, so that ``cryptography`` parses it."""
    key = ec.derive_private_key(7, ec.SECP256R1()).public_key()
    info = der.sequence(der.integer(0), name, spki(key), der.explicit(0))
    return der.sequence(info, signature_identifier(KeyAlgorithm.P256), der.bit_string(b""))


def test_a_physicians_subject_stands_in_the_order_of_the_house() -> None:
    name = _parsed(PHYSICIAN)
    assert [attribute.rfc4514_attribute_name for attribute in name] == [
        "C",
        "2.5.4.5",
        "2.5.4.42",
        "2.5.4.4",
        "2.5.4.12",
        "2.5.4.65",
        "CN",
    ]
    assert [attribute.value for attribute in name] == [
        "FI",
        "00198705840",
        "Aino Maria",
        "Äijälä",
        "laillistettu lääkäri",
        "032680",
        "Äijälä Aino 00198705840",
    ]


def test_string_types_are_those_of_the_national_profile() -> None:
    types = {attribute.rfc4514_attribute_name: attribute._type.name for attribute in _parsed(PHYSICIAN)}
    assert {name for name, kind in types.items() if kind == "PrintableString"} == {"C", "2.5.4.5", "2.5.4.65"}
    assert {name for name, kind in types.items() if kind == "UTF8String"} == {
        "2.5.4.42",
        "2.5.4.4",
        "2.5.4.12",
        "CN",
    }


@pytest.mark.parametrize("letter", [*LATIN1_LETTERS, *SAMI_LETTERS])
def test_every_letter_is_carried_by_the_default_profile(letter: str) -> None:
    name = _parsed(replace(PHYSICIAN, surname=f"A{letter}a"))
    assert name.get_attributes_for_oid(x509.NameOID.SURNAME)[0].value == f"A{letter}a"


@pytest.mark.parametrize("letter", LATIN1_LETTERS)
def test_every_latin1_letter_is_carried_by_the_latin1_profile(letter: str) -> None:
    assert _parsed(replace(PHYSICIAN, surname=f"A{letter}a"), CharacterSet.LATIN1)


@pytest.mark.parametrize(
    ("written", "offered"),
    [
        ("Šaljapin", "Saljapin"),
        ("Žižek", "Zizek"),
        ("Ŋuorttan", "Nuorttan"),
        ("Čáđđa", "Cádda"),
        ("Ǯǥǩ", "Zgk"),
    ],
)
def test_the_latin1_profile_offers_a_spelling_before_it_refuses(written: str, offered: str) -> None:
    with pytest.raises(DomainError) as refused:
        subject_values(replace(PHYSICIAN, surname=written), ORDER, CharacterSet.LATIN1)
    assert refused.value.kind is Kind.INVALID and refused.value.field == "surname"
    assert refused.value.message.values["suggestion"] == offered


def test_the_latin1_profile_offers_nothing_for_other_scripts() -> None:
    with pytest.raises(DomainError) as refused:
        subject_values(replace(PHYSICIAN, surname="Иванова"), ORDER, CharacterSet.LATIN1)
    assert "suggestion" not in refused.value.message.values


def test_a_subject_that_fits_has_no_misfit() -> None:
    assert misfits(PHYSICIAN, ORDER, CharacterSet.LATIN1) == ()


def test_all_misfits_are_told_at_once_and_the_common_name_only_for_itself() -> None:
    subject = replace(PHYSICIAN, surname="Žižek", given_names="Šárá Иван", first_name="Šárá", title="t" * 65)
    found = misfits(subject, ORDER, CharacterSet.LATIN1)
    assert [(each.attribute, each.written, each.suggestion) for each in found] == [
        (Attribute.GIVEN_NAME, "Šárá Иван", None),
        (Attribute.SURNAME, "Žižek", "Zizek"),
        (Attribute.TITLE, "t" * 65, None),
    ]
    assert "write “Zizek”" in str(found[1].reason)
    alone = misfits(replace(PHYSICIAN, serial_number="1" * 64), ORDER, CharacterSet.UTF8)
    assert [each.attribute for each in alone] == [Attribute.COMMON_NAME]


@given(st.text(max_size=40))
def test_an_offered_spelling_is_always_within_latin1(text: str) -> None:
    spelling = offered_spelling(text)
    assert spelling is None or len(spelling.encode("latin-1")) > 0


def test_a_name_of_seventy_characters_stays_whole_and_the_common_name_is_shortened() -> None:
    surname = "Vehkalahdenrannanniementaustanmetsänreunanperäläinen-Kivimäenjuuri"
    assert len(surname) >= 65
    name = _parsed(
        replace(PHYSICIAN, surname=surname, given_names="Anna-Maria " * 6 + "Eeva", first_name="Anna-Maria")
    )
    assert name.get_attributes_for_oid(x509.NameOID.SURNAME)[0].value == surname
    common = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
    assert (
        len(common) <= 64
        and common.endswith(" A.-M. 00198705840")
        and surname.startswith(common.split(" ")[0])
    )


def test_initials_come_before_cutting() -> None:
    surname = "S" * 40
    shortened = common_name(surname, "Maria Magdalena", "00198705840")
    assert shortened == f"{surname} M. M. 00198705840"


names = st.text(st.characters(categories=["L"]) | st.sampled_from(" -’"), max_size=400).filter(str.strip)


@given(names, names)
def test_a_common_name_never_exceeds_its_bound_and_keeps_the_number(surname: str, first: str) -> None:
    shortened = common_name(surname, first, "00198705840")
    assert len(shortened) <= 64 and f" {shortened}".endswith(" 00198705840")


def test_twenty_first_names_leave_the_surname_its_room() -> None:
    assert common_name("Äijälä", "Anna " * 20, "00198705840") == "Äijälä A. A. A. A. A. 00198705840"
    long = common_name("S" * 60, "-".join(["Anna"] * 20), "00198705840")
    assert long == "S" * 37 + " A.-A.-A.-A.-A. 00198705840" and len(long) <= 64


def test_a_number_that_fills_the_common_name_is_refused_not_cut() -> None:
    with pytest.raises(DomainError, match="too long"):
        subject_values(replace(PHYSICIAN, serial_number="1" * 64), ORDER, CharacterSet.UTF8)


def test_a_decomposed_name_is_written_composed() -> None:
    name = _parsed(replace(PHYSICIAN, surname=unicodedata.normalize("NFD", "Äijälä")))
    assert name.get_attributes_for_oid(x509.NameOID.SURNAME)[0].value == "Äijälä"


def test_a_title_over_its_bound_is_refused_with_the_numbers() -> None:
    with pytest.raises(DomainError) as refused:
        subject_values(replace(PHYSICIAN, title="t" * 65), ORDER, CharacterSet.UTF8)
    assert refused.value.field == "title"
    assert (refused.value.message.values["length"], refused.value.message.values["most"]) == (65, 64)


@pytest.mark.parametrize("unfit", ["A\x00B", "A\nB", "A\u202eB", "A\ud800B", "A\ufeffB"])
def test_control_and_direction_characters_are_refused(unfit: str) -> None:
    with pytest.raises(DomainError, match="control"):
        check_text(Attribute.SURNAME, unfit, CharacterSet.UTF8)


@pytest.mark.parametrize("unfit", ["00198705840*", "SATU_1", "åäö"])
def test_numbers_and_codes_are_printable_strings(unfit: str) -> None:
    with pytest.raises(DomainError, match="plain letters"):
        check_text(Attribute.SERIAL_NUMBER, unfit, CharacterSet.UTF8)
