# SPDX-License-Identifier: EUPL-1.2
"""Keys and authorities of a service on this machine; needs no database and no Django."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from varmentaja.config import Settings
from varmentaja.domain.errors import conflict
from varmentaja.files import write_new
from varmentaja.ground.keys import authority_store
from varmentaja.pki.ceremony import Plan, perform_ceremony, shipped_plan
from varmentaja.pki.hierarchy import MANIFEST, Hierarchy, load_hierarchy
from varmentaja.signer.keys import PUBLICATION_KEY, make_service_keys

DEMO_PLAN = "demo"
"""Ceremony file of the demo's own hierarchy (profiles/hierarchy); the tests try it, so that no start need."""


def demo_hierarchy(now: Settings) -> Hierarchy:
    """The hierarchy that a ceremony made here, or else the demo's own, made where it is missing."""
    if (now.hierarchy_folder / MANIFEST).exists():
        made = load_hierarchy(now.hierarchy_folder, production=False)
        if made.id != DEMO_PLAN:
            _refuse_other_address(made, now)
            return made
    return make_hierarchy(shipped_plan(DEMO_PLAN, base_url=now.responder_address), now)


def make_hierarchy(plan: Plan, now: Settings) -> Hierarchy:
    """The plan's keys and authorities, made where they are missing."""
    keys = authority_store()
    make_service_keys(keys)
    now.publisher_key.parent.mkdir(parents=True, exist_ok=True)
    public = keys.public_key(PUBLICATION_KEY).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    write_new(now.publisher_key, public)
    return perform_ceremony(plan, keys, now.hierarchy_folder, now=datetime.now(UTC), random=os.urandom)


def _refuse_other_address(made: Hierarchy, now: Settings) -> None:
    if made.base_url != now.responder_address:
        raise conflict(
            "The certificates here are made for the address %(made)s, and the service is set to %(set)s.",
            made=made.base_url,
            set=now.responder_address,
        )
