# SPDX-License-Identifier: EUPL-1.2
"""Write the sandbox's registers: the cast and a few hundred invented people, the same ones every time.

    python tools/make_people.py

Overwrites people.jsonl and professionals.jsonl of the register simulators. Family names are put together from
parts, towns and streets do not exist, identity codes are of the series 900-999.
"""

from __future__ import annotations

import json
import random
import tomllib
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from varmentaja.adapters.code_server.answer import read_concept
from varmentaja.adapters.population_register import record as people_records
from varmentaja.adapters.population_register.simulator import PEOPLE
from varmentaja.adapters.professional_register import record as professional_records
from varmentaja.adapters.professional_register.simulator import PROFESSIONALS
from varmentaja.adapters.sandbox import cast
from varmentaja.domain.check_character import check_character
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.domain.people import Address, Language, Person
from varmentaja.domain.rights import Professional, Register, Right, RightKind

COUNT = 400
CODE_SET = cast.FILE.parents[1] / "code_server" / "data" / "1.2.246.537.6.140.json"
CONCEPTS = {c.code: c for c in map(read_concept, json.loads(CODE_SET.read_text("utf-8")))}
SOCIAL = {"S81", "S82"}
PROTECTED = {"S61"}
PRESCRIBERS = {"001", "034", "002", "035", "S24"}
TOWNS_FI = [
    ("99981", "Mallila"),
    ("99982", "Esimerkkilä"),
    ("99983", "Näyteniemi"),
    ("99984", "Kokeilukoski"),
]
TOWNS_SV = [("99985", "Exempelby"), ("99987", "Provnäs")]
STREETS_FI = ["Esimerkkikatu", "Näytetie", "Mallikuja", "Kokeilupolku", "Testaajanraitti"]
STREETS_SV = ["Exempelgatan", "Provgränden", "Modellvägen"]
FIRST_FI = [
    "Aada",
    "Aino",
    "Anni",
    "Eero",
    "Eetu",
    "Ella",
    "Emma",
    "Eveliina",
    "Hanna",
    "Helmi",
    "Iida",
    "Ilmari",
    "Inka",
    "Jari",
    "Johanna",
    "Juho",
    "Kaisa",
    "Kalle",
    "Lauri",
    "Leena",
    "Lotta",
    "Minna",
    "Niilo",
    "Noora",
    "Olavi",
    "Onni",
    "Outi",
    "Päivi",
    "Pekka",
    "Pirjo",
    "Reijo",
    "Riikka",
    "Saana",
    "Sami",
    "Sirpa",
    "Taavi",
    "Tiina",
    "Tuomas",
    "Ulla",
    "Valtteri",
    "Veera",
    "Väinö",
    "Ylermi",
    "Äänis",
    "Ösken",
]
FIRST_SV = [
    "Anders",
    "Axel",
    "Björn",
    "Carin",
    "Elsa",
    "Erik",
    "Fredrika",
    "Göran",
    "Hilda",
    "Ingrid",
    "Kerstin",
    "Lars",
    "Märta",
    "Nils",
    "Sven",
    "Ulrika",
]
START_FI = [
    "Aho",
    "Harju",
    "Havu",
    "Honka",
    "Kaisla",
    "Kallio",
    "Kanerva",
    "Koivu",
    "Kuusi",
    "Lehto",
    "Mänty",
    "Niitty",
    "Pihlaja",
    "Salmi",
    "Tammi",
    "Vuori",
]
END_FI = [
    "esimerkki",
    "kaarre",
    "lahdelma",
    "niitynpää",
    "näytelä",
    "päivärinne",
    "rantala",
    "sillanpää",
    "testilä",
    "vainionpää",
    "ärjänne",
]
START_SV = ["Björk", "Ek", "Fjäll", "Gran", "Hägg", "Lind", "Lärk", "Rönn", "Sjö", "Äng"]
END_SV = ["exempel", "hielm", "näsudd", "provberg", "strömsholm", "ådal"]
# Together these hold every letter of ISO 8859-1, those of Finnish loan words, and the Sámi languages' own.
RARE_NAMES = [
    ("Àáâãäåæ-Çèéêë", "Zoë Ìíîï"),
    ("Ðñòóôõöø-Ùúûüýþÿß", "Þorgerður Šárka"),
    ("àÁÂÃÄÅÆç-ÈÉÊËìÍÎÏ", "Øyvind Ängla"),
    ("ðÑÒÓÔÕÖØ-ùÚÛÜÝÞ", "Ømer Žofia"),
    ("Šedivý-Žižkovský", "Željko Šimon"),
    ("Áŋŋelžok-Đuottarjávri", "Ŧeađgi Máhtte"),
    ("Čuovžajokk-Ǩiõlgǥâđ", "Ǯuäʹnn Vuõkku"),
    ("D’Exempel-O'Mallila", "Jean-Luc Ó"),
]


