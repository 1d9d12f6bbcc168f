# SPDX-License-Identifier: EUPL-1.2
"""Wrong codes, registers in trouble, two registrars, back button and double click."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.integration.web_registration.conftest import PASSPORT, Desk, code_of

from varmentaja.adapters.population_register.simulator import SimulatedPopulationRegister
from varmentaja.apps.applications.models import Application
from varmentaja.apps.cards.models import Card
from varmentaja.apps.paging import PAGE


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("", "Enter the identity code"),
        ("170488-902A", "last character does not match"),
        ("1704889020", "has 11 characters"),
        ("170488Q9020", "is not in use"),
        ("310288-9020", "does not exist"),
        ("010181-900C", "The population register does not know this identity code"),
    ],
)
def test_a_faulty_or_unknown_code_is_told_at_its_field_and_kept(desk: Desk, code: str, reason: str) -> None:
    desk.open().send(identity_code=code)
    assert reason in desk.text and "There is a problem" in desk.text
    assert not code or f'value="{code}"' in desk.page.content.decode()
    assert not Application.objects.exists()


def test_a_code_is_read_as_people_type_it(desk: Desk) -> None:
    typed = f"  {code_of('physician').lower().replace('-', '–')} "
    assert desk.open().send(identity_code=typed).path == "/N/person/"


def test_the_separators_of_2023_make_another_person(desk: Desk) -> None:
    code = code_of("english_speaker")
    assert code[6] == "Y"
    assert desk.open().send(identity_code=code).path == "/N/person/"
    assert "does not know this identity code" in desk.open().send(identity_code=code.replace("Y", "-")).text


def test_for_the_dead_nothing_is_opened(desk: Desk) -> None:
    assert "has died" in desk.start("dead").text
    assert not Application.objects.exists()


@pytest.mark.parametrize("system", ["population_register", "professional_register"])
@pytest.mark.parametrize("fault", [{"mode": "down"}, {"mode": "slow", "seconds": 60}, {"mode": "nonsense"}])
def test_a_register_in_trouble_loses_nothing(
    desk: Desk, faults: Path, system: str, fault: dict[str, object]
) -> None:
    faults.write_text(json.dumps({system: fault}))
    desk.start("physician")
    assert (
        "Nothing has been lost" in desk.text
        and f'value="{code_of("physician")}"' in desk.page.content.decode()
    )
    assert not Application.objects.exists()
    faults.unlink()
    desk.fill("physician")
    faults.write_text(json.dumps({system: fault}))
    desk.send()
    assert desk.path == "/N/check/" and "register" in desk.text and "Try again later" in desk.text
    assert Application.objects.get().state == "draft"
    faults.unlink()
    assert desk.send().path == "/N/"


def test_nobody_applies_for_a_card_at_the_own_desk(desk_of: Callable[..., Desk]) -> None:
    desk = desk_of("second_registrar").start("second_registrar")
    assert "You cannot handle an application of your own" in desk.text
    assert not Application.objects.exists()


def test_two_registrars_meet_in_one_draft_and_the_later_hears_of_it(
    desk: Desk, desk_of: Callable[..., Desk]
) -> None:
    other = desk_of("second_registrar")
    number = desk.start("physician").send().number
    assert other.start("physician").number == number
    other.go("document")
    desk.send(PASSPORT)
    other.send(PASSPORT, number="OTHER")
    assert other.path == "/N/document/" and "was changed after you opened the page" in other.text
    assert 'value="XP1234567"' in other.page.content.decode()
    assert other.send(PASSPORT, number="OTHER").path == "/N/photo/"


def test_a_draft_at_another_point_is_told_of(desk: Desk, desk_of: Callable[..., Desk]) -> None:
    desk.start("physician")
    assert "another registration point" in desk_of("second_registrar", "exempelby").start("physician").text


def test_a_second_click_on_submit_shows_the_decision(desk: Desk) -> None:
    check = desk.fill("physician").page
    desk.send()
    first = desk.text
    desk.page = check
    assert desk.send().path == "/N/"
    assert desk.text == first
    assert Card.objects.count() == 1


def test_an_answer_sent_after_the_decision_is_not_taken(desk: Desk) -> None:
    old = desk.fill("physician").go("document").page
    desk.go("check").send()
    desk.page = old
    assert desk.send(PASSPORT, number="LATE").path == "/N/"
    assert "The card has been ordered from the factory." in desk.text
    assert (Application.objects.get().identity_document or {})["number"] == "XP1234567"


def test_the_back_button_asks_for_the_present_state(desk: Desk) -> None:
    desk.start("physician").send()
    assert desk.page["Cache-Control"] == "private, no-store"


def test_a_form_without_its_version_changes_nothing(desk: Desk) -> None:
    desk.start("physician").send().send(PASSPORT, version="")
    assert "The form was not sent whole" in desk.text
    assert Application.objects.get().identity_document is None


@pytest.mark.parametrize("page", ["", "person/", "check/", "cancel/", "photo.jpg", "receipt.pdf"])
def test_applications_of_another_point_stay_closed(
    desk: Desk, desk_of: Callable[..., Desk], page: str
) -> None:
    number = desk.start("physician").number
    stranger = desk_of("second_registrar", "exempelby")
    assert stranger.client.get(f"/en/registration/{number}/{page}").status_code == 403
    assert "Mäntykangas" not in stranger.open().text
    assert stranger.client.get("/en/registration/999999/").status_code == 404


def test_without_a_card_one_is_sent_to_sign_in(db: None) -> None:
    answer = Client().get("/en/registration/")
    assert answer.status_code == 302 and "sign-in" in answer["Location"]


def test_the_list_goes_on_page_by_page(desk: Desk) -> None:
    desk.start("physician").go("cancel").send()
    done = Application.objects.get()
    now = timezone.now()
    for _ in range(PAGE):
        Application.objects.create(
            product="professional",
            state="lapsed",
            person=done.person,
            registrar=done.registrar,
            point=done.point,
            opened_at=now,
            changed_on=timezone.localdate(now - timedelta(days=1)),
        )
    assert "Application cancelled" not in desk.open().text
    older = desk.client.get(f"/en/registration/?after={Application.objects.order_by('-pk')[PAGE - 1].pk}")
    assert b"Application cancelled" in older.content
    assert "There are no applications here yet." in desk.open("?show=drafts").text
    assert desk.client.get("/en/registration/?after=x").status_code == 404


def test_a_non_disclosure_order_after_the_address_step_leads_back_to_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.fill("physician", delivery={"card_to": "home", "letter_to": "point"})
    assert "Esimerkkikatu 12" in desk.text
    ask = SimulatedPopulationRegister.person

    def hidden(self: Any, code: Any, *, request_id: str) -> Any:
        told = ask(self, code, request_id=request_id)
        return told and replace(told, non_disclosure=True)

    monkeypatch.setattr(SimulatedPopulationRegister, "person", hidden)
    desk.send()
    assert desk.path == "/N/delivery/"
    assert "non-disclosure order: the home address is not used" in desk.text
    assert "Esimerkkikatu 12" not in desk.page.content.decode()
    assert not Card.objects.exists()
    assert desk.send(card_to="point", letter_to="point").path == "/N/check/"
    assert "Card ordered" in desk.send().text
