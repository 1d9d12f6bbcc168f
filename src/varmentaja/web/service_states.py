# SPDX-License-Identifier: EUPL-1.2
"""Words for how a status service is, the same on every page."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from varmentaja.apps.observation.queries import Condition
from varmentaja.ui.components import Tone

CONDITIONS: dict[Condition, tuple[Promise, Tone]] = {
    Condition.WORKS: (_("Works"), Tone.GOOD),
    Condition.HAMPERED: (_("Works, but not as well as it should"), Tone.ATTENTION),
    Condition.DISTURBED: (_("Disturbance"), Tone.BAD),
    Condition.UNKNOWN: (_("Not known"), Tone.NEUTRAL),
}
