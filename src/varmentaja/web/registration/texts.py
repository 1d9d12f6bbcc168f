# SPDX-License-Identifier: EUPL-1.2
"""Rights, states and answers in the reader's words."""

from __future__ import annotations

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from varmentaja.apps.applications.queries import ApplicationFile, ShownDocument
from varmentaja.domain import identity_documents, products
from varmentaja.domain.applications import APPLICATION, ApplicationState
from varmentaja.domain.delivery import LABELS, Recipient, may_be_shown
from varmentaja.domain.people import Language, Person
from varmentaja.domain.products import ProductId
from varmentaja.domain.rights import Right, RightKind
from varmentaja.ui.components import Column, Status, SummaryRow, Table, Tone
from varmentaja.ui.translate import translated
from varmentaja.web.registration.countries import country_name

TONES = {
    ApplicationState.WITH_OFFICER: Tone.ATTENTION,
    ApplicationState.APPROVED: Tone.GOOD,
    ApplicationState.ORDERED: Tone.ACTIVE,
    ApplicationState.FULFILLED: Tone.GOOD,
    ApplicationState.REFUSED: Tone.BAD,
    ApplicationState.SUBMITTED: Tone.ACTIVE,
}


def state_status(state: ApplicationState) -> Status:
    """An application's state as a tag."""
    return Status(translated(APPLICATION.states[state].label), TONES.get(state, Tone.NEUTRAL))


def language_name(language: Language) -> str:
    """The language that the service uses with the person."""
    return {Language.FINNISH: _("Finnish"), Language.SWEDISH: _("Swedish"), Language.ENGLISH: _("English")}[
        language
    ]


def right_title(right: Right) -> str:
    """The title in Swedish for readers of Swedish, otherwise in Finnish: there is no English one."""
    return right.title_sv if get_language() == Language.SWEDISH else right.title_fi


def right_notes(right: Right) -> str:
    """What to know of a right in force: its end, its limits."""
    notes = []
    if right.kind is RightKind.TIME_LIMITED:
        notes.append(_("time-limited"))
    if right.ends is not None:
        notes.append(_("ends on %(day)s") % {"day": date_format(right.ends, "DATE_FORMAT")})
    if right.restricted:
        notes.append(_("restricted"))
    return ", ".join(notes)


def right_status(right: Right, today: date) -> Status:
    """Whether the right is in force."""
    if right.begins > today:
        return Status(_("Not in force yet"), Tone.ATTENTION)
    if not right.valid_on(today):
        return Status(_("Ended"), Tone.BAD)
    return Status(_("In force"), Tone.ATTENTION if right.restricted or right.ends else Tone.GOOD)


def rights_table(file: ApplicationFile, today: date) -> Table:
    """All rights that the register told."""
    columns = [_("Title"), _("State"), _("Begins"), _("Ends"), _("Notes")]
    rights = file.professional.rights if file.professional else ()
    return Table(
        _("Rights to practise"),
        [Column(label) for label in columns],
        [
            [right_title(right), right_status(right, today), right.begins, right.ends or "–", _limits(right)]
            for right in rights
        ],
        empty=_("The professional registers (Terhikki, Suosikki) show no right to practise."),
    )


def _limits(right: Right) -> str:
    limits = [_("time-limited")] if right.kind is RightKind.TIME_LIMITED else []
    return ", ".join([*limits, *([_("restricted")] if right.restricted else [])])


def person_rows(file: ApplicationFile) -> list[SummaryRow]:
    """The person as the registers told."""
    person, professional = file.person, file.professional
    rows = [
        SummaryRow(_("Name"), f"{person.first_name} {person.family_name}"),
        SummaryRow(_("Given names"), person.given_names),
        SummaryRow(_("Date of birth"), person.identity_code.birth_date),
        SummaryRow(_("Identity code"), str(person.identity_code)),
        SummaryRow(_("Language of service"), language_name(person.language)),
    ]
    if professional is not None:
        rows.append(SummaryRow(_("Registration number"), professional.registration_number))
        if professional.physician_code:
            rows.append(SummaryRow(_("Physician's identification code"), professional.physician_code))
    return rows


def document_text(shown: ShownDocument) -> str:
    """Kind, number, state and last day of the document."""
    parts = [
        translated(identity_documents.LABELS[shown.kind]),
        shown.number,
        country_name(shown.country),
    ]
    if shown.valid_until is not None:
        parts.append(_("valid until %(day)s") % {"day": date_format(shown.valid_until, "DATE_FORMAT")})
    return ", ".join(parts)


def address_lines(to: Recipient, person: Person) -> tuple[str, ...]:
    """The lines on the envelope; in place of a home that must not be shown, that it is one."""
    return to.lines() if may_be_shown(to, person) else (to.name, translated(LABELS[to.destination]))


def recipient_text(to: Recipient | None, person: Person) -> str:
    """The same on one line."""
    return ", ".join(address_lines(to, person)) if to is not None else ""


def photo_text(with_photo: bool | None) -> str:
    """The choice about the photograph; empty if it has not been made."""
    return "" if with_photo is None else _("With a photograph") if with_photo else _("No photograph")


def product_name(file: ApplicationFile) -> str:
    """The card applied for."""
    return translated(products.LABELS[ProductId(file.product)])
