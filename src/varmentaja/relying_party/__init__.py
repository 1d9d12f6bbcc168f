# SPDX-License-Identifier: EUPL-1.2
"""The small library for whoever trusts our certificates: make a challenge, verify the answer."""

from varmentaja.pki.hierarchy import load_hierarchy
from varmentaja.pki.profile import Purpose
from varmentaja.relying_party.answer import Signature, read_answer
from varmentaja.relying_party.challenge import LIFETIME, Challenge
from varmentaja.relying_party.identity import CardIdentity, CardKind
from varmentaja.relying_party.lists import AuthorityLists, fetch_over
from varmentaja.relying_party.once import UsedOnce
from varmentaja.relying_party.refusals import Outcome, Refused
from varmentaja.relying_party.status import AskOcsp, Status, ocsp_over
from varmentaja.relying_party.trust import POLICY_ARC, trust
from varmentaja.relying_party.verify import RelyingParty, SignedIn, Verified

__all__ = [
    "LIFETIME",
    "POLICY_ARC",
    "AskOcsp",
    "AuthorityLists",
    "CardIdentity",
    "CardKind",
    "Challenge",
    "Outcome",
    "Purpose",
    "Refused",
    "RelyingParty",
    "Signature",
    "SignedIn",
    "Status",
    "UsedOnce",
    "Verified",
    "fetch_over",
    "load_hierarchy",
    "ocsp_over",
    "read_answer",
    "trust",
]
