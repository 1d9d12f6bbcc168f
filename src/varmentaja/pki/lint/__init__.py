# SPDX-License-Identifier: EUPL-1.2
"""Linting: our own clause-coded rules and pkilint; which findings are expected is data of the profiles."""

from varmentaja.pki.lint.findings import STOPPING, CertificateRefused, Finding, Severity, judge
from varmentaja.pki.lint.pool import lint_answers_and_lists, lint_certificates
from varmentaja.pki.lint.rules import Circumstances, own_findings

__all__ = [
    "STOPPING",
    "CertificateRefused",
    "Circumstances",
    "Finding",
    "Severity",
    "judge",
    "lint_answers_and_lists",
    "lint_certificates",
    "own_findings",
]
