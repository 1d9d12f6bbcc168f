# SPDX-License-Identifier: EUPL-1.2
"""The demo clinic beside the demo: its settings come from ours, as an engineer would write them down."""

from __future__ import annotations

from varmentaja.clinic.site import ClinicSettings
from varmentaja.clinic.site import serve as serve_site
from varmentaja.config import settings
from varmentaja.relying_party.page import addresses


def serve() -> None:
    """Serve until the process ends."""
    now = settings()
    serve_site(
        ClinicSettings(
            origin=now.clinic_address,
            records=now.clinic,
            hierarchy=now.hierarchy_folder,
            scs_addresses=addresses(now.scs_port),
            reader_url=now.reader_address,
            portal_url=now.portal_address,
        ),
        now.clinic_port,
    )
