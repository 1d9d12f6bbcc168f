# SPDX-License-Identifier: EUPL-1.2
"""Which identity documents are accepted at the desk."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from varmentaja.domain.data_files import load
from varmentaja.domain.identity_documents import (
    LABELS,
    DocumentKind,
    IdentityDocument,
    has_end,
    why_not_accepted,
)

TODAY = date(2026, 11, 23)
K = DocumentKind


@pytest.mark.parametrize(
    ("kind", "country"),
    [
        (K.FINNISH_PASSPORT, "FI"),
        (K.FINNISH_IDENTITY_CARD, "FI"),
        (K.EUROPEAN_PASSPORT, "SE"),
        (K.EUROPEAN_IDENTITY_CARD, "CH"),
        (K.EUROPEAN_IDENTITY_CARD, "SM"),
        (K.OTHER_PASSPORT, "GB"),
    ],
)
def test_accepted_until_the_last_day(kind: DocumentKind, country: str) -> None:
    assert why_not_accepted(IdentityDocument(kind, country, TODAY), TODAY) is None
    expired = IdentityDocument(kind, country, TODAY - timedelta(days=1))
    assert str(why_not_accepted(expired, TODAY)) == "The identity document expired on 2026-11-22."
    assert "last day" in str(why_not_accepted(IdentityDocument(kind, country, None), TODAY))


def test_identification_by_the_police_has_no_last_day() -> None:
    assert not has_end(K.POLICE_IDENTIFICATION)
    assert why_not_accepted(IdentityDocument(K.POLICE_IDENTIFICATION, "FI", None), TODAY) is None


@pytest.mark.parametrize("country", ["FI", "SE", "GB"])
def test_a_driving_licence_is_refused_with_the_reason(country: str) -> None:
    licence = IdentityDocument(K.DRIVING_LICENCE, country, date(2030, 1, 1))
    assert "driving licence is not accepted" in str(why_not_accepted(licence, TODAY))


@pytest.mark.parametrize(
    ("kind", "country"),
    [
        (K.FINNISH_PASSPORT, "SE"),
        (K.FINNISH_IDENTITY_CARD, "EE"),
        (K.EUROPEAN_IDENTITY_CARD, "GB"),
        (K.EUROPEAN_PASSPORT, "FI"),
        (K.OTHER_PASSPORT, "SE"),
        (K.POLICE_IDENTIFICATION, "SE"),
    ],
)
def test_kind_and_state_must_fit(kind: DocumentKind, country: str) -> None:
    assert "state given" in str(why_not_accepted(IdentityDocument(kind, country, date(2030, 1, 1)), TODAY))


def test_every_kind_has_a_rule_and_words() -> None:
    data = load("identity_documents")
    for kind in DocumentKind:
        assert (kind.value in data["accepted"]) != (kind.value in data["refused"])
        assert LABELS[kind]
    assert len(data["issuers"]["european"]) == len(set(data["issuers"]["european"])) == 31
