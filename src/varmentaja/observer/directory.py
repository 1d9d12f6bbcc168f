# SPDX-License-Identifier: EUPL-1.2
"""One question to the directory over LDAP, as anybody may put it."""

from __future__ import annotations

import ssl
import time
from pathlib import Path

from ldap3 import BASE, NONE, Connection, Server, Tls, set_config_parameter
from ldap3.core.exceptions import LDAPException

from varmentaja.domain.availability import limits
from varmentaja.observer.ask import Reply

set_config_parameter("SOCKET_SIZE", 1 << 20)  # ldap3 copies all it has at each read, by default of 4 KiB


def read_attribute(address: str, name: str, attribute: str, authority: Path | None) -> Reply:
    """The one value of an entry's attribute.

    ``authority``: PEM of who certifies the server; then the question goes over TLS.
    """
    begun = time.monotonic()
    seconds = int(limits().lost.total_seconds())  # ldap3 packs it as an integer
    tls = authority and Tls(
        ca_certs_file=str(authority), validate=ssl.CERT_REQUIRED, version=ssl.PROTOCOL_TLS_CLIENT
    )
    server = Server(address, tls=tls or None, get_info=NONE, connect_timeout=seconds)
    values: list[bytes] = []
    problem = ""
    try:
        connection = Connection(server, raise_exceptions=True, check_names=False, receive_timeout=seconds)
        if authority and not address.startswith("ldaps:"):
            connection.start_tls()
        connection.bind()
        try:
            connection.search(name, "(objectClass=*)", BASE, attributes=[attribute])
            values = connection.response[0]["raw_attributes"].get(attribute, [])
        finally:
            connection.unbind()
    except (LDAPException, OSError) as error:
        problem = f"{type(error).__name__}: {error}"[:300]
    waited = round((time.monotonic() - begun) * 1000)
    if len(values) == 1:
        return Reply(values[0], waited)
    return Reply(b"", waited, problem or f"{len(values)} values of {attribute}")
