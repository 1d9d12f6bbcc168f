# SPDX-License-Identifier: EUPL-1.2
"""The answers of an application as a list, for the check before submitting and for looking up later."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from varmentaja.apps.applications.queries import ApplicationFile
from varmentaja.ui.components import SummaryRow
from varmentaja.web.registration.texts import (
    document_text,
    photo_text,
    product_name,
    recipient_text,
    right_title,
)


def answer_rows(file: ApplicationFile, *, change: bool = False) -> list[SummaryRow]:
    """The answers; with ``change`` each leads to where it was asked."""

    def row(label: str, value: str, step: str) -> SummaryRow:
        address = reverse(f"registration:{step}", args=[file.application_id])
        return SummaryRow(label, value or _("Not answered yet"), address if change else "")

    right = file.right
    title = right_title(right) if right else _("None")
    choice = len(file.valid_rights) > 1
    return [
        SummaryRow(_("Card"), product_name(file)),
        row(_("Right to practise"), title, "right" if choice else "person"),
        row(_("Identity document"), document_text(file.document) if file.document else "", "document"),
        row(_("Photograph"), photo_text(file.with_photo), "photo"),
        row(_("Card is sent to"), recipient_text(file.card_to, file.person), "delivery"),
        row(_("Code letter is sent to"), recipient_text(file.letter_to, file.person), "delivery"),
        row(_("Terms of use"), _accepted(file), "terms"),
    ]


def _accepted(file: ApplicationFile) -> str:
    return _("Accepted, version %(version)s") % {"version": file.terms_version} if file.terms_version else ""
