# SPDX-License-Identifier: EUPL-1.2
"""What the office is told of the status services at once: out of the observer's own report.

The records know of a disturbance only while the worker lives, and a worker that has died is one of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from varmentaja.apps.observation.queries import Condition, Overview
from varmentaja.domain.availability import SERVICES, TROUBLES, Trouble
from varmentaja.ui.translate import translated
from varmentaja.web.office.texts import moment

_RENEWAL = (Trouble.AGEING, Trouble.STALE)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A notification."""

    kind: str
    lines: tuple[str, ...]


def alarm(seen: Overview | None) -> Alarm | None:
    """None while all is well."""
    if seen is None:
        return Alarm("warning", (_("The observer has not reported anything yet."),))
    lines = []
    if seen.is_silent:
        lines.append(
            _("Nobody has looked at the status services since %(moment)s.") % {"moment": moment(seen.at)}
        )
    for each in seen.lasting:
        values = {
            "service": translated(SERVICES[each.service]),
            "trouble": translated(TROUBLES[each.trouble]),
        }
        lines.append(_("%(service)s: %(trouble)s") % values)
    if seen.holds_until and any(each.trouble in _RENEWAL for each in seen.lasting):
        lines.append(
            _("What is published is not being renewed. The first of it goes out of date at %(moment)s.")
            % {"moment": moment(seen.holds_until)}
        )
    if not lines:
        return None
    return Alarm("warning" if seen.condition is Condition.HAMPERED else "error", tuple(lines))
