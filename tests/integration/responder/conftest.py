# SPDX-License-Identifier: EUPL-1.2
"""A responder process over a small publication."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.responder import RunningResponder, running
from tests.support.status import NOW, Authority, Publication

GOOD, REVOKED = 0x1234567890ABCDEF1234567890ABCDEF, 0x2234567890ABCDEF1234567890ABCDEF


@pytest.fixture(scope="session")
def people() -> Authority:
    return Authority("people", root=Authority("root"))


@pytest.fixture(scope="session")
def services() -> Authority:
    return Authority("services")


@pytest.fixture
def publication(tmp_path: Path, people: Authority, services: Authority) -> Publication:
    publication = Publication(tmp_path / "publication")
    answers = [
        people.answer(GOOD),
        people.answer(REVOKED, revoked=True),
        services.answer(77),
    ]
    crls = [people.crl([REVOKED], number=1), services.crl(number=1)]
    certificates = {"people": people.der, "services": services.der}
    publication.publisher.publish(answers, crls, certificates, 1, NOW)
    return publication


@pytest.fixture
def responder(publication: Publication) -> Iterator[RunningResponder]:
    with running(publication) as process:
        yield process
