# SPDX-License-Identifier: EUPL-1.2
"""The small library for whoever trusts our certificates: make a challenge, verify the answer."""

from varmentaja.relying_party.answer import Signature, read_answer
from varmentaja.relying_party.challenge import LIFETIME, Challenge
from varmentaja.relying_party.refusals import Outcome, Refused
from varmentaja.relying_party.status import AskOcsp, Status, ocsp_over
from varmentaja.relying_party.verify import RelyingParty, SignedIn, Verified

__all__ = [
    "LIFETIME",
    "AskOcsp",
    "Challenge",
    "Outcome",
    "Refused",
    "RelyingParty",
    "Signature",
    "SignedIn",
    "Status",
    "Verified",
    "ocsp_over",
    "read_answer",
]
