# SPDX-License-Identifier: EUPL-1.2
"""Several people or workers do the same thing at the same moment, over real transactions."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connection
from tests.support.service import Service

from varmentaja.adapters.sandbox.cast import load_cast
from varmentaja.apps.applications.actions.open_application import open_application
from varmentaja.apps.applications.actions.submit_application import submit_application
from varmentaja.apps.applications.models import Application
from varmentaja.apps.audit.sealing import seal_all
from varmentaja.apps.audit.verifying import verify
from varmentaja.apps.cards.actions.produce_card import produce_card
from varmentaja.apps.cards.models import Order
from varmentaja.apps.cards.subjects import subject_for
from varmentaja.apps.certificates.actions.issue_batch import KeyRequest, issue_batch
from varmentaja.apps.certificates.models import Certificate
from varmentaja.domain.batch import only
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.ports.custody import CertificateOrder

pytestmark = pytest.mark.django_db(transaction=True)
T = TypeVar("T")


def at_once(actions: list[Callable[[], T]]) -> list[T | DomainError]:
    """Run each in a thread and with a connection of its own, let go all together; results or refusals."""
    start = threading.Barrier(len(actions))
    results: list[T | DomainError] = []
    faults: list[BaseException] = []

    def run(action: Callable[[], T]) -> None:
        try:
            start.wait()
            results.append(action())
        except DomainError as refusal:
            results.append(refusal)
        except BaseException as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    return results


def test_two_registrars_who_open_at_once_meet_in_one_draft(service: Service) -> None:
    desks = [service.registrar("registrar"), service.registrar("second_registrar")]
    code = str(load_cast().member("physician").identity_code)
    opened = at_once(
        [partial(open_application, desk, code, now=service.now, today=service.today) for desk in desks]
    )
    assert len({draft.pk for draft in opened if isinstance(draft, Application)}) == 1
    assert len(opened) == 2
    assert Application.objects.count() == 1


def test_two_registrars_who_submit_at_once_order_one_card(service: Service) -> None:
    draft = service.application()
    desks = [service.registrar("registrar"), service.registrar("second_registrar")] * 4
    results = at_once(
        [
            partial(submit_application, desk, draft.pk, draft.version, now=service.now, today=service.today)
            for desk in desks
        ]
    )
    refused = [result for result in results if isinstance(result, DomainError)]
    assert {refusal.kind for refusal in refused} == {Kind.CONFLICT}
    assert len(refused) == len(desks) - 1
    assert Order.objects.count() == 1
    _audit_is_whole(service.folder)


def test_two_workers_on_one_order_make_one_card(service: Service) -> None:
    draft = service.application()
    service.submit(draft)
    order = service.order_of(draft)
    at_once([lambda: produce_card(order.pk, now=service.now, today=service.today)] * 2)
    produce_card(order.pk, now=service.now, today=service.today)
    order.refresh_from_db()
    assert order.state == "dispatched"
    assert Counter(Certificate.objects.filter(state="issued").values_list("purpose", flat=True)) == {
        "authentication": 1,
        "signature": 1,
    }
    assert len(service.post.delivered(order.card.person.electronic_id)) == 1
    _audit_is_whole(service.folder)


def test_sixteen_threads_never_issue_one_serial_twice(service: Service) -> None:
    card = service.made_card()
    before = Certificate.objects.count()

    def issue(key: bytes) -> Any:
        order = CertificateOrder(
            "professionals-ecc",
            "professional-auth",
            subject_for(card),
            key,
            service.now.replace(microsecond=0),
            service.now.replace(microsecond=0) + timedelta(days=300),
        )
        request = KeyRequest(card, "authentication", order)
        return only(issue_batch([request], now=service.now)).serial

    def worker() -> list[str]:
        return [issue(_new_key()) for _ in range(4)]

    results = at_once([worker] * 16)
    serials = [serial for result in results if isinstance(result, list) for serial in result]
    assert len(serials) == 64 == len(set(serials))
    assert Certificate.objects.filter(state="issued").count() == before + 64
    _audit_is_whole(service.folder)


def _new_key() -> bytes:
    key = ec.generate_private_key(ec.SECP384R1()).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _audit_is_whole(folder: Path) -> None:
    seal_all()
    report = verify(folder / "no heads yet", None)
    assert report.links > 0
    assert report.findings == ["no signed head was found: the end of the chain is not proved"]
