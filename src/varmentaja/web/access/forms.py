# SPDX-License-Identifier: EUPL-1.2
"""What a signing page sends back."""

from __future__ import annotations

import base64
import binascii

from django import forms

from varmentaja.relying_party import Outcome, Refused


class AnswerForm(forms.Form):
    """What was to be signed and what the card reader program answered, as the browser sends them."""

    content = forms.CharField(strip=False)
    answer = forms.CharField(strip=False)

    def to_be_signed(self) -> bytes | None:
        """The bytes that the page carried along, whatever the answer is like; None when there are none."""
        try:
            return base64.b64decode(self.data.get("content", ""), validate=True) or None
        except (binascii.Error, ValueError):
            return None

    def signed(self) -> tuple[bytes, str]:
        """The bytes that were to be signed, and the answer's text; raises Refused(BAD_ANSWER)."""
        if not self.is_valid():
            raise Refused(Outcome.BAD_ANSWER, "a field of the form is missing")
        content = self.to_be_signed()
        if content is None:
            raise Refused(Outcome.BAD_ANSWER, "the form's content is not base64")
        return content, self.cleaned_data["answer"]
