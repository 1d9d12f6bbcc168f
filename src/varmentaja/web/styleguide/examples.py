# SPDX-License-Identifier: EUPL-1.2
"""What the style guide shows: fictive people, each component in its states."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from varmentaja.ui.components import (
    CardFace,
    Column,
    Link,
    Progress,
    Status,
    Stepper,
    SummaryRow,
    Table,
    TimelineEntry,
    Tone,
)


def examples() -> dict[str, Any]:
    """Template values of the style guide."""
    return {
        "breadcrumb": [Link(_("Front page"), reverse("public:front"))],
        "statuses": statuses(),
        "table": table(),
        "empty_table": Table(_("Cards"), [Column(_("Name"))], [], empty=_("No cards were found.")),
        "stepper": Stepper([_("Person"), _("Right"), _("Photograph"), _("Addresses"), _("Check")], 3),
        "entries": timeline(),
        "rows": summary(),
        "face": face(),
        "command": "varmentaja reader activate",
    }


def statuses() -> list[Status]:
    """A tag of each tone."""
    return [
        Status(_("Ordered")),
        Status(_("On its way"), Tone.ACTIVE),
        Status(_("In use"), Tone.GOOD),
        Status(_("Expires soon"), Tone.ATTENTION),
        Status(_("Revoked"), Tone.BAD),
    ]


def table() -> Table:
    """A table with a link, a date, a tag and a number."""
    ordered, on_its_way, in_use, *_others = statuses()
    return Table(
        _("Cards"),
        [Column(_("Name")), Column(_("Ordered")), Column(_("State")), Column(_("Days"), numeric=True)],
        [
            [Link("Äijälä, Päivi", "#table"), date(2027, 3, 3), in_use, 7],
            [Link("Österman, Åke", "#table"), date(2027, 3, 5), on_its_way, 5],
            [Link("Sámmol-Zetterberg, Čeabetšlávli", "#table"), date(2027, 3, 9), ordered, 1],
        ],
    )


def timeline() -> list[TimelineEntry]:
    """A card's way, as its holder sees it."""
    return [
        TimelineEntry(_("Card ordered"), Progress.DONE, date(2027, 3, 3)),
        TimelineEntry(_("Card made"), Progress.DONE, date(2027, 3, 5)),
        TimelineEntry(
            _("Card posted"),
            Progress.CURRENT,
            date(2027, 3, 8),
            text=_("The card is sent to your home address."),
        ),
        TimelineEntry(_("Code letter posted"), Progress.COMING, date(2027, 3, 12), estimated=True),
        TimelineEntry(_("Card activated"), Progress.COMING),
    ]


def summary() -> list[SummaryRow]:
    """Answers to be checked."""
    return [
        SummaryRow(_("Name"), "Päivi Äijälä", change="#summary"),
        SummaryRow(_("Date of birth"), date(1980, 3, 31)),
        SummaryRow(_("State"), Status(_("In use"), Tone.GOOD)),
    ]


def face() -> CardFace:
    """A card of a fictive nurse."""
    return CardFace(
        kind=_("Professional card"),
        name="Äijälä Päivi",
        title="laillistettu sairaanhoitaja",
        number_label=_("Registration number"),
        number="00012345678",
        valid_until=date(2032, 3, 2),
        test=True,
    )
