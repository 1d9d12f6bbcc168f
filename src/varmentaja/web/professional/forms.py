# SPDX-License-Identifier: EUPL-1.2
"""What a holder is asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from varmentaja.domain.revocation import GROUNDS, Ground
from varmentaja.ui.forms import Radios
from varmentaja.ui.translate import translated

MOST_BYTES = 1024 * 1024


class EndForm(forms.Form):
    """What has happened to the card."""

    ground = forms.ChoiceField(
        label=_("What has happened?"),
        error_messages={"required": _("Choose what has happened")},
        widget=Radios,
    )

    def __init__(self, grounds: Iterable[Ground], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(ground.value, translated(GROUNDS[ground].label)) for ground in grounds]
        self.fields["ground"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField


class DocumentForm(forms.Form):
    """A document to be signed: written here, or chosen from the computer."""

    title = forms.CharField(
        label=pgettext_lazy("document", "Title"),
        max_length=200,
        help_text=_("By this you find the document again."),
        error_messages={"required": _("Enter a title")},
    )
    text = forms.CharField(
        label=_("Text of the document"),
        required=False,
        strip=False,  # what is signed is what was written
        help_text=_("Write the text here, or choose a file below."),
        widget=forms.Textarea({"rows": 8}),
    )
    file = forms.FileField(label=_("File"), required=False, help_text=_("Any kind of file, at most 1 MB."))

    def clean(self) -> dict[str, Any]:
        """Exactly one of text and file, and not too much of it."""
        values = super().clean() or {}
        text, file = values.get("text", ""), values.get("file")
        if bool(text.strip()) == bool(file) and not self.errors:
            self.add_error("text", _("Write the text or choose a file, but not both"))
        elif file and file.size > MOST_BYTES:
            self.add_error("file", _("The file is larger than 1 MB"))
        elif len(text.encode()) > MOST_BYTES:
            self.add_error("text", _("The text is longer than 1 MB"))
        return values

    def content(self) -> bytes:
        """The bytes to be signed; lines of a text end as Unix ends them."""
        file = self.cleaned_data["file"]
        text: str = self.cleaned_data["text"]
        content: bytes = file.read() if file else text.replace("\r\n", "\n").encode()
        return content
