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

    def signed(self) -> tuple[bytes, str]:
        """The bytes that were to be signed, and the answer's text; raises Refused(BAD_ANSWER)."""
        if not self.is_valid():
            raise Refused(Outcome.BAD_ANSWER, "a field of the form is missing")
        try:
            content = base64.b64decode(self.cleaned_data["content"], validate=True)
        except (binascii.Error, ValueError):
            raise Refused(Outcome.BAD_ANSWER, "the form's content is not base64") from None
        return content, self.cleaned_data["answer"]
