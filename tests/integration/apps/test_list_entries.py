# SPDX-License-Identifier: EUPL-1.2
"""Lists are put together from the entries that were stored when certificates were revoked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from django.db import IntegrityError, transaction
from tests.integration.apps.test_status import published
from tests.support.certificates import AUTHORITY, issue, revoke, serials
from tests.support.service import Service

from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status import lists
from varmentaja.apps.status.actions.publish_status import publish_revocations, publish_status
from varmentaja.apps.status.answers import HALF_LIFE
from varmentaja.pki.crl import encode_entry, reason_of

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def the_list(service: Service, kind: str = "") -> bytes:
    return bytes(published(service).crls[AUTHORITY, f"0{kind}"].der)


def encoded(rows: list[Certificate]) -> bytes:
    """What the records say, encoded anew."""
    return b"".join(
        encode_entry(row.serial, row.revoked_at, reason_of(row.revocation_reason))
        for row in sorted(rows, key=lambda row: row.pk)
        if row.revoked_at
    )


@pytest.mark.parametrize("page", [2, 10_000])
def test_a_list_holds_what_the_records_say_in_the_order_of_its_rows(
    service: Service, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(lists, "_PAGE", page)
    rows = issue(7, now=service.now)
    lost = issue(1, now=service.now)[0]
    Certificate.objects.filter(pk=lost.pk).update(shard=None)
    first = revoke(*rows[1::2], lost, now=service.now)
    assert publish_status(now=service.now) is not None
    held = [row for row in first if row.pk != lost.pk]
    its_own = encoded([row for row in first if row.pk == lost.pk])
    assert encoded(held) + its_own in the_list(service), "whose shard nobody knows stands last"
    assert len(x509.load_der_x509_crl(the_list(service, "-delta"))) == 0, "it is the base"
    more = revoke(*rows[0::2], now=service.now + SECOND)
    assert publish_revocations(now=service.now + SECOND) is not None
    assert encoded(held + more) + its_own in the_list(service)
    assert encoded(more) in the_list(service, "-delta")
    for kind, expected in (("", [*rows, lost]), ("-delta", more)):
        crl = x509.load_der_x509_crl(the_list(service, kind))
        assert {entry.serial_number for entry in crl} == serials(expected) and len(crl) == len(expected)
        key = service.demo.hierarchy.authority(AUTHORITY).certificate.public_key()
        assert crl.is_signature_valid(key)  # type: ignore[arg-type]  # P-384


def test_an_entry_leaves_only_after_a_scheduled_list_beyond_expiry(service: Service) -> None:
    (row,) = issue(1, now=service.now)
    revoke(row, now=service.now)
    publish_status(now=service.now)
    over = service.now - lists.LISTED_BEYOND + timedelta(hours=1)
    Certificate.objects.filter(pk=row.pk).update(not_after=over, revoked_at=over)

    def listed_after(halves: int) -> bool:
        publish_status(now=service.now + halves * (HALF_LIFE + SECOND))
        return bool(len(x509.load_der_x509_crl(the_list(service))))

    assert listed_after(1), "the list before was signed while it was still due"
    assert not listed_after(2)


def test_no_certificate_is_revoked_without_its_entry(service: Service) -> None:
    (row,) = issue(1, now=service.now)
    with pytest.raises(IntegrityError, match="certificate_revoked_has_entry"), transaction.atomic():
        Certificate.objects.filter(pk=row.pk).update(state="revoked")
