# SPDX-License-Identifier: EUPL-1.2
"""The parts of an application's page."""

from __future__ import annotations

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from varmentaja.apps.applications.queries import ApplicationFile
from varmentaja.domain.eligibility import Decision, RuleResult
from varmentaja.domain.eligibility_rules import Outcome
from varmentaja.domain.identity_documents import LABELS as DOCUMENTS
from varmentaja.ui.components import Cell, Column, SummaryRow, Table
from varmentaja.ui.translate import translated
from varmentaja.web.office.pages import person_link
from varmentaja.web.office.texts import moment, outcome_status, product_label

_ORDER = (Outcome.REFUSED, Outcome.TO_DESK, Outcome.TO_OFFICER, Outcome.APPROVED)


def facts(file: ApplicationFile) -> list[SummaryRow]:
    """What was applied for, where and by whom."""
    decision = file.decision
    right = decision.right if decision else None
    return [
        SummaryRow(_("Applicant"), person_link(applicant_of(file), file.person_id)),
        SummaryRow(_("Card"), product_label(file.product)),
        SummaryRow(_("Registration point"), file.point.name),
        SummaryRow(_("Registrar"), file.registrar),
        SummaryRow(_("Opened"), moment(file.opened_at)),
        SummaryRow(_("Submitted"), file.submitted_on or ""),
        SummaryRow(
            _("Right to practise"), f"{right.title_fi} / {right.title_sv} ({right.code})" if right else ""
        ),
        SummaryRow(_("Card valid until"), decision.valid_until or "" if decision else ""),
        SummaryRow(_("Identity document"), _document(file)),
        SummaryRow(_("An officer's reasons"), file.review_reason),
    ]


def rules(decision: Decision) -> Table:
    """Every rule with its outcome, reason, source and date; what did not pass comes first."""
    results = sorted(decision.results, key=lambda result: _ORDER.index(result.outcome))
    columns = [Column(_("Reason")), Column(_("Outcome")), Column(_("Source of the rule"))]
    columns += [Column(_("In force from")), Column(_("Facts"))]
    return Table(
        _("Rules applied"),
        columns,
        [_rule(result) for result in results],
    )


def _rule(result: RuleResult) -> list[Cell]:
    used = ", ".join(f"{name}: {_fact(value)}" for name, value in result.used.items() if value)
    return [
        translated(result.reason),
        outcome_status(result.outcome),
        result.source,
        result.in_force,
        used,
    ]


def _fact(value: str) -> str:
    try:
        return date_format(date.fromisoformat(value), "SHORT_DATE_FORMAT")
    except ValueError:
        return value


def _document(file: ApplicationFile) -> str:
    shown = file.document
    return f"{translated(DOCUMENTS[shown.kind])} ({shown.country})" if shown else ""


def applicant_of(file: ApplicationFile) -> str:
    """Name in use and family name."""
    return f"{file.person.first_name} {file.person.family_name}"
