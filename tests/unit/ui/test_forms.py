# SPDX-License-Identifier: EUPL-1.2
"""Dates in three parts, errors with links, refusals of the domain at their fields."""

from __future__ import annotations

from datetime import date

import pytest
from django import forms
from django.utils.translation import override

from varmentaja.domain.errors import invalid
from varmentaja.ui.forms import DateField, Radios, add_error, error_links


class _Form(forms.Form):
    day = DateField()
    way = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=Radios(hints={"b": "Slower"}))
    name = forms.CharField()


def _sent(**values: str) -> _Form:
    return _Form({"way": "a", "name": "Åke", **values})


def test_three_parts_make_a_date() -> None:
    form = _sent(day_0="1", day_1="3", day_2="2027")
    assert form.is_valid()
    assert form.cleaned_data["day"] == date(2027, 3, 1)


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        (("", "", ""), "required"),
        (("1", "", "2027"), "incomplete"),
        (("31", "2", "2027"), "invalid"),
        (("x", "2", "2027"), "invalid"),
        (("1", "2", "0"), "invalid"),
    ],
)
def test_a_date_that_is_none_has_one_message(parts: tuple[str, str, str], code: str) -> None:
    form = _sent(**{f"day_{index}": part for index, part in enumerate(parts)})
    assert [error.code for error in form.errors["day"].as_data()] == [code]


def test_an_optional_date_may_be_left_out() -> None:
    assert DateField(required=False).clean(["", "", ""]) is None


def test_summary_leads_to_the_first_control_of_each_group_in_the_forms_order() -> None:
    assert [link.target for link in error_links(_Form({}))] == ["id_day_0", "id_way_0", "id_name"]


def test_a_refusal_stands_at_its_field_in_the_pages_language() -> None:
    form = _sent(day_0="1", day_1="3", day_2="2027")
    text = "The activation code has %(length)s digits. It is in the code letter."
    with override("fi"):
        add_error(form, invalid(text, field="name", length=8))
    assert form.errors["name"] == ["Aktivointitunnusluvussa on 8 numeroa. Se on tunnuslukukirjeessä."]


def test_a_refusal_without_a_field_of_the_form_stands_above_it() -> None:
    form = _sent(day_0="1", day_1="3", day_2="2027")
    add_error(form, invalid("No.", field="elsewhere"))
    assert [(link.text, link.target) for link in error_links(form)] == [("No.", "")]


def test_a_choices_hint_describes_its_button() -> None:
    html = str(_Form()["way"])
    assert 'aria-describedby="id_way_1_hint"' in html
    assert '<div class="hint" id="id_way_1_hint">Slower</div>' in html


def test_no_control_has_placeholder_or_inline_style() -> None:
    html = _Form({}).render()
    assert "placeholder" not in html
    assert "style=" not in html
