# SPDX-License-Identifier: EUPL-1.2
"""Keys that the service needs beside the authorities' own: labels, and making them once."""

from __future__ import annotations

from varmentaja.pki.algorithms import KeyAlgorithm
from varmentaja.pki.keystore.base import KeyStore

PUBLICATION_KEY = "publication"
"""Signs publication sets and their head."""

AUDIT_KEY = "audit"
"""Signs the head of the audit chain."""

ACTIVATION_SECRET = "activation-code"  # noqa: S105  # a label, not a secret
"""Master secret of the cards' activation codes."""

ISSUER_SECRET = "card-issuer"  # noqa: S105  # a label, not a secret
"""Master secret of the keys by which blanks let themselves be personalised."""

CODE_GENERATION = 1
"""A new master secret would begin a new generation."""


def make_service_keys(store: KeyStore) -> None:
    """Make what is missing; running it again changes nothing."""
    for label in (PUBLICATION_KEY, AUDIT_KEY):
        if not store.has(label):
            store.generate(label, KeyAlgorithm.P256)
    for label in (ACTIVATION_SECRET, ISSUER_SECRET):
        if not store.has(label):
            store.generate_secret(label)