class People:
    """Draws people one after the other; a seed makes them the same every time."""

    def __init__(self, seed: int = 2026) -> None:
        self.random = random.Random(seed)
        self.codes: set[str] = set()
        self.electronic_ids = iter(range(99910001, 99999999))
        self.numbers = iter(range(1000, 999999))

    def electronic_id(self) -> str:
        digits = str(next(self.electronic_ids))
        return digits + check_character(digits)

    def code(self) -> IdentityCode:
        while True:
            born = date(1935, 1, 1) + timedelta(days=self.random.randrange(25_000))
            digits = f"{born:%d%m%y}{self.random.randrange(900, 1000)}"
            separator = self.random.choice("ABC" if born.year >= 2000 else "---YXWVU")
            code = IdentityCode.parse(f"{digits[:6]}{separator}{digits[6:]}{check_character(digits)}")
            if str(code) not in self.codes:
                self.codes.add(str(code))
                return code

    def names(self, place: int) -> tuple[str, str, Language]:
        draw = self.random.choice
        if place < len(RARE_NAMES):
            return (*RARE_NAMES[place], Language.FINNISH)
        if self.random.random() < 0.15:
            return draw(START_SV) + draw(END_SV), f"{draw(FIRST_SV)} {draw(FIRST_SV)}", Language.SWEDISH
        language = Language.ENGLISH if self.random.random() < 0.04 else Language.FINNISH
        return draw(START_FI) + draw(END_FI), f"{draw(FIRST_FI)} {draw(FIRST_FI)}", language

    def address(self, language: Language) -> Address | None:
        draw = self.random.choice
        chance = self.random.random()
        if chance < 0.03:
            return None
        if chance < 0.05:
            return Address("Provvägen 3", "999 99", "Exempelstad", "SE")
        swedish = language is Language.SWEDISH
        postal_code, town = draw(TOWNS_SV if swedish else TOWNS_FI)
        flat = draw(["", " A 1", " B 22", " as. 4"])
        return Address(
            f"{draw(STREETS_SV if swedish else STREETS_FI)} {self.random.randrange(1, 120)}{flat}",
            postal_code,
            town,
        )

    def person(self, place: int) -> Person:
        family_name, given_names, language = self.names(place)
        alive = self.random.random() > 0.03
        return Person(
            identity_code=self.code(),
            electronic_id=self.electronic_id(),
            family_name=family_name,
            given_names=given_names,
            first_name=given_names.split()[0],
            language=language,
            alive=alive,
            non_disclosure=self.random.random() < 0.04,
            home_address=self.address(language) if alive else None,
        )

    def professional(self, person: Person) -> Professional | None:
        """Rights of every kind: valid, ended, not begun, time-limited, restricted, several at once."""
        chance = self.random.random()
        if chance < 0.12:
            return None
        codes = [self.random.choice([code for code in CONCEPTS if code not in ("S24", "S71", "S99")])]
        if chance < 0.18:
            codes = ["001", "002"]
        elif chance < 0.26:
            codes = ["S21", "S24"]
        elif chance < 0.30:
            codes = ["S21", "S22", "S81"]
        elif chance < 0.34:
            codes = ["S71"]
        rights = tuple(self.drawn_right(code) for code in codes)
        number = next(self.numbers)
        prescribes = any(code in PRESCRIBERS for code in codes)
        return Professional(
            person.identity_code, f"00999{number:06d}", f"09{number:04d}" if prescribes else None, rights
        )

    def drawn_right(self, code: str) -> Right:
        begins = date(1990, 1, 1) + timedelta(days=self.random.randrange(12_700))
        chance = self.random.random()
        if code == "S71" or chance < 0.08:
            begins = date(2025, 9, 1)
            return right(
                code, begins, begins + timedelta(days=self.random.randrange(700, 1400)), "time_limited"
            )
        if chance < 0.14:
            return right(code, begins, date(2025, 1, 1) + timedelta(days=self.random.randrange(360)))
        if chance < 0.17:
            return right(code, date(2032, 6, 1), None)
        return right(code, begins, None, "restricted" if chance < 0.22 else "")


