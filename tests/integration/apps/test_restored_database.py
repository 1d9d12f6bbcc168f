# SPDX-License-Identifier: EUPL-1.2
"""The database is restored from a backup, and what is published is newer: nothing goes back, all goes on."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from tests.integration.apps.test_gate_bulk import publish_all
from tests.integration.apps.test_publication_lost import REVOKED, number_of, statuses
from tests.integration.apps.test_status import answer, crl_of, published
from tests.support.certificates import issue, revoke, serials
from tests.support.postgres import Backup
from tests.support.service import Service

from varmentaja.apps.audit.models import Entry
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status import answers, lists, named, publication
from varmentaja.apps.status.actions import publish_status as publishing
from varmentaja.apps.status.actions.publish_status import is_behind, publish_revocations, publish_status
from varmentaja.apps.status.answers import HALF_LIFE, LIFETIME
from varmentaja.apps.status.models import Hold, Publication, ToldRevoked
from varmentaja.domain.certificates import CertificateState
from varmentaja.ground.embedded_postgres import EmbeddedPostgres
from varmentaja.pki.publication import PublicationReader

pytestmark = pytest.mark.django_db(transaction=True)

SECOND = timedelta(seconds=1)
GOOD = ocsp.OCSPCertStatus.GOOD


def test_a_database_of_yesterday_learns_from_what_is_published(
    service: Service, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, lost_after = issue(2, now=service.now), issue(2, now=service.now)
    publish_status(now=service.now)
    backup = Backup(postgres)

    later = service.now + 5 * SECOND
    made_after, made_and_lost, (reserved, burned) = (issue(2, now=later) for _ in range(3))
    with monkeypatch.context() as patch:
        patch.setattr(publishing, "OVERTAKING", 0)  # some of it in a new set, and then some over it
        publish_status(now=later)
    revoked = revoke(*lost_after, *made_and_lost, now=later)
    good = [*made_after, *kept, reserved, burned]
    publish_status(now=later + SECOND)
    assert published(service).overlay
    responder = reader(service)
    assert responder.poll()
    authority, number = revoked[0].authority, number_of(service, revoked[0].authority)
    said = {row.serial: told(service, row) for row in revoked}

    backup.restore()
    # As if the backup had been taken while these were being issued, and the worker was quick to burn one.
    for row, state in ((reserved, "reserved"), (burned, "burned")):
        row.pk, row.card, row.person = None, None, None
        row.state, row.der, row.answer_due_at = state, None, None
        row.save(force_insert=True)
    publication._kept.clear()  # another process

    again = later + 10 * SECOND
    assert publish_status(now=again) is not None
    assert responder.poll(), responder.problem
    assert not Hold.objects.exists() and not is_behind(again)
    assert statuses(service, revoked) == [REVOKED] * 4 and statuses(service, good) == [GOOD] * 6
    assert {row.serial: told(service, row) for row in revoked} == said, "with the same times and reasons"
    assert number_of(service, authority) > number
    assert listed(service, authority) == serials(revoked)
    assert states(revoked) == {CertificateState.REVOKED}
    assert states(kept) == {CertificateState.ISSUED}
    recovered = Certificate.objects.filter(state=CertificateState.RECOVERED)
    assert serials(recovered) == serials([*good[:2], reserved, burned])
    for action, count in (("certificate.recovered", 6), ("certificate.revoked", 4)):
        assert sum(f'"action":"{action}"' in entry.content for entry in Entry.objects.all()) == count

    half = again + HALF_LIFE
    assert publish_status(now=half) is not None and not is_behind(half)
    for row in [*good, *revoked]:
        current = answer(service, row)
        assert current is not None and current.next_update_utc == (half + LIFETIME).replace(microsecond=0)
    assert statuses(service, revoked) == [REVOKED] * 4 and statuses(service, good) == [GOOD] * 6
    gone = revoke(*kept, now=half + SECOND)
    publish_status(now=half + SECOND)
    assert listed(service, authority) == serials([*revoked, *gone])
    assert listed(service, authority, "0-delta") == serials(gone)


def test_when_only_lists_were_renewed_since_the_next_delta_has_a_published_base(
    service: Service, postgres: EmbeddedPostgres
) -> None:
    rows = issue(2, now=service.now)
    publish_status(now=service.now)
    backup = Backup(postgres)
    publish_status(now=service.now + HALF_LIFE)
    number = number_of(service, rows[0].authority)
    backup.restore()
    publication._kept.clear()
    later = service.now + HALF_LIFE + SECOND
    gone = revoke(*rows, now=later)
    assert publish_status(now=later) is not None and not Hold.objects.exists()
    assert listed(service, rows[0].authority) == serials(gone)
    assert number_of(service, rows[0].authority) > number


def test_a_restart_without_a_restore_changes_no_record(service: Service) -> None:
    rows = issue(2, now=service.now)
    publish_status(now=service.now)
    revoke(*rows, now=service.now + SECOND)
    publish_status(now=service.now + SECOND)
    before = list(Certificate.objects.order_by("id").values())
    publication._kept.clear()
    assert publish_status(now=service.now + 2 * SECOND) is None
    assert list(Certificate.objects.order_by("id").values()) == before
    assert statuses(service, rows) == [REVOKED] * 2


def test_what_lists_name_already_does_not_wait_again_however_much_it_is(
    service: Service, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the first batch would be told anew, by lists without the others."""
    monkeypatch.setattr(publishing, "BATCH", 2)
    rows = issue(5, now=service.now)
    publish_all(service.now)
    backup = Backup(postgres)
    gone = revoke(*rows, now=service.now + SECOND)
    publish_all(service.now + SECOND)
    backup.restore()
    publication._kept.clear()
    more = issue(1, now=service.now + 2 * SECOND)
    gone += revoke(*more, now=service.now + 2 * SECOND)
    publish_all(service.now + 2 * SECOND)
    assert not Hold.objects.exists(), Hold.objects.values()
    assert statuses(service, gone) == [REVOKED] * 6
    assert listed(service, gone[0].authority) == serials(gone)
    assert not lists.waiting().exists()
    remembered = ToldRevoked.objects.values_list("authority", "serial")
    assert {(row.authority, row.serial) for row in gone} <= set(remembered)
    assert sum(Publication.objects.values_list("revocations", flat=True)) == 1, "those of before the backup"


