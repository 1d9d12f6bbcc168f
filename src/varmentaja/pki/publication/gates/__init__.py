# SPDX-License-Identifier: EUPL-1.2
"""The rules by which a publication is held back (domain/publication_gate.py), each over what is new in it.

The work is proportional to what is published, not to what exists. docs/operations/publication-gate.md tells
what each rule stops.
"""

from varmentaja.pki.publication.gates.agreement import disagreement, listed_but_good, wrong_issuer
from varmentaja.pki.publication.gates.canaries import Canary, canaries
from varmentaja.pki.publication.gates.counts import gone, jump, newly_good, newly_revoked, newly_withdrawn
from varmentaja.pki.publication.gates.going_back import going_back
from varmentaja.pki.publication.gates.judging import (
    Held,
    Rule,
    by_authority,
    findings_of,
    first_of,
)
from varmentaja.pki.publication.gates.reading import is_revoked, once, says_something, statuses
from varmentaja.pki.publication.gates.signatures import wrongly_signed
from varmentaja.pki.publication.gates.verifying import (
    CannotVerify,
    Document,
    Sample,
    Verifier,
    independent,
    unreadable,
)

__all__ = [
    "Canary",
    "CannotVerify",
    "Document",
    "Held",
    "Rule",
    "Sample",
    "Verifier",
    "by_authority",
    "canaries",
    "disagreement",
    "findings_of",
    "first_of",
    "going_back",
    "gone",
    "independent",
    "is_revoked",
    "jump",
    "listed_but_good",
    "newly_good",
    "newly_revoked",
    "newly_withdrawn",
    "once",
    "says_something",
    "statuses",
    "unreadable",
    "wrong_issuer",
    "wrongly_signed",
]
