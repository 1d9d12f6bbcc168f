# SPDX-License-Identifier: EUPL-1.2
"""Linting many certificates at once: a few in this process, more in processes that stay warm, one a core.

pkilint is Python, so that threads would take turns. The processes are started by the first batch that is
worth it and end with this one.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import cache

from varmentaja.domain.errors import unavailable
from varmentaja.pki.lint.findings import Finding, Severity

FEW = 8
"""Up to so many are linted at once in this process: a card has two."""

Artefact = tuple[bytes, str]
"""A certificate (DER) and the name of its linter."""
Findings = tuple[Finding, ...]

_here = threading.Lock()  # pkilint's documents are not known to be safe for threads


def lint_certificates(artefacts: Sequence[Artefact]) -> list[Findings]:
    """pkilint's findings of each certificate, in order; `unavailable` if the processes fail."""
    if len(artefacts) > FEW:
        return _pool().lint(artefacts)
    # pkilint takes half a second to import, which no program needs that only starts.
    from varmentaja.pki.lint.external import lint_certificate

    with _here:
        return [lint_certificate(der, linter) for der, linter in artefacts]


def lint_answers_and_lists(artefacts: Sequence[tuple[bytes, bool]]) -> list[Findings]:
    """pkilint's findings of OCSP answers (DER and True) and revocation lists (False), in order, in this
    process: an answer takes a millisecond or two, and no revocation should wait for processes to start."""
    from varmentaja.pki.lint.external import lint_crl, lint_ocsp  # as above

    with _here:
        return [lint_ocsp(der) if is_answer else lint_crl(der) for der, is_answer in artefacts]


class LintPool:
    """Processes that lint; one batch at a time."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._workers: list[subprocess.Popen[str]] = []

    def lint(self, artefacts: Sequence[Artefact]) -> list[Findings]:
        """Each process takes every n-th certificate."""
        with self._lock:
            try:
                return self._lint(artefacts)
            except (OSError, ValueError) as error:  # a process has ended: all are started anew next time
                self.close()
                raise unavailable("The checks of certificates could not be run. Try again later.") from error

    def close(self) -> None:
        """End the processes; the next batch starts others."""
        for worker in self._workers:
            worker.kill()
            worker.wait()
            for stream in filter(None, (worker.stdin, worker.stdout)):
                with suppress(OSError):  # what was not sent any more
                    stream.close()
        self._workers = []

    def _lint(self, artefacts: Sequence[Artefact]) -> list[Findings]:
        self._workers = self._workers or [_started() for _ in range(self._size)]
        found: list[Findings] = [()] * len(artefacts)
        for place, worker in enumerate(self._workers):
            _ask(worker, artefacts[place :: self._size])
        for place, worker in enumerate(self._workers):
            mine = range(place, len(artefacts), self._size)
            for position, findings in zip(mine, _answer(worker), strict=True):
                found[position] = findings
        return found


@cache
def _pool() -> LintPool:
    return LintPool(len(os.sched_getaffinity(0)))


def _started() -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "varmentaja.pki.lint.worker"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _ask(worker: subprocess.Popen[str], artefacts: Sequence[Artefact]) -> None:
    assert worker.stdin is not None
    worker.stdin.write(json.dumps([(base64.b64encode(der).decode(), name) for der, name in artefacts]) + "\n")
    worker.stdin.flush()


def _answer(worker: subprocess.Popen[str]) -> list[Findings]:
    """What the process found; ValueError if it ended instead."""
    assert worker.stdout is not None
    return [
        tuple(Finding(code, Severity(severity), *place) for code, severity, *place in findings)
        for findings in json.loads(worker.stdout.readline())
    ]