def test_what_a_run_that_was_cut_off_has_told_is_not_forgotten_for_what_comes_meanwhile(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "BATCH", 2)
    first, *rows = issue(5, now=service.now)
    publish_all(service.now)
    gone = revoke(*rows, now=service.now + SECOND)

    def die(*_: object, **__: object) -> None:
        raise SystemExit("as kill -9: the database forgets what was not committed")

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(answers, "note_answered", die)
        publish_revocations(now=service.now + SECOND)
    told = listed(service, first.authority)
    assert len(told) == 2
    publication._kept.clear()
    gone += revoke(first, now=service.now + 2 * SECOND)
    publish_all(service.now + 2 * SECOND)
    assert not Hold.objects.exists(), Hold.objects.values()
    assert listed(service, first.authority) == serials(gone)
    assert sum(Publication.objects.values_list("revocations", flat=True)) == 5, "the gate counts all"


def test_what_stands_in_any_list_is_named_when_every_list_names_it(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = revoke(*issue(2, now=service.now), now=service.now)
    Certificate.objects.update(shard=None)
    first, second = (one.authority, "0"), (one.authority, "1")
    held = {first: serials([one, other]), second: serials([one])}
    numbers = {first: 5, second: 7}
    current: Any = SimpleNamespace(
        crls={place: SimpleNamespace(ref=SimpleNamespace(number=number)) for place, number in numbers.items()}
    )
    monkeypatch.setattr(
        named, "entries", lambda _, place: [SimpleNamespace(serial_number=each) for each in held[place]]
    )
    named.note_named(current, [first])
    listed_since = dict(Certificate.objects.values_list("pk", "first_listed"))
    assert listed_since == {one.pk: 7, other.pk: None}


def reader(service: Service) -> PublicationReader:
    assert service.outside.custody is not None
    return PublicationReader(service.folder / "publication", service.outside.custody.verify_seal)


def states(rows: list[Certificate]) -> set[str]:
    """As the records have them now."""
    found = Certificate.objects.filter(serial__in=[row.serial for row in rows])
    assert found.count() == len(rows)
    return {row.state for row in found}


def listed(service: Service, authority: str, shard: str = "0") -> set[int]:
    return {entry.serial_number for entry in x509.load_der_x509_crl(crl_of(service, authority, shard))}


def told(service: Service, row: Certificate) -> tuple[object, ...]:
    said = answer(service, row)
    crl = x509.load_der_x509_crl(crl_of(service, row.authority))
    entry = crl.get_revoked_certificate_by_serial_number(int(row.serial, 16))
    assert said is not None and entry is not None
    reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    return said.revocation_time_utc, said.revocation_reason, entry.revocation_date_utc, reason
