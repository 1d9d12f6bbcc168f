# SPDX-License-Identifier: EUPL-1.2
"""The office's front page, the search and a person's file."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.integration.web_office.conftest import signed_in
from tests.support.service import Service

from varmentaja.domain.errors import DomainError, Kind

pytestmark = pytest.mark.django_db


def entries(action: str) -> list[dict]:
    from varmentaja.apps.audit.models import Entry

    return [entry.document for entry in Entry.objects.filter(action=action).order_by("id")]


def search(office: Client, text: str):
    return office.post("/en/office/search/", {"text": text}, follow=True)


def person(family_name: str, given_names: str = "Aino", *, number: int = 900) -> object:
    """A person of a fictive code made of ``number``."""
    from varmentaja.apps.people.actions.refresh_person import refresh_person
    from varmentaja.domain import people
    from varmentaja.domain.check_character import check_character
    from varmentaja.domain.identity_code import IdentityCode

    digits = f"0101{50 + number % 40:02}{900 + number % 100:03}"
    code = f"{digits[:6]}-{digits[6:]}{check_character(digits)}"
    satu = f"{10_000_000 + number}"
    value = people.Person(
        IdentityCode.parse(code),
        satu + check_character(satu),
        family_name,
        given_names,
        given_names,
        people.Language.FINNISH,
    )
    from django.utils import timezone

    return refresh_person(value, now=timezone.now())


def test_front_page_shows_queues_to_an_officer_only(service: Service, office: Client) -> None:
    page = office.get("/en/office/")
    assert page.status_code == 200
    assert "Applications to review" in page.text
    registrar = signed_in(service, "registrar", "registrar")
    assert registrar.get("/en/office/").status_code == 403
    assert Client().get("/en/office/").status_code == 302


def test_each_kind_of_number_finds_the_person(service: Service, office: Client) -> None:
    card = service.made_card()
    certificate = card.certificates.get(purpose="signature")
    code, name = card.person.identity_code, f"{card.person.first_name} {card.person.family_name}"
    for text in (
        code,
        code.lower(),
        card.person.family_name,
        name,
        card.person.registration_number,
        card.printed_serial,
        card.chip_serial,
        certificate.serial,
        certificate.serial.upper(),
    ):
        page = search(office, text)
        assert page.redirect_chain[-1][0] == f"/en/office/people/{card.person_id}/", text


def test_what_was_searched_stands_in_no_address_and_not_in_the_chain(office: Client) -> None:
    from varmentaja.apps.audit.models import Entry, PersonalFacts

    someone = person("Koivuneva", number=7)
    page = search(office, someone.identity_code)
    assert all(someone.identity_code not in address for address, _status in page.redirect_chain)
    entry = Entry.objects.get(action="person.searched")
    assert someone.identity_code not in entry.content
    assert PersonalFacts.objects.get(entry=entry).facts == {"text": someone.identity_code}


def test_names_come_in_finnish_order_and_page_by_key(office: Client) -> None:
    for number, name in enumerate(["Österman", "Zetterberg", "Äijälä", "Ångström"]):
        person(f"Ko{name}", number=number)
    page = search(office, "ko").text
    places = [page.index(f"Ko{name}") for name in ("Zetterberg", "Ångström", "Äijälä", "Österman")]
    assert places == sorted(places)


def test_long_lists_of_hits_have_a_next_page_without_losses(office: Client) -> None:
    from varmentaja.apps.people.search import find_people

    for number in range(45):
        person("Samanniminen", number=number)
    seen, after = [], ""
    while True:
        hits = find_people("saman", after=after)
        seen += [hit.person_id for hit in hits.people]
        after = hits.next_key
        if not after:
            break
    assert len(seen) == len(set(seen)) == 45
    assert "Next page" in search(office, "samanniminen").text


def test_reading_a_file_leaves_a_trace(service: Service, office: Client) -> None:
    someone = service.person("physician")
    page = office.get(f"/en/office/people/{someone.pk}/")
    assert someone.identity_code in page.text
    assert entries("person.read")[-1]["subject"] == {"type": "people.person", "id": str(someone.pk)}


def test_a_non_disclosure_order_hides_the_address(office: Client) -> None:
    someone = person("Piilola", number=3)
    someone.home_address = {
        "street": "Salakuja 5",
        "postal_code": "99981",
        "town": "Mallila",
        "country": "FI",
    }
    someone.non_disclosure = True
    someone.save()
    page = office.get(f"/en/office/people/{someone.pk}/")
    assert "Salakuja" not in page.text
    assert "non-disclosure order" in page.text


def test_a_damaged_search_address_is_a_page_not_found(office: Client) -> None:
    assert office.get("/en/office/search/?q=rubbish").status_code == 404
    assert office.get("/en/office/search/?q=%C3%A4").status_code == 404


@pytest.mark.parametrize("key", ["nonsense", "aho|x", "aho|²"])
def test_a_page_key_that_is_none_is_not_found(db: None, key: str) -> None:
    from varmentaja.apps.people.search import find_people

    with pytest.raises(DomainError) as refusal:
        find_people("aho", after=key)
    assert refusal.value.kind is Kind.NOT_FOUND
