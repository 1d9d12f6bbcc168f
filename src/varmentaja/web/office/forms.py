# SPDX-License-Identifier: EUPL-1.2
"""Forms of the office."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from varmentaja.domain.actors import GIVEN, Role
from varmentaja.domain.callers import LABELS as CALLERS
from varmentaja.domain.callers import CallerCheck
from varmentaja.domain.delivery import LABELS as DESTINATIONS
from varmentaja.domain.delivery import Destination
from varmentaja.domain.revocation import GROUNDS, Ground
from varmentaja.ui.forms import Radios
from varmentaja.ui.translate import translated

NOTE_LENGTH = 2000


class SearchForm(forms.Form):
    """The one field by which everything is found."""

    text = forms.CharField(
        label=_("Search"),
        max_length=100,
        help_text=_(
            "Identity code, name, registration number, the serial number printed on a card,"
            " or the serial number of a chip or a certificate"
        ),
        error_messages={"required": _("Write what you search for")},
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )


class RevokeForm(forms.Form):
    """What a caller says has happened to the card, and how it was checked who calls."""

    ground = forms.ChoiceField(
        label=_("What has happened?"),
        widget=Radios,
        error_messages={"required": _("Choose what has happened")},
    )
    caller = forms.ChoiceField(
        label=_("How was the caller identified?"),
        widget=Radios,
        error_messages={"required": _("Choose how the caller was identified")},
    )
    note = forms.CharField(
        label=_("Notes of the call"),
        help_text=_("Who called and what was asked and answered. Do not write anything about patients."),
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea({"rows": 4}),
    )

    def __init__(self, grounds: Iterable[Ground], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(ground.value, translated(GROUNDS[ground].label)) for ground in grounds]
        self.fields["ground"].choices = choices  # type: ignore[attr-defined]  # fields are typed as plain Field
        callers = [(check.value, translated(label)) for check, label in CALLERS.items()]
        self.fields["caller"].choices = callers  # type: ignore[attr-defined]  # as above

    def clean(self) -> dict[str, Any]:
        """A call that stayed unsure needs words."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("caller") == CallerCheck.UNSURE and not values.get("note"):
            self.add_error("note", _("Write who called and why the card is ended all the same"))
        return values


class ReviewForm(forms.Form):
    """An officer's decision, with its reasons."""

    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=[
            ("approve", _("Approve and order the card")),
            ("refuse", _("Refuse")),
            ("return", _("Return to the registration point for correction")),
        ],
        widget=Radios,
        error_messages={"required": _("Choose a decision")},
    )
    reason = forms.CharField(
        label=_("Reasons"),
        help_text=_("The applicant may ask to see them."),
        max_length=NOTE_LENGTH,
        widget=forms.Textarea({"rows": 5}),
        error_messages={"required": _("Write the reasons for the decision")},
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


class VersionForm(forms.Form):
    """A button that is meant for the state of things that its page showed."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class RoleForm(forms.Form):
    """A role for somebody, and where a registrar works."""

    role = forms.ChoiceField(
        label=_("Role"),
        choices=[
            (Role.REGISTRAR.value, _("Registrar: identifies applicants and orders cards at one point")),
            (Role.OFFICER.value, _("Officer: works in this office")),
        ],
        widget=Radios,
        error_messages={"required": _("Choose the role")},
    )
    point = forms.ChoiceField(
        label=_("Registration point"),
        help_text=_("Where a registrar works; an officer has none."),
        required=False,
    )

    def __init__(self, points: Iterable[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "–"), *((str(pk), name) for pk, name in points)]
        self.fields["point"].choices = choices  # type: ignore[attr-defined]  # fields are typed as plain Field


class EndRoleForm(forms.Form):
    """The button that ends a role."""

    role = forms.ChoiceField(choices=[(role.value, role.value) for role in GIVEN])


class SendAgainForm(forms.Form):
    """Where a letter goes this time."""

    to = forms.ChoiceField(
        label=_("Where is the letter sent?"),
        help_text=_("The home address is asked from the population register when you send the letter."),
        widget=Radios,
        error_messages={"required": _("Choose where the letter is sent")},
    )

    def __init__(self, destinations: Iterable[Destination], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(each.value, translated(DESTINATIONS[each])) for each in destinations]
        self.fields["to"].choices = choices  # type: ignore[attr-defined]  # fields are typed as plain Field


class ReasonForm(forms.Form):
    """Why a held publication may go out."""

    reason = forms.CharField(
        label=_("Reasons"),
        help_text=_("What you examined and why it is right. Do not write anything about people."),
        max_length=NOTE_LENGTH,
        widget=forms.Textarea({"rows": 5}),
        error_messages={"required": _("Write the reasons")},
    )


class SeenForm(forms.Form):
    """A button that is meant for what its page showed of a held publication."""

    seen = forms.IntegerField(
        min_value=0,
        widget=forms.HiddenInput,
        error_messages={
            name: _("The page was out of date: look at it again")
            for name in ("required", "invalid", "min_value")
        },
    )


class ReleaseForm(ReasonForm, SeenForm):
    """The request to let out what the page showed."""


class CanaryForm(forms.Form):
    """A certificate to stand watch."""

    serial = forms.CharField(
        label=_("Serial number of the certificate"),
        help_text=_("As it stands on the card's page"),
        max_length=40,
        error_messages={"required": _("Write the serial number of the certificate")},
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )


class BulkForm(ReasonForm):
    """A bulk revocation, announced before it comes."""

    count = forms.IntegerField(
        label=_("How many certificates are revoked"),
        min_value=1,
        max_value=1_000_000,
        error_messages={"required": _("Write how many certificates are revoked")},
    )
    field_order = ["count", "reason"]
