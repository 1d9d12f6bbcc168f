# SPDX-License-Identifier: EUPL-1.2
"""Which adapter stands for which outside system: chosen here, once, for each program.

The portal reaches the registers and nothing that holds an authority's key; the worker reaches everything.
"""

from __future__ import annotations

import os

from varmentaja.adapters.code_server.simulator import SimulatedCodeServer
from varmentaja.adapters.population_register.simulator import SimulatedPopulationRegister
from varmentaja.adapters.post.mailbox import SimulatedMailbox
from varmentaja.adapters.post.simulator import SimulatedPost
from varmentaja.adapters.professional_register.simulator import SimulatedProfessionalRegister
from varmentaja.adapters.sandbox.faults import Faults
from varmentaja.config import Settings, settings
from varmentaja.documents.sender import sandbox_sender
from varmentaja.domain.errors import unavailable
from varmentaja.ports.code_server import CodeServer
from varmentaja.ports.connected import Outside, connect
from varmentaja.ports.directory import Directory


def connect_portal() -> None:
    """The registers alone."""
    now = _test_service()
    faults = Faults(now.faults)
    connect(
        Outside(
            sender=sandbox_sender(now.portal_address),
            population_register=SimulatedPopulationRegister(faults),
            professional_register=SimulatedProfessionalRegister(faults),
            code_server=_code_server(now, faults),
            mailbox=SimulatedMailbox(SimulatedPost(now.mailbox, faults)),
        )
    )


def connect_worker() -> None:
    """The registers, the post, the card factory, and custody of the authorities' keys.

    What only the worker needs is imported here: the portal starts sooner and has no way to the keys.
    """
    from varmentaja.adapters.card_factory.simulator import SimulatedCardFactory
    from varmentaja.card.host_client import CardHostClient
    from varmentaja.ground.keys import authority_store
    from varmentaja.pki.hierarchy import load_hierarchy
    from varmentaja.signer.in_process import InProcessCustody
    from varmentaja.signer.keys import ISSUER_SECRET

    now = _test_service()
    faults, sender = Faults(now.faults), sandbox_sender(now.portal_address)
    keys = authority_store()
    hierarchy = load_hierarchy(now.hierarchy_folder, production=not now.test_service)
    connect(
        Outside(
            sender=sender,
            population_register=SimulatedPopulationRegister(faults),
            professional_register=SimulatedProfessionalRegister(faults),
            code_server=_code_server(now, faults),
            post=SimulatedPost(now.mailbox, faults),
            card_factory=SimulatedCardFactory(
                CardHostClient(now.card_host_socket),
                now.factory,
                keys.derive(ISSUER_SECRET, b"master", 32),
                sender,
                os.urandom,
                faults,
            ),
            custody=InProcessCustody(hierarchy, keys, os.urandom),
            directory=_directory(now),
        )
    )


def _code_server(now: Settings, faults: Faults) -> CodeServer:
    if now.code_server is None:
        return SimulatedCodeServer(faults)
    from varmentaja.adapters.code_server.client import HttpCodeServer

    return HttpCodeServer(str(now.code_server))


def _directory(now: Settings) -> Directory | None:
    if now.ldap_url is None or now.ldap_password_file is None:
        return None
    from varmentaja.adapters.directory.ldap import LdapAccess, LdapDirectory

    password = now.ldap_password_file.read_text("utf-8").strip()
    return LdapDirectory(LdapAccess(now.ldap_url, now.ldap_base, now.ldap_user, password, now.ldap_authority))


def _test_service() -> Settings:
    """Only simulators stand behind the ports so far; a production service must not be given them."""
    now = settings()
    if not now.test_service:
        raise unavailable("No adapters for production systems are installed.")
    return now
