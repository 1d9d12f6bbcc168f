# SPDX-License-Identifier: EUPL-1.2
"""The sandbox's one form."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class MoveOnForm(forms.Form):
    """How far business time is moved on; the rule itself stands in the use case."""

    days = forms.IntegerField(
        label=_("How many days?"),
        help_text=_("A whole number from 1 to 366."),
        error_messages={"required": _("Enter the number of days"), "invalid": _("Enter a whole number")},
        widget=forms.TextInput({"inputmode": "numeric", "size": 4}),
    )
