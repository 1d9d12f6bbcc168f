# SPDX-License-Identifier: EUPL-1.2
"""Publication sets: what the worker has signed and the responders serve, as immutable files in a folder.

::

    head.json                      signed: which set and overlay are current (switched by rename)
    sets/<number>/                 signed manifest, OCSP answers, CRLs, authority certificates
    overlay/<generation>/          the same form, small: revocations that overtake the next set

The format and its reasons stand in docs/decisions/0020-publication-sets.md. Writer: ``Publisher``; reader:
``PublicationReader``, which gives ``Snapshot``. No key is needed to read, only the publisher's public key.
"""

from varmentaja.pki.publication.content import Answer, Crl
from varmentaja.pki.publication.manifest import Head
from varmentaja.pki.publication.publisher import Candidate, Gate, Publisher
from varmentaja.pki.publication.reader import PublicationReader, Snapshot
from varmentaja.pki.publication.seal import Sign, Verify, verifier

__all__ = [
    "Answer",
    "Candidate",
    "Crl",
    "Gate",
    "Head",
    "PublicationReader",
    "Publisher",
    "Sign",
    "Snapshot",
    "Verify",
    "verifier",
]
