# SPDX-License-Identifier: EUPL-1.2
"""Names are found as people type them and stand in Finnish order, whatever the collation."""

from __future__ import annotations

import locale

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varmentaja.domain.names import name_key, sort_key

LETTERS = "aàáâãäåæbcçdðđeèéêëfgǥhiìíîïjklmnñŋoòóôõöøpqrsštŧuùúûüvwxyýzžþß -'’"
names = st.text(LETTERS + LETTERS.upper(), min_size=1, max_size=70)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("äij", "Äijälä"),
        ("aij", "Äijälä"),
        ("AIJA", "Äijälä"),
        ("a\u0308ij", "Äijälä"),
        ("ang", "Ångström"),
        ("oster", "Österman"),
        ("sebor", "Šebor"),
        ("zuk", "Žukov"),
        ("guttorm n", "Guttorm Niŋŋá"),
        ("dahl", "Đahl"),
        ("kaarle-h", "Kaarle Heikki"),
        ("kaarle h", "Kaarle-Heikki"),
        ("oconn", "O’Connor"),
        ("o'conn", "O'Connor"),
        ("  von   w", "von Wright"),
        ("strasse", "Straße"),
        ("soren", "Sørensen"),
        ("thor", "Þórsson"),
    ],
)
def test_a_name_is_found_by_its_beginning(typed: str, name: str) -> None:
    assert name_key(name).startswith(name_key(typed))


def test_names_after_one_another_are_one_key() -> None:
    assert name_key("Äijälä", "Aino Maria") == "aijala aino maria"


@given(names, st.integers(0, 70))
def test_the_key_of_a_beginning_begins_the_key(name: str, length: int) -> None:
    assert name_key(name).startswith(name_key(name[:length]))


@given(names)
def test_a_key_is_plain_and_stays_as_it_is(name: str) -> None:
    key = name_key(name)
    assert key.isascii()
    assert key == key.lower() == name_key(key)


IN_ORDER = [
    ("Aalto", "Zacharias"),
    ("Aho", "Öllölä"),
    ("Aho-Niemi", "Aino"),
    ("Ahola", "Aino"),
    ("D’Angelo", "Anna"),
    ("Dangelov", "Anna"),
    ("Meri", "Anna"),
    ("Méri", "Anna"),
    ("Meri", "Berit"),
    ("Muller", "Eva"),
    ("Myller", "Eva"),
    ("Müller", "Eva"),
    ("Saari", "Tuomo"),
    ("Šebor", "Jana"),
    ("Selin", "Tuomo"),
    ("Virta", "Anna"),
    ("Wirta", "Anna"),
    ("Virta", "Berit"),
    ("Wirtanen", "Anna"),
    ("Vuori", "Anna"),
    ("Zetterberg", "Nils"),
    ("Ångström", "Anders"),
    ("Äijälä", "Aino"),
    ("Ærø", "Hans"),
    ("Österman", "Siv"),
    ("Øvrebø", "Siv"),
]


def test_names_stand_in_finnish_order() -> None:
    backwards = list(reversed(IN_ORDER))
    assert sorted(backwards, key=lambda name: sort_key(*name)) == IN_ORDER


def test_keys_are_digits_so_that_no_collation_changes_the_order() -> None:
    keys = [sort_key(*name) for name in IN_ORDER]
    assert all(key.isascii() and key.isdigit() for key in keys)
    assert sorted(keys, key=locale.strxfrm) == keys


@given(names)
def test_upper_and_lower_case_stand_together(name: str) -> None:
    assert sort_key(name.upper().lower()) == sort_key(name.upper())


@given(st.text(max_size=20))
def test_any_text_has_keys(text: str) -> None:
    assert sort_key(text).isdigit()
    assert isinstance(name_key(text), str)
