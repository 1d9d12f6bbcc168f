# SPDX-License-Identifier: EUPL-1.2
"""The status services as the observer sees them, and every disturbance that it has told of."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from varmentaja.apps.observation import queries
from varmentaja.apps.observation.queries import OutageLine, Overview
from varmentaja.domain.actors import Role
from varmentaja.domain.availability import SERVICES, TROUBLES, limits
from varmentaja.ui.components import Cell, Column, Status, Table, Tone
from varmentaja.ui.translate import translated
from varmentaja.web.office.pages import crumbs, next_page
from varmentaja.web.office.texts import moment
from varmentaja.web.service_states import CONDITIONS
from varmentaja.web.session import for_role


@for_role(Role.OFFICER)
def outages(request: HttpRequest) -> HttpResponse:
    """The last round's numbers, and the disturbances, newest first."""
    page = queries.outages(request.GET.get("after", ""))
    seen = queries.overview(now=timezone.now())
    heading = _("Disturbances of the status services")
    columns = [Column(_("Disturbance")), Column(_("Service")), Column(_("Began")), Column(_("Ended"))]
    context = {
        "heading": heading,
        "now": _last_round(seen) if seen else None,
        "looked_at": moment(seen.at) if seen else "",
        "absent": [translated(SERVICES[each]) for each in seen.absent] if seen else [],
        "minutes": round(limits().serious.total_seconds() / 60),
        "table": Table(
            heading,
            [*columns, Column(_("Where")), Column(_("What the verifier said"))],
            [_row(line) for line in page.lines],
            empty=_("There have been no disturbances."),
        ),
        "next": next_page(request.path, page.next_key),
        "breadcrumb": crumbs(),
    }
    return render(request, "office/outages.html", context)


def _last_round(seen: Overview) -> Table:
    columns = [Column(_("Service")), Column(_("State")), Column(_("Questions"), numeric=True)]
    columns += [Column(_("Without a usable answer"), numeric=True), Column(_("Median, ms"), numeric=True)]
    return Table(
        _("Last round of questions"),
        [*columns, Column(_("Slowest, ms"), numeric=True)],
        [
            [
                translated(SERVICES[each.service]),
                Status(*CONDITIONS[each.condition]),
                each.tally.asked,
                each.tally.lost,
                each.tally.median_ms,
                each.tally.slowest_ms,
            ]
            for each in seen.services
        ],
    )


def _row(line: OutageLine) -> list[Cell]:
    trouble = translated(TROUBLES[line.trouble])
    goes_on = Status(_("Goes on"), Tone.BAD)
    return [
        _("%(trouble)s (possibly significant)") % {"trouble": trouble} if line.serious else trouble,
        translated(SERVICES[line.service]) if line.service else "",
        moment(line.begun_at),
        moment(line.ended_at) if line.ended_at else goes_on,
        ", ".join(line.subjects),
        line.detail,
    ]
