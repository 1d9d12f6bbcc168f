# SPDX-License-Identifier: EUPL-1.2
"""Refused sign-ins leave a trace, with certificate and person when the certificate is one of ours."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography import x509
from django.utils import timezone
from tests.integration.web_holder.conftest import Holder

from varmentaja.apps.access.party import if_ours
from varmentaja.apps.audit.models import Entry
from varmentaja.apps.cards.actions.end_card import end_card
from varmentaja.apps.certificates.models import Certificate
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.revocation import Ground

pytestmark = pytest.mark.django_db


def last_refusal() -> dict[str, Any]:
    entry = Entry.objects.filter(action="session.signed_in").latest("id").document
    assert entry["outcome"] == "refused"
    return entry


def serial_of(entry: dict[str, Any]) -> Any:
    assert entry["subject"]["type"] == "certificates.certificate"
    return Certificate.objects.get(pk=entry["subject"]["id"])


def test_a_refused_card_of_ours_is_recorded_with_certificate_and_person(holder: Holder) -> None:
    end_card(SYSTEM, holder.card.pk, Ground.REPLACED, now=timezone.now(), today=holder.service.today)
    holder.publish()
    assert holder.sign_in().status_code == 403
    entry = last_refusal()
    assert serial_of(entry).card_id == holder.card.pk
    assert entry["facts"]["person"] == holder.card.person_id
    assert entry["actor"]["person"] is None, "a certificate that is shown is not yet a person who came"


def test_a_signature_that_does_not_match_leaves_a_trace_with_the_certificate(holder: Holder) -> None:
    fields = holder.fields()
    other = base64.b64encode(b"something else").decode()
    holder.post("/en/sign-in/", {**fields, "answer": holder.answer(other)})
    entry = last_refusal()
    assert entry["facts"]["kind"] == "invalid"
    assert serial_of(entry).purpose == "authentication"


def test_an_answer_that_cannot_be_read_leaves_a_trace(holder: Holder) -> None:
    holder.post("/en/sign-in/", {**holder.fields(), "answer": "not json"})
    entry = last_refusal()
    assert (entry["facts"]["kind"], entry["subject"]) == ("invalid", None)


def test_somebody_else_s_certificate_with_a_number_of_ours_is_not_taken_for_ours(holder: Holder) -> None:
    row = Certificate.objects.filter(card=holder.card).order_by("id")[0]
    certificate = x509.load_der_x509_certificate(bytes(row.der or b""))
    assert if_ours(certificate) == row
    Certificate.objects.filter(pk=row.pk).update(der=b"another one under the same number")
    assert if_ours(certificate) is None
