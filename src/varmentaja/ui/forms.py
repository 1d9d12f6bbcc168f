# SPDX-License-Identifier: EUPL-1.2
"""Django forms in the house's dress: one field component for all, dates in three parts, errors with links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext_lazy as _

from varmentaja.domain.errors import DomainError
from varmentaja.ui.translate import translated


class Renderer(TemplatesSetting):
    """``FORM_RENDERER``: forms are drawn by ui/form.html and each field by ui/field.html."""

    form_template_name = "ui/form.html"
    field_template_name = "ui/field.html"


@dataclass(frozen=True, slots=True)
class ErrorLink:
    """One line of the error summary; ``target`` is an element's id, empty for errors of the whole form."""

    text: str
    target: str


def error_links(form: forms.BaseForm) -> list[ErrorLink]:
    """All errors of a form in the order of its fields, each with the control that it should lead to, if a
    person can see it."""
    links = [ErrorLink(str(text), "") for text in form.non_field_errors()]
    for name in form.fields:
        field = form[name]
        links += [
            ErrorLink(str(text), "" if field.is_hidden else first_control(field)) for text in field.errors
        ]
    return links


def first_control(field: BoundField) -> str:
    """Id of the field's first control: groups (radios, dates) have no control with the field's own id."""
    return f"{field.auto_id}_0" if field.use_fieldset else field.auto_id


def add_error(form: forms.BaseForm, error: DomainError) -> None:
    """Shows a rule's refusal at its field, or above the form when the form has no such field."""
    field = error.field if error.field in form.fields else None
    form.add_error(field, translated(error.message))


class DateParts(forms.MultiWidget):
    """Day, month and year, each a short text field with a number pad."""

    template_name = "ui/date_parts.html"
    use_fieldset = True

    def __init__(self, attrs: dict[str, Any] | None = None, *, autocomplete: str = "") -> None:
        prefix = f"{autocomplete}-" if autocomplete else ""
        sizes = {"day": 2, "month": 2, "year": 4}
        widgets = [
            forms.TextInput(
                {
                    "inputmode": "numeric",
                    "size": size,
                    "maxlength": size,
                    "autocomplete": f"{prefix}{part}" if prefix else "off",
                }
            )
            for part, size in sizes.items()
        ]
        super().__init__(widgets, attrs)

    def decompress(self, value: date | None) -> list[int | None]:
        """A date's parts in the order of the fields."""
        return [value.day, value.month, value.year] if value else [None, None, None]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Adds the visible label of each part."""
        context = super().get_context(name, value, attrs)
        labels = (("day", _("Day")), ("month", _("Month")), ("year", _("Year")))
        for part, (css, label) in zip(context["widget"]["subwidgets"], labels, strict=True):
            part["part"], part["label"] = css, label
        return context


class DateField(forms.MultiValueField):
    """A date asked in three parts, as it is remembered or printed on a document.

    ``autocomplete``: "bday" for a birth date; the parts then carry bday-day and so on.
    """

    def __init__(self, *, required: bool = True, autocomplete: str = "", **kwargs: Any) -> None:
        numbers = [forms.IntegerField(required=required) for _part in range(3)]
        kwargs.setdefault("error_messages", {})
        kwargs["error_messages"].setdefault("incomplete", _("Enter the day, month and year"))
        kwargs["error_messages"].setdefault("required", _("Enter the day, month and year"))
        kwargs["error_messages"].setdefault("invalid", _("Enter a date that exists, for example 31 3 2027"))
        super().__init__(
            numbers,
            required=required,
            require_all_fields=True,
            widget=DateParts(autocomplete=autocomplete),
            **kwargs,
        )

    def clean(self, value: Any) -> date | None:
        """One message for the whole date, whichever of its parts is wrong."""
        parts = [part for part in value or [] if part]
        if 0 < len(parts) < 3:
            raise ValidationError(self.error_messages["incomplete"], code="incomplete")
        if self.required and not parts:
            raise ValidationError(self.error_messages["required"], code="required")
        try:
            result: date | None = super().clean(value)
        except ValidationError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error
        return result

    def compress(self, data_list: Sequence[int]) -> date | None:
        """The parts as a date; a day that the calendar lacks is an error of input."""
        if not data_list:
            return None
        day, month, year = data_list
        try:
            return date(year, month, day)
        except (ValueError, OverflowError) as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error


class ChoiceHints:
    """Mixin for ChoiceField widgets: ``hints`` maps a choice's value to a line of explanation under it."""

    def __init__(self, *args: Any, hints: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hints = dict(hints or {})

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Puts the hint beside the option and joins the two for screen readers."""
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)  # type: ignore[misc]  # mixin
        hint = self.hints.get(str(value))
        if hint:
            option["hint"] = hint
            option["hint_id"] = f"{option['attrs'].get('id', name)}_hint"
            option["attrs"]["aria-describedby"] = option["hint_id"]
        return option


class Radios(ChoiceHints, forms.RadioSelect):
    """Radio buttons, with hints."""


class Checkboxes(ChoiceHints, forms.CheckboxSelectMultiple):
    """Several of many, with hints."""
