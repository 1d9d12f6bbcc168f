# SPDX-License-Identifier: EUPL-1.2
"""The names of everything that leaves a trace. A name, once used, is never changed or used anew."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """How it ended."""

    DONE = "done"
    REFUSED = "refused"


class AuditAction(StrEnum):
    """``<what>.<happened>``."""

    APPLICATION_OPENED = "application.opened"
    APPLICATION_CHANGED = "application.changed"
    APPLICATION_SUBMITTED = "application.submitted"
    APPLICATION_CANCELLED = "application.cancelled"
    APPLICATION_APPROVED = "application.approved"
    APPLICATION_REFUSED = "application.refused"
    APPLICATION_HANDED_TO_OFFICER = "application.handed_to_officer"
    APPLICATION_REVIEWED = "application.reviewed"
    APPLICATION_READ = "application.read"
    APPLICATION_LAPSED = "application.lapsed"

    PERSON_READ = "person.read"
    PERSON_SEARCHED = "person.searched"
    PERSON_REFRESHED = "person.refreshed"
    IDENTITY_CODE_CHANGED = "person.identity_code_changed"
    ROLE_GRANTED = "role.granted"
    ROLE_ENDED = "role.ended"

    CARD_ORDERED = "card.ordered"
    ORDER_MOVED = "order.moved"
    CARD_PRODUCED = "card.produced"
    CARD_DISPATCHED = "card.dispatched"
    CARD_LEFT_TOO_LATE = "card.left_too_late"
    CARD_DISCARDED = "card.discarded"
    CHIP_DISCARDED = "card.chip_discarded"
    CARD_ACTIVATED = "card.activated"
    CARD_CANCELLED = "card.cancelled"
    CARD_REPORTED_LOST = "card.reported_lost"
    CARD_READ = "card.read"
    CARD_EXPIRED = "card.expired"

    CERTIFICATE_RESERVED = "certificate.reserved"
    CERTIFICATE_ISSUED = "certificate.issued"
    CERTIFICATE_BURNED = "certificate.burned"
    CERTIFICATE_REVOKED = "certificate.revoked"
    CERTIFICATE_EXPIRED = "certificate.expired"
    CERTIFICATE_RECOVERED = "certificate.recovered"

    CODE_DERIVED = "code.derived"
    LETTER_SENT = "letter.sent"
    LETTER_REPRINTED = "letter.reprinted"
    LETTER_RETURNED = "letter.returned"
    LETTER_CANCELLED = "letter.cancelled"
    LETTER_STOPPED = "letter.stopped"
    LETTER_LEFT_TOO_LATE = "letter.left_too_late"

    SIGNED_IN = "session.signed_in"
    SIGNED_OUT = "session.signed_out"
    DOCUMENT_SIGNED = "document.signed"
    DOCUMENT_READ = "document.read"

    PUBLICATION_HELD = "status.held"
    PUBLICATION_RELEASED = "status.released"
    PUBLICATION_DAMAGED = "status.damaged"
    CANARY_NAMED = "status.canary_named"
    CANARY_DISMISSED = "status.canary_dismissed"
    OUTAGE_BEGUN = "status.outage_begun"
    OUTAGE_SERIOUS = "status.outage_serious"
    OUTAGE_ENDED = "status.outage_ended"
    DIRECTORY_CONSENTED = "directory.consented"
    DIRECTORY_WITHDRAWN = "directory.withdrawn"
    DIRECTORY_PERSON_PUBLISHED = "directory.person_published"
    DIRECTORY_PERSON_REMOVED = "directory.person_removed"

    AUDIT_READ = "audit.read"
    CODE_SET_IMPORTED = "code_set.imported"
    BUSINESS_TIME_MOVED = "sandbox.business_time_moved"
    CEREMONY_HELD = "hierarchy.ceremony_held"
    RESPONDER_RENEWED = "hierarchy.responder_renewed"
    RESPONDER_DELEGATED = "hierarchy.responder_delegated"
    SERVICE_CERTIFIED = "hierarchy.service_certified"
    BOOTSTRAPPED = "service.bootstrapped"
    POINT_ADDED = "registration.point_added"
