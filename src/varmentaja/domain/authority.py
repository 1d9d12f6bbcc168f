# SPDX-License-Identifier: EUPL-1.2
"""Who may do what to whose things: one table of action, role and scope."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from varmentaja.domain.actors import Actor, Role
from varmentaja.domain.errors import DomainError, Kind, Message, message


class Action(StrEnum):
    """Everything that needs a permission, named once."""

    APPLICATION_OPEN = "application.open"
    APPLICATION_EDIT = "application.edit"
    APPLICATION_SUBMIT = "application.submit"
    APPLICATION_CANCEL = "application.cancel"
    APPLICATION_READ = "application.read"
    APPLICATION_DECIDE_BY_RULE = "application.decide_by_rule"
    APPLICATION_REVIEW = "application.review"
    CARD_READ = "card.read"
    CARD_PRODUCE = "card.produce"
    CARD_ACTIVATE = "card.activate"
    CARD_REVOKE = "card.revoke"
    CARD_RETURN_LETTER = "card.return_letter"
    CARD_READDRESS = "card.readdress"
    DOCUMENT_SIGN = "document.sign"
    DOCUMENT_READ = "document.read"
    DIRECTORY_CONSENT = "directory.consent"
    PERSON_FIND = "person.find"
    PERSON_READ = "person.read"
    ROLE_CHANGE = "role.change"
    STATUS_RELEASE = "status.release"
    AUDIT_READ = "audit.read"
    DEADLINES_KEEP = "deadlines.keep"


class Scope(StrEnum):
    """How far a role reaches."""

    OWN = "own"
    POINT = "point"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose thing it is and at which registration point; what is nobody's has neither."""

    person_id: int | None = None
    point_id: int | None = None


_OWN = {Role.HOLDER: Scope.OWN}
_POINT = {Role.REGISTRAR: Scope.POINT}
_OFFICE = {Role.OFFICER: Scope.ALL}
_SYSTEM = {Role.SYSTEM: Scope.ALL}

TABLE: Mapping[Action, Mapping[Role, Scope]] = {
    Action.APPLICATION_OPEN: _POINT,
    Action.APPLICATION_EDIT: _POINT,
    Action.APPLICATION_SUBMIT: _POINT,
    Action.APPLICATION_CANCEL: _POINT | _OFFICE,
    Action.APPLICATION_READ: _OWN | _POINT | _OFFICE,
    Action.APPLICATION_DECIDE_BY_RULE: _SYSTEM,
    Action.APPLICATION_REVIEW: _OFFICE,
    Action.CARD_READ: _OWN | _POINT | _OFFICE,
    Action.CARD_PRODUCE: _SYSTEM,
    Action.CARD_ACTIVATE: _OWN | _SYSTEM,
    Action.CARD_REVOKE: _OWN | _POINT | _OFFICE | _SYSTEM,
    Action.CARD_RETURN_LETTER: _OFFICE | _SYSTEM,
    Action.CARD_READDRESS: _OFFICE,
    Action.DOCUMENT_SIGN: _OWN,
    Action.DOCUMENT_READ: _OWN,
    Action.DIRECTORY_CONSENT: _OWN,
    Action.PERSON_FIND: _OFFICE,
    Action.PERSON_READ: _OWN | _OFFICE,
    Action.ROLE_CHANGE: _OFFICE,
    Action.STATUS_RELEASE: _OFFICE,
    Action.AUDIT_READ: _OFFICE,
    Action.DEADLINES_KEEP: _SYSTEM,
}

_OWN_APPLICATION = message(
    "You cannot handle an application of your own. Ask another registrar or the certificate service."
)
NOT_FOR_ONESELF: Mapping[Action, Message] = {
    Action.APPLICATION_OPEN: _OWN_APPLICATION,
    Action.APPLICATION_EDIT: _OWN_APPLICATION,
    Action.APPLICATION_SUBMIT: _OWN_APPLICATION,
    Action.APPLICATION_REVIEW: _OWN_APPLICATION,
    Action.ROLE_CHANGE: message("You cannot change your own roles. Ask another officer."),
}
"""A registrar does not order for himself or herself, nor does an officer decide the own application or take a
role; and what to tell who tries."""


def allowed(actor: Actor, action: Action, subject: Subject) -> Message | None:
    """None when ``actor`` may do ``action`` to ``subject``; otherwise why not."""
    scopes = {scope for role, scope in TABLE[action].items() if role in actor.roles}
    if not scopes:
        return message("Your role does not allow this.")
    own = actor.person_id is not None and actor.person_id == subject.person_id
    if own and action in NOT_FOR_ONESELF:
        return NOT_FOR_ONESELF[action]
    if Scope.ALL in scopes or (Scope.OWN in scopes and own):
        return None
    if Scope.POINT not in scopes:
        return message("This belongs to another person.")
    if actor.point_id is None or actor.point_id != subject.point_id:
        return message("This belongs to another registration point.")
    return None


def require(actor: Actor, action: Action, subject: Subject) -> None:
    """Raise ``DomainError`` of kind NOT_ALLOWED, with the reason, unless ``actor`` may."""
    refusal = allowed(actor, action, subject)
    if refusal is not None:
        raise DomainError(Kind.NOT_ALLOWED, refusal)


def roles_for(action: Action) -> frozenset[Role]:
    """The roles that may do ``action`` in some scope."""
    return frozenset(TABLE[action])
