# SPDX-License-Identifier: EUPL-1.2
"""A document is stored once and as it was written; no transaction waits for a responder."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from tests.integration.web_holder.conftest import Holder, form_of

from varmentaja.apps.audit.models import Entry
from varmentaja.apps.signatures.models import SignedDocument
from varmentaja.card.driver import KeyRole
from varmentaja.relying_party import RelyingParty

NEW, SIGN = "/en/my-card/documents/new/", "/en/my-card/documents/sign/"


def signed(holder: Holder, text: str) -> dict[str, str]:
    """The form of the signing page, with the card's answer."""
    fields = form_of(holder.post(NEW, {"title": "Statement", "text": text}))
    return {**fields, "answer": holder.answer(fields["content"], KeyRole.SIGNATURE)}


@pytest.mark.django_db
def test_a_double_click_stores_one_document(holder: Holder) -> None:
    holder.sign_in()
    form = signed(holder, "I agree.")
    first, second = holder.post(SIGN, form), holder.post(SIGN, form)
    assert first.headers["Location"] == second.headers["Location"]
    assert SignedDocument.objects.count() == 1
    assert Entry.objects.filter(action="document.signed", outcome="done").count() == 1
    holder.post(SIGN, signed(holder, "I agree."))
    assert SignedDocument.objects.count() == 2, "signed anew is another document"


@pytest.mark.django_db
def test_spaces_and_empty_lines_are_signed_as_they_were_written(holder: Holder) -> None:
    holder.sign_in()
    holder.post(SIGN, signed(holder, "  indented\r\n\r\n"))
    assert SignedDocument.objects.get().content == b"  indented\n\n"


@pytest.mark.django_db
def test_a_text_of_spaces_alone_is_no_text(holder: Holder) -> None:
    holder.sign_in()
    assert "Write the text or choose a file" in holder.post(NEW, {"title": "Statement", "text": " \n"}).text


@pytest.mark.django_db(transaction=True)
def test_the_responder_is_asked_outside_the_transaction(
    holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder.sign_in()
    form = signed(holder, "I agree.")
    check, inside = RelyingParty.check_document, []

    def watched(*args: Any, **kwargs: Any) -> Any:
        inside.append(connection.in_atomic_block)
        return check(*args, **kwargs)

    monkeypatch.setattr(RelyingParty, "check_document", watched)
    assert holder.post(SIGN, form).status_code == 302
    assert inside == [False]
