# SPDX-License-Identifier: EUPL-1.2
"""A person's whole history: what happened to cards and what the audit trail tells, in one order of time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from varmentaja.apps.applications.queries_office import application_ids_of
from varmentaja.apps.audit.queries import EntryLine, history_of
from varmentaja.apps.audit.recording import AuditAction
from varmentaja.apps.cards.queries_office import CardEventLine, card_events, row_ids_of
from varmentaja.apps.people.queries import names_of
from varmentaja.domain.actors import Role
from varmentaja.domain.callers import LABELS as CALLERS
from varmentaja.domain.callers import CallerCheck
from varmentaja.domain.errors import not_found
from varmentaja.domain.revocation import GROUNDS, Ground
from varmentaja.ui.components import Column, Table
from varmentaja.ui.translate import translated
from varmentaja.web.office.texts import ACTIONS, CARD_EVENTS, ROLES, moment

PAGE = 20
READS = frozenset(
    {AuditAction.PERSON_READ, AuditAction.CARD_READ, AuditAction.APPLICATION_READ}
    | {AuditAction.PERSON_REFRESHED}
)
INNER = frozenset(
    {AuditAction.ORDER_MOVED, AuditAction.CODE_DERIVED, AuditAction.CARD_PRODUCED}
    | {AuditAction.CARD_DISCARDED, AuditAction.CHIP_DISCARDED, AuditAction.CARD_ACTIVATED}
)
"""Steps of the machinery: the card's own events tell the same in people's words."""
TWINS = frozenset(
    {"ordered", "dispatch", "report_lost", "cancel", "code_letter_posted", "code_letter_returned"}
    | {"code_letter_sent_again", "code_letter_stopped", "code_letter_left", "expire"}
)
"""Card events that the audit trail tells too, and tells who did it."""

_Key = tuple[datetime, str, int]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the history."""

    key: _Key
    what: str
    detail: str
    actor: int | None


def history(person_id: int, *, reads: bool, after: str = "") -> tuple[list[Line], str]:
    """One page of lines, newest first, and the key of the page after it (empty at the end).

    ``reads``: also who has looked at the person's files.
    """
    before = _key(after) if after else None
    until, limit = (before[0] if before else None), 2 * PAGE + 1
    rows = row_ids_of(person_id)
    about = {
        "people.person": [person_id],
        "applications.application": application_ids_of(person_id),
        "cards.card": rows.cards,
        "cards.order": rows.orders,
        "certificates.certificate": rows.certificates,
        "letters.letter": rows.letters,
    }
    without = INNER if reads else INNER | READS
    entries = history_of(about, until=until, limit=limit, without=without)
    events = card_events(rows.cards, until=until, limit=limit, without=TWINS)
    lines = sorted(
        (*map(_of_entry, entries), *map(_of_event, events)), key=lambda line: line.key, reverse=True
    )
    lines = [line for line in lines if before is None or line.key < before]
    shown = lines[:PAGE]
    return shown, _text(shown[-1].key) if len(lines) > PAGE else ""


def history_table(caption: str, lines: Iterable[Line]) -> Table:
    """The lines as a table."""
    shown = list(lines)
    names = names_of(line.actor for line in shown if line.actor is not None)
    columns = [Column(_("When")), Column(_("What happened")), Column(_("Details")), Column(_("Who"))]
    return Table(
        caption,
        columns,
        [[moment(line.key[0]), line.what, line.detail, _who(line, names)] for line in shown],
        empty=_("Nothing has been recorded."),
    )


def _who(line: Line, names: dict[int, str]) -> str:
    return _("The service itself") if line.actor is None else names.get(line.actor, str(line.actor))


def _of_entry(entry: EntryLine) -> Line:
    what = str(ACTIONS.get(entry.action, entry.action.value))
    refusal = entry.refusal
    if refusal is not None:
        what = _("Refused: %(what)s") % {"what": what}
    detail = translated(refusal) if refusal else _detail(entry.facts, entry.personal)
    return Line((entry.at, "entry", entry.entry_id), what, detail, entry.actor_person)


def _of_event(event: CardEventLine) -> Line:
    what = str(CARD_EVENTS.get(event.event, event.event))
    return Line((event.at, "event", event.event_id), what, _detail(event.facts, {}), None)


def _detail(facts: dict[str, object], personal: dict[str, object]) -> str:
    parts = []
    if facts.get("ground") in set(Ground):
        parts.append(translated(GROUNDS[Ground(str(facts["ground"]))].label))
    if facts.get("caller") in set(CallerCheck):
        parts.append(translated(CALLERS[CallerCheck(str(facts["caller"]))]))
    if facts.get("role") in set(Role):
        parts.append(str(ROLES[Role(str(facts["role"]))]))
    parts += [str(personal[name]) for name in ("note", "reason") if personal.get(name)]
    return ". ".join(parts)


def _text(key: _Key) -> str:
    return f"{key[0].isoformat()}|{key[1]}|{key[2]}"


def _key(text: str) -> _Key:
    try:
        at, source, number = text.split("|")
        return datetime.fromisoformat(at), source, int(number)
    except ValueError:
        raise not_found("There is no such page of the list.") from None
