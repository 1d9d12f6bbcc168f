# SPDX-License-Identifier: EUPL-1.2
"""A form with every kind of field, for the style guide."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from varmentaja.ui.forms import Checkboxes, DateField, Radios


class EveryField(forms.Form):
    """Each control once, with hints, autocomplete values and messages as a real form has them."""

    name = forms.CharField(
        label=_("Name"),
        max_length=70,
        error_messages={"required": _("Enter the name")},
        widget=forms.TextInput({"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        help_text=_("We write to this address when the card is on its way."),
        error_messages={"invalid": _("Enter an e-mail address such as name@example.fi")},
        widget=forms.EmailInput({"autocomplete": "email", "spellcheck": "false"}),
    )
    birth = DateField(label=_("Date of birth"), help_text=_("For example 31 3 1980"), autocomplete="bday")
    delivery = forms.ChoiceField(
        label=_("Where is the card sent?"),
        choices=[("home", _("Home")), ("point", _("Registration point"))],
        error_messages={"required": _("Choose where the card is sent")},
        widget=Radios(hints={"point": _("You fetch the card and prove who you are.")}),
    )
    needs = forms.MultipleChoiceField(
        label=_("What do you use the card for?"),
        required=False,
        choices=[("systems", _("Signing in to systems")), ("documents", _("Signing documents"))],
        widget=Checkboxes,
    )
    document = forms.ChoiceField(
        label=_("Identity document"),
        choices=[("", _("Choose")), ("passport", _("Passport")), ("card", _("Identity card"))],
        error_messages={"required": _("Choose the identity document")},
    )
    photograph = forms.FileField(
        label=_("Photograph"),
        required=False,
        help_text=_("JPEG or PNG, at most 10 MB."),
        widget=forms.FileInput({"accept": "image/jpeg,image/png"}),
    )
    more = forms.CharField(
        label=_("Anything else that we should know"), required=False, widget=forms.Textarea({"rows": 4})
    )
    terms = forms.BooleanField(
        label=_("I have read the terms of use and accept them"),
        error_messages={"required": _("Accept the terms of use to go on")},
    )
