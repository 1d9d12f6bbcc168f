# SPDX-License-Identifier: EUPL-1.2
"""Linting quickly finds what pkilint finds by itself: in its own walk, in other processes, in any number."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from functools import cache

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.pki import LINES, PERSON_PROFILES, Demo

from varmentaja.domain.errors import DomainError, Kind
from varmentaja.pki.algorithms import PrivateKey
from varmentaja.pki.lint import Finding, external
from varmentaja.pki.lint.external import lint_certificate
from varmentaja.pki.lint.pool import FEW, Artefact, LintPool, lint_certificates
from varmentaja.pki.profile import load_profile

Lint = Callable[[bytes, str], tuple[Finding, ...]]


@pytest.fixture(scope="module")
def plain() -> Lint:
    """pkilint with its own walk."""
    validator = cache(external._certificate_validator)

    def lint(der: bytes, linter: str) -> tuple[Finding, ...]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(external, "_quick_validator", validator)
            return lint_certificate(der, linter)

    return lint


@pytest.fixture(scope="module")
def issued(demo: Demo, card_keys: dict[str, PrivateKey]) -> list[Artefact]:
    """A certificate of each profile and kind of key, and the authorities'."""
    people = [
        (demo.issue(name, line, card_keys[line]).public_bytes(Encoding.DER), load_profile(name).linter)
        for name in PERSON_PROFILES
        for line in LINES
    ]
    return people + [(each.certificate_der, "pkix") for each in demo.hierarchy.authorities.values()]


@pytest.fixture
def pool() -> Iterator[LintPool]:
    made = LintPool(2)
    yield made
    made.close()


def test_certificates_as_issued_show_the_same_findings_in_the_same_order(
    plain: Lint, issued: list[Artefact]
) -> None:
    for der, linter in issued:
        assert lint_certificate(der, linter) == plain(der, linter)
    assert any(lint_certificate(der, linter) for der, linter in issued)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_certificates_show_the_same_findings(
    plain: Lint, issued: list[Artefact], data: st.DataObject
) -> None:
    der, linter = data.draw(st.sampled_from(issued))
    damaged = bytearray(der)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(der) - 1))
        damaged[place] = data.draw(st.integers(0, 255))
    assert lint_certificate(bytes(damaged), linter) == plain(bytes(damaged), linter)


def test_processes_answer_in_the_order_asked(pool: LintPool, issued: list[Artefact]) -> None:
    many = issued * 2 + issued[:1]
    assert pool.lint(many) == [lint_certificate(der, linter) for der, linter in many]
    assert pool.lint(issued[:1]) == [lint_certificate(*issued[0])]


def test_few_and_many_are_linted_alike(issued: list[Artefact]) -> None:
    many = (issued * FEW)[: FEW + 3]
    assert lint_certificates(many)[:FEW] == lint_certificates(many[:FEW])


def test_a_process_that_was_killed_fails_the_batch_and_the_next_has_new_ones(
    pool: LintPool, issued: list[Artefact]
) -> None:
    before = pool.lint(issued)
    killed = pool._workers[1]
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    with pytest.raises(DomainError) as failure:
        pool.lint(issued)
    assert failure.value.kind is Kind.UNAVAILABLE
    assert pool.lint(issued) == before


def test_a_process_ends_when_the_one_who_asked_is_gone(pool: LintPool, issued: list[Artefact]) -> None:
    pool.lint(issued)
    worker = pool._workers[0]
    assert worker.stdin is not None
    worker.stdin.close()  # as the kernel does for one that was killed
    assert worker.wait(timeout=30) == 0
