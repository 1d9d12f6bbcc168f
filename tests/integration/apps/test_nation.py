# SPDX-License-Identifier: EUPL-1.2
"""A small nation through the generator, the worker's publishing, a simulated day and openssl's eyes."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from bench import day, day_steps, nation, servers, serving, sizes
from bench.questions import Asker
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.integration.apps.test_status import crl_of, published
from tests.support.service import Service

from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.paging import is_any
from varmentaja.apps.status.actions.publish_status import is_behind, publish_status
from varmentaja.apps.status.lists import waiting
from varmentaja.apps.status.models import Publication
from varmentaja.apps.status.queries import count_untold_revocations
from varmentaja.signer.keys import PUBLICATION_KEY

pytestmark = pytest.mark.django_db(transaction=True)
HOLDERS = 2_000


class _Stop(Exception):
    """The filling is cut off."""


def _stop_after_first(done: int) -> None:
    if done:
        raise _Stop


def test_a_nation_is_published_and_goes_through_a_day(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nation, "_CHUNK", HOLDERS // 2)
    with pytest.raises(_Stop):
        nation.fill(HOLDERS, now=service.now, tell=_stop_after_first)
    assert Certificate.objects.count() == HOLDERS // 2 * sizes.EACH, "what was filled stays"
    nation.fill(HOLDERS, now=service.now)
    rows = Certificate.objects.filter(profile_version="nation")
    assert rows.count() == HOLDERS * sizes.EACH
    revoked = Counter(rows.filter(state="revoked").values_list("authority", flat=True))
    assert 0.03 < revoked.total() / rows.count() < 0.07
    while is_behind(service.now):
        assert publish_status(now=service.now) is not None
    assert sum(Publication.objects.values_list("answers", flat=True)) == rows.count(), "each was signed once"
    for authority, count in revoked.items():
        assert len(x509.load_der_x509_crl(crl_of(service, authority))) == count
        entries = list(published(service).entries(authority))
        assert sum(entry.revision for entry in entries) == count

    key = tmp_path / "publisher.pem"
    public = service.demo.store.public_key(PUBLICATION_KEY)
    key.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    asker = Asker(service.demo.hierarchy, HOLDERS * sizes.EACH)
    responder = servers.responder(tmp_path, service.folder / "publication", key)
    with servers.stopping(responder):
        assert [row.value for row in serving.verify(asker, responder, 20)] == [20, 2]
        size = HOLDERS * sizes.EACH
        steps = day_steps.simulate(asker, responder, size=size, steps=4, begin=service.now)
    assert sum(step.signed for step in steps[:2]) < 100, "in the first half of the day only what changed"
    assert size <= sum(step.signed for step in steps) <= size + 100, "and in the day each answer once"
    assert not is_behind(service.now + timedelta(days=1))
    assert all(step.lag < 10 and step.served > 100 for step in steps)
    assert day.picture_of(steps).count("<polyline") == 6


def test_sampled_certificates_are_really_signed(service: Service) -> None:
    assert service.outside.custody is not None
    authority = service.demo.hierarchy.authority(sizes.AUTHORITIES[0])
    nation.fill_sampled(service.outside.custody, 2, now=service.now)
    for row in Certificate.objects.filter(profile_version="sampled"):
        assert row.der
        certificate = x509.load_der_x509_certificate(bytes(row.der))
        certificate.verify_directly_issued_by(authority.certificate)
        assert f"{certificate.serial_number:x}" == row.serial


def test_nothing_goes_through_all_certificates_to_see_whether_any_waits(service: Service) -> None:
    """PostgreSQL takes untold revocations for many: nearly all certificates stand in no list."""
    nation.fill(HOLDERS, now=service.now)
    with connection.cursor() as cursor:
        for part in (5, 2, 7, 0, 3, 6, 1, 4):  # as renewals do, after which rows lie in no order of their ids
            moved = "UPDATE certificates_certificate SET answer_due_at = %s WHERE id %% 8 = %s"
            cursor.execute(moved, [service.now + timedelta(hours=1), part])
        cursor.execute("ANALYZE certificates_certificate")
    with CaptureQueriesContext(connection) as asked:
        assert not is_any(waiting()) and not is_behind(service.now)
        assert not count_untold_revocations(now=service.now)
    for query in asked.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {query['sql']}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "Seq Scan" not in plan, plan
    assert len(asked) == 3
