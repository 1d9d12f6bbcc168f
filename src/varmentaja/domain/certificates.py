# SPDX-License-Identifier: EUPL-1.2
"""The life cycle of a certificate, from the reserved serial to its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from varmentaja.domain.authority import Action
from varmentaja.domain.errors import Message, message
from varmentaja.domain.machine import Machine, StateText, Transition


class CertificateState(StrEnum):
    """Where a certificate stands."""

    RESERVED = "reserved"
    """The serial and the linted twin are stored; the authority has not been seen to sign."""
    ISSUED = "issued"
    REVOKED = "revoked"
    BURNED = "burned"
    """It is not known whether the authority signed; the serial is never used again."""
    EXPIRED = "expired"
    RECOVERED = "recovered"
    """The publication proves that it was issued; its record was lost with the newest part of the database."""


class CertificateEvent(StrEnum):
    """What can happen to a certificate."""

    ISSUE = "issue"
    BURN = "burn"
    REVOKE = "revoke"
    EXPIRE = "expire"
    RECOVER = "recover"


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What the guards look at; in real time, as everything about certificates."""

    now: datetime
    not_after: datetime


def _must_be_valid(facts: CertificateFacts) -> Message | None:
    return None if facts.now <= facts.not_after else message("The certificate's validity has ended.")


def _must_be_past(facts: CertificateFacts) -> Message | None:
    return message("The certificate is still valid.") if facts.now <= facts.not_after else None


_S, _E = CertificateState, CertificateEvent
_Row = Transition[CertificateState, CertificateEvent, CertificateFacts]

CERTIFICATE: Machine[CertificateState, CertificateEvent, CertificateFacts] = Machine(
    start=_S.RESERVED,
    states={
        _S.RESERVED: StateText(message("Reserved"), message("The certificate has not been issued yet.")),
        _S.ISSUED: StateText(message("In force"), message("The certificate is in force.")),
        _S.REVOKED: StateText(
            message("Revoked"), message("The certificate has been revoked. This cannot be undone.")
        ),
        _S.BURNED: StateText(
            message("Serial not used"),
            message("Issuing was interrupted, so this serial number will never be used."),
        ),
        _S.EXPIRED: StateText(message("Expired"), message("The certificate has expired.")),
        _S.RECOVERED: StateText(
            message("Known from the publication alone"),
            message("The certificate was issued, but its record has been lost."),
        ),
    },
    events={
        _E.ISSUE: message("Issue the certificate"),
        _E.BURN: message("Never use this serial number"),
        _E.REVOKE: message("Revoke the certificate"),
        _E.EXPIRE: message("Note that the certificate has expired"),
        _E.RECOVER: message("Note that the certificate was issued, as the publication proves"),
    },
    transitions=(
        _Row(_E.ISSUE, (_S.RESERVED,), _S.ISSUED, Action.CARD_PRODUCE),
        _Row(_E.BURN, (_S.RESERVED,), _S.BURNED, Action.CARD_PRODUCE),
        _Row(_E.REVOKE, (_S.ISSUED, _S.RECOVERED), _S.REVOKED, Action.CARD_REVOKE, _must_be_valid),
        _Row(_E.EXPIRE, (_S.ISSUED,), _S.EXPIRED, Action.DEADLINES_KEEP, _must_be_past),
        _Row(_E.RECOVER, (_S.RESERVED, _S.BURNED), _S.RECOVERED, Action.DEADLINES_KEEP),
    ),
)
