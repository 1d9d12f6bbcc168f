# SPDX-License-Identifier: EUPL-1.2
"""How the status services are, in plain words: now, by day, and every disturbance of the kept time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from varmentaja.apps.observation.queries import Condition, Overview, ServiceView, overview
from varmentaja.domain.availability import SERVICES, TROUBLES, limits
from varmentaja.ui.components import Column, Link, Status, Table, Tone
from varmentaja.ui.translate import translated
from varmentaja.web.service_states import CONDITIONS

_SUMMARIES = {
    Condition.WORKS: ("success", gettext_lazy("All status services work.")),
    Condition.HAMPERED: (
        "warning",
        gettext_lazy("The status services work, but not as well as they should."),
    ),
    Condition.DISTURBED: ("error", gettext_lazy("There is a disturbance in the status services.")),
    Condition.UNKNOWN: (
        "warning",
        gettext_lazy("It is not known how the status services are: nobody has looked at them lately."),
    ),
}
_BAR_WIDTH = 10


@dataclass(frozen=True, slots=True)
class Bar:
    """A day in the picture: good, bad or unseen."""

    x: int
    kind: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A service as the page shows it."""

    name: str
    status: Status
    since: str
    share: str
    days: str
    bars: tuple[Bar, ...]
    width: int


def page(request: HttpRequest) -> HttpResponse:
    """The page; it needs neither sign-in nor the database."""
    seen = overview(now=timezone.now())
    kind, summary = _SUMMARIES[seen.condition if seen else Condition.UNKNOWN]
    values = {
        "kind": kind,
        "summary": summary,
        "looked_at": moment(seen.at) if seen else "",
        "services": [_shown(each) for each in seen.services] if seen else [],
        "absent": [translated(SERVICES[each]) for each in seen.absent] if seen else [],
        "table": _disturbances(seen) if seen else None,
        "every": round(limits().interval.total_seconds()),
        "breadcrumb": [Link(_("Front page"), reverse("public:front"))],
    }
    return render(request, "public/availability.html", values)


def moment(at: datetime) -> str:
    """Day and time in Finland, as the reader's language writes them."""
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")


def lasted(length: timedelta) -> str:
    """A length in words: minutes, from two hours on hours, from two days on days."""
    minutes = max(1, round(length.total_seconds() / 60))
    if minutes < 120:
        return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
    hours = round(minutes / 60)
    if hours < 48:
        return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    days = round(hours / 24)
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}


def _shown(view: ServiceView) -> Shown:
    text, tone = CONDITIONS[view.condition]
    kinds = ["unseen" if not day.rounds else "bad" if day.troubled else "good" for _when, day in view.days]
    told = view.since is not None and view.condition in (Condition.DISTURBED, Condition.HAMPERED)
    return Shown(
        name=translated(SERVICES[view.service]),
        status=Status(text, tone),
        since=_("Since %(moment)s") % {"moment": moment(view.since)} if told and view.since else "",
        share=_share(view),
        days=_("Without disturbance on %(good)s days, disturbed on %(bad)s, not observed on %(unseen)s.")
        % {kind: kinds.count(kind) for kind in ("good", "bad", "unseen")},
        bars=tuple(Bar(place * _BAR_WIDTH, kind) for place, kind in enumerate(kinds)),
        width=len(kinds) * _BAR_WIDTH,
    )


def _share(view: ServiceView) -> str:
    """Rounded down, so that no disturbance is rounded away."""
    if not view.rounds:
        return ""
    percent = floor(10_000 * (view.rounds - view.troubled) / view.rounds) / 100
    values = {
        "percent": number_format(percent, 2),
        "rounds": number_format(view.rounds, 0, force_grouping=True),
    }
    return _("Right and in time in %(percent)s %% of the %(rounds)s rounds of questions.") % values


def _disturbances(seen: Overview) -> Table:
    columns = [Column(_("Disturbance")), Column(_("Service")), Column(_("Began")), Column(_("Ended"))]
    return Table(
        _("Disturbances of the last %(days)s days") % {"days": limits().days},
        [*columns, Column(_("Lasted"))],
        [
            [
                translated(TROUBLES[each.trouble]),
                translated(SERVICES[each.service]),
                moment(each.begun_at),
                moment(each.ended_at) if each.ended_at else Status(_("Goes on"), Tone.BAD),
                lasted(each.lasted(seen.at)),
            ]
            for each in seen.outages
        ],
        empty=_("There have been no disturbances."),
    )
