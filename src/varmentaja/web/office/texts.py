# SPDX-License-Identifier: EUPL-1.2
"""Words of the office's pages for what the records say in codes."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from varmentaja.apps.audit.recording import AuditAction
from varmentaja.domain.actors import Role
from varmentaja.domain.applications import APPLICATION, ApplicationState
from varmentaja.domain.cards import CARD, CardState
from varmentaja.domain.certificates import CERTIFICATE, CertificateState
from varmentaja.domain.eligibility_rules import Outcome
from varmentaja.domain.letters import LETTER, LetterState
from varmentaja.domain.people import Language
from varmentaja.domain.products import LABELS, ProductId
from varmentaja.ui.components import Status, Tone
from varmentaja.ui.translate import translated

ACTIONS: dict[AuditAction, Promise] = {
    AuditAction.APPLICATION_OPENED: _("Application opened"),
    AuditAction.APPLICATION_CHANGED: _("Application changed"),
    AuditAction.APPLICATION_SUBMITTED: _("Application submitted"),
    AuditAction.APPLICATION_CANCELLED: _("Application cancelled"),
    AuditAction.APPLICATION_APPROVED: _("Application approved"),
    AuditAction.APPLICATION_REFUSED: _("Application refused"),
    AuditAction.APPLICATION_HANDED_TO_OFFICER: _("Application handed to an officer"),
    AuditAction.APPLICATION_REVIEWED: _("Application reviewed by an officer"),
    AuditAction.APPLICATION_READ: _("Application read"),
    AuditAction.APPLICATION_LAPSED: _("Draft lapsed"),
    AuditAction.PERSON_READ: _("Person's file read"),
    AuditAction.PERSON_SEARCHED: _("People searched"),
    AuditAction.PERSON_REFRESHED: _("Population register asked"),
    AuditAction.IDENTITY_CODE_CHANGED: _("Identity code changed"),
    AuditAction.ROLE_GRANTED: _("Role granted"),
    AuditAction.ROLE_ENDED: _("Role ended"),
    AuditAction.CARD_ORDERED: _("Card ordered"),
    AuditAction.ORDER_MOVED: _("Production went on"),
    AuditAction.CARD_PRODUCED: _("Card produced"),
    AuditAction.CARD_DISPATCHED: _("Card sent"),
    AuditAction.CARD_LEFT_TOO_LATE: _("Card left before it could be stopped"),
    AuditAction.CARD_DISCARDED: _("Card discarded"),
    AuditAction.CHIP_DISCARDED: _("Blank card discarded"),
    AuditAction.CARD_ACTIVATED: _("Card activated"),
    AuditAction.CARD_CANCELLED: _("Card cancelled"),
    AuditAction.CARD_REPORTED_LOST: _("Card reported lost"),
    AuditAction.CARD_READ: _("Card's file read"),
    AuditAction.CARD_EXPIRED: _("Card expired"),
    AuditAction.CERTIFICATE_RESERVED: _("Serial number reserved"),
    AuditAction.CERTIFICATE_ISSUED: _("Certificate issued"),
    AuditAction.CERTIFICATE_BURNED: _("Serial number put out of use"),
    AuditAction.CERTIFICATE_REVOKED: _("Certificate revoked"),
    AuditAction.CERTIFICATE_EXPIRED: _("Certificate expired"),
    AuditAction.CERTIFICATE_RECOVERED: _("Certificate recorded from the publication"),
    AuditAction.CODE_DERIVED: _("Activation code derived for a letter or the factory"),
    AuditAction.LETTER_SENT: _("Code letter posted"),
    AuditAction.LETTER_REPRINTED: _("Code letter put to be sent again"),
    AuditAction.LETTER_RETURNED: _("Code letter came back"),
    AuditAction.LETTER_CANCELLED: _("Code letter cancelled because its card has ended"),
    AuditAction.LETTER_STOPPED: _("Code letter stopped at the post because its card has ended"),
    AuditAction.LETTER_LEFT_TOO_LATE: _("Code letter left although its card had ended"),
    AuditAction.SIGNED_IN: _("Signed in"),
    AuditAction.SIGNED_OUT: _("Signed out"),
    AuditAction.DOCUMENT_SIGNED: _("Document signed"),
    AuditAction.DOCUMENT_READ: _("Signed document read"),
    AuditAction.PUBLICATION_HELD: _("Publication of status held"),
    AuditAction.PUBLICATION_RELEASED: _("Publication of status released"),
    AuditAction.PUBLICATION_DAMAGED: _("Damaged publication of status set aside"),
    AuditAction.CANARY_NAMED: _("Certificate of known status named"),
    AuditAction.CANARY_DISMISSED: _("Certificate of known status dismissed"),
    AuditAction.OUTAGE_BEGUN: _("Disturbance of a status service began"),
    AuditAction.OUTAGE_SERIOUS: _("Disturbance of a status service became possibly significant"),
    AuditAction.OUTAGE_ENDED: _("Disturbance of a status service ended"),
    AuditAction.DIRECTORY_CONSENTED: _("Consent to the public directory given"),
    AuditAction.DIRECTORY_WITHDRAWN: _("Consent to the public directory withdrawn"),
    AuditAction.DIRECTORY_PERSON_PUBLISHED: _("Certificates put into the public directory"),
    AuditAction.DIRECTORY_PERSON_REMOVED: _("Certificates removed from the public directory"),
    AuditAction.AUDIT_READ: _("Audit trail read"),
    AuditAction.CODE_SET_IMPORTED: _("Code set imported"),
    AuditAction.BUSINESS_TIME_MOVED: _("Business time moved on"),
    AuditAction.CEREMONY_HELD: _("Certificate hierarchy made"),
    AuditAction.RESPONDER_RENEWED: _("Certificate of an OCSP responder renewed"),
    AuditAction.POINT_ADDED: _("Registration point added"),
    AuditAction.SERVICE_CERTIFIED: _("Program of the service certified"),
    AuditAction.RESPONDER_DELEGATED: _("Short-lived key made for the online OCSP responder"),
    AuditAction.BOOTSTRAPPED: _("Staff card ordered on the command line"),
}

CARD_EVENTS: dict[str, Promise] = {
    "ordered": _("Card ordered"),
    "personalise": _("Making of the card began"),
    "make": _("Card made"),
    "dispatch": _("Card sent"),
    "discard": _("Card discarded at the factory"),
    "activate": _("Card activated"),
    "report_lost": _("Card reported lost"),
    "cancel": _("Card cancelled"),
    "expire": _("Card expired"),
    "blank_discarded": _("A blank card was discarded at the factory"),
    "left_too_late": _("Card left before it could be stopped"),
    "code_letter_posted": _("Code letter posted"),
    "code_letter_returned": _("Code letter came back"),
    "code_letter_sent_again": _("Code letter put to be sent again"),
    "code_letter_stopped": _("Code letter stopped at the post because its card has ended"),
    "code_letter_left": _("Code letter left although its card had ended"),
}

ROLES = {
    Role.HOLDER: _("Card holder"),
    Role.REGISTRAR: _("Registrar"),
    Role.OFFICER: _("Officer"),
    Role.SYSTEM: _("The service itself"),
}
LANGUAGES = {
    Language.FINNISH: _("Finnish"),
    Language.SWEDISH: _("Swedish"),
    Language.ENGLISH: _("English"),
}
PURPOSES = {"authentication": _("Signing in (PIN 1)"), "signature": _("Signing documents (PIN 2)")}

_CARD_TONES = {
    CardState.ACTIVATED: Tone.GOOD,
    CardState.DISPATCHED: Tone.ACTIVE,
    CardState.LOST: Tone.BAD,
    CardState.CANCELLED: Tone.BAD,
    CardState.DISCARDED: Tone.BAD,
}
_APPLICATION_TONES = {
    ApplicationState.WITH_OFFICER: Tone.ATTENTION,
    ApplicationState.APPROVED: Tone.ATTENTION,
    ApplicationState.REFUSED: Tone.BAD,
    ApplicationState.ORDERED: Tone.ACTIVE,
    ApplicationState.FULFILLED: Tone.GOOD,
}
_CERTIFICATE_TONES = {
    CertificateState.ISSUED: Tone.GOOD,
    CertificateState.REVOKED: Tone.BAD,
    CertificateState.BURNED: Tone.ATTENTION,
    CertificateState.RECOVERED: Tone.ATTENTION,
}
_LETTER_TONES = {LetterState.POSTED: Tone.GOOD, LetterState.RETURNED: Tone.ATTENTION}
_OUTCOME_TONES = {
    Outcome.APPROVED: Tone.GOOD,
    Outcome.TO_OFFICER: Tone.ATTENTION,
    Outcome.TO_DESK: Tone.ATTENTION,
    Outcome.REFUSED: Tone.BAD,
}
_OUTCOMES = {
    Outcome.APPROVED: _("Met"),
    Outcome.TO_OFFICER: _("For an officer"),
    Outcome.TO_DESK: _("To be changed at the desk"),
    Outcome.REFUSED: _("Not met"),
}


def moment(at: datetime) -> str:
    """Day and time in Finland, as the reader's language writes them."""
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")


def product_label(identifier: str) -> str:
    """The product's name."""
    return translated(LABELS[ProductId(identifier)])


def card_status(state: CardState) -> Status:
    """The card's state as a tag."""
    return Status(translated(CARD.states[state].label), _CARD_TONES.get(state, Tone.NEUTRAL))


def application_status(state: ApplicationState) -> Status:
    """The application's state as a tag."""
    return Status(translated(APPLICATION.states[state].label), _APPLICATION_TONES.get(state, Tone.NEUTRAL))


def certificate_status(state: CertificateState) -> Status:
    """The certificate's state as a tag."""
    return Status(translated(CERTIFICATE.states[state].label), _CERTIFICATE_TONES.get(state, Tone.NEUTRAL))


def letter_status(state: LetterState) -> Status:
    """The letter's state as a tag."""
    return Status(translated(LETTER.states[state].label), _LETTER_TONES.get(state, Tone.NEUTRAL))


def outcome_status(outcome: Outcome) -> Status:
    """How a rule went, as a tag."""
    return Status(_OUTCOMES[outcome], _OUTCOME_TONES[outcome])