def right(code: str, begins: date, ends: date | None, words: str = "") -> Right:
    """A right with the titles of the code set; ``words`` may hold time_limited and restricted."""
    kind = RightKind.PROTECTED_TITLE if code in PROTECTED else RightKind.LEGITIMISED
    titles = CONCEPTS[code].titles
    return Right(
        register=Register.SUOSIKKI if code in SOCIAL else Register.TERHIKKI,
        code=code,
        title_fi=titles["fi"],
        title_sv=titles["sv"],
        kind=RightKind.TIME_LIMITED if "time_limited" in words else kind,
        begins=begins,
        ends=ends,
        restricted="restricted" in words,
    )


def cast_person(entry: dict[str, Any], electronic_id: str) -> Person:
    """A member of the cast as the population register knows them."""
    return Person(
        identity_code=cast.identity_code_of(entry),
        electronic_id=electronic_id,
        family_name=entry["family_name"],
        given_names=entry["given_names"],
        first_name=entry.get("first_name", entry["given_names"].split()[0]),
        language=Language(entry["language"]),
        alive=entry.get("alive", True),
        non_disclosure=entry.get("non_disclosure", False),
        home_address=Address(entry["street"], entry["postal_code"], entry["town"])
        if "street" in entry
        else None,
    )


def former_codes(person: Person, entries: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The codes by which the register also finds the person: those that were changed."""
    formerly = [
        str(cast.former_code_of(entry))
        for entry in entries
        if "former_number" in entry and cast.identity_code_of(entry) == person.identity_code
    ]
    return {"former_codes": formerly} if formerly else {}


def cast_professional(entry: dict[str, Any]) -> Professional | None:
    """A member of the cast as the professional registers know them."""
    if "registration" not in entry:
        return None
    rights = tuple(
        right(code, begins, ends or None, " ".join(words)) for code, begins, ends, *words in entry["rights"]
    )
    return Professional(
        cast.identity_code_of(entry), entry["registration"], entry.get("physician_code"), rights
    )


def write(file: Any, records: Iterable[dict[str, Any]]) -> None:
    """One JSON object a line."""
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in records), "utf-8")


def main() -> None:
    """Make both files."""
    drawn = People()
    entries = tomllib.loads(cast.FILE.read_text("utf-8"))["people"]
    people = [cast_person(entry, drawn.electronic_id()) for entry in entries]
    professionals = [cast_professional(entry) for entry in entries]
    drawn.codes.update(str(person.identity_code) for person in people)
    for place in range(COUNT - len(people)):
        person = drawn.person(place)
        people.append(person)
        professionals.append(drawn.professional(person))
    write(PEOPLE, (people_records.to_record(each) | former_codes(each, entries) for each in people))
    write(PROFESSIONALS, (professional_records.to_record(each) for each in professionals if each))
    print(f"{PEOPLE.name}: {len(people)}, {PROFESSIONALS.name}: {len(list(filter(None, professionals)))}")


if __name__ == "__main__":
    main()
