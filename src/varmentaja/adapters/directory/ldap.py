# SPDX-License-Identifier: EUPL-1.2
"""A directory over LDAP (RFC 4511), by ldap3; any server with the schema of RFC 4519 and RFC 4523.

Each call is a connection of its own: publications are minutes apart, and a connection kept open would only be
one more thing that dies unseen.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from ldap3 import BASE, LEVEL, MODIFY_REPLACE, NONE, Connection, Server, Tls, set_config_parameter
from ldap3.core.exceptions import LDAPException, LDAPNoSuchObjectResult

from varmentaja.domain.errors import unavailable
from varmentaja.pki.directory import Entry, Path, distinguished_name, person_path

_SECONDS = 30
_BASE_CLASSES = {"dmdname": "dmd", "c": "country", "o": "organization", "ou": "organizationalUnit"}

set_config_parameter("SOCKET_SIZE", 1 << 20)  # ldap3 copies all it has at each read, by default of 4 KiB


@dataclass(frozen=True, slots=True)
class LdapAccess:
    """Where the server is, and who writes there."""

    url: str
    """``ldaps://host[:port]``, or ``ldap://`` (with STARTTLS when ``authority`` is given)."""
    base: str
    """Distinguished name; its suffix must be the server's."""
    user: str
    """Distinguished name of the writer."""
    password: str
    authority: FilePath | None = None
    """PEM of who certifies the server; None: a server on this machine, without TLS."""


class LdapDirectory:
    """The directory below ``access.base``; the base itself is made when it is missing."""

    def __init__(self, access: LdapAccess) -> None:
        self._access = access

    @property
    def address(self) -> str:
        """As configured."""
        return self._access.url

    @property
    def base(self) -> str:
        """As configured."""
        return self._access.base

    def put(self, entry: Entry) -> bool:
        """Add or change in one operation."""
        with self._connected() as connection:
            if len(entry.path) == 1:
                self._make_base(connection)
            return self._put(connection, self._name(entry.path), _attributes(entry))

    def persons(self) -> set[str]:
        """One level below the base, by pages."""
        with self._connected() as connection:
            try:
                found = connection.extend.standard.paged_search(
                    self.base, "(objectClass=pkiUser)", LEVEL, attributes=["serialNumber"], paged_size=500
                )
                return {
                    value.decode()
                    for each in found
                    if each["type"] == "searchResEntry"
                    for value in each["raw_attributes"].get("serialNumber", ())
                }
            except LDAPNoSuchObjectResult:
                return set()

    def remove_person(self, number: str) -> None:
        """Delete the entry."""
        with self._connected() as connection:
            try:
                connection.delete(self._name(person_path(number)))
            except LDAPNoSuchObjectResult:
                return

    def _put(self, connection: Connection, name: str, attributes: Mapping[str, list[bytes]]) -> bool:
        there = _read(connection, name)
        if there is None:
            connection.add(name, attributes=dict(attributes))
            return True
        asked = {key.lower(): values for key, values in attributes.items()}
        changes: dict[str, Any] = {
            key: [(MODIFY_REPLACE, values)]
            for key, values in attributes.items()
            if sorted(there.get(key.lower(), [])) != sorted(values)
        }
        changes |= {key: [(MODIFY_REPLACE, [])] for key in there if key not in asked}
        if changes:
            connection.modify(name, changes)
        return bool(changes)

    def _make_base(self, connection: Connection) -> None:
        parts = self.base.split(",")
        for depth in range(len(parts) - 1, -1, -1):
            name = ",".join(parts[depth:])
            if _read(connection, name) is None:
                attribute, _, value = parts[depth].strip().partition("=")
                kind = _BASE_CLASSES[attribute.lower()]
                connection.add(name, [kind], {attribute: [value]})

    def _name(self, path: Path) -> str:
        return distinguished_name(path, self.base)

    def _server(self) -> Server:
        """A new one for each connection: ldap3's goes on thinking for a while that a server is down."""
        access = self._access
        tls = access.authority and Tls(
            ca_certs_file=str(access.authority), validate=ssl.CERT_REQUIRED, version=ssl.PROTOCOL_TLS_CLIENT
        )
        return Server(access.url, tls=tls or None, get_info=NONE, connect_timeout=_SECONDS)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        access = self._access
        try:
            connection = Connection(
                self._server(),
                access.user,
                access.password,
                raise_exceptions=True,
                check_names=False,
                receive_timeout=_SECONDS,
            )
            if access.authority and not access.url.startswith("ldaps:"):
                connection.start_tls()
            connection.bind()
            try:
                yield connection
            finally:
                connection.unbind()
        except (LDAPException, OSError) as error:
            raise unavailable(
                "The directory does not answer: %(reason)s", reason=f"{type(error).__name__}: {error}"[:300]
            ) from error


def _read(connection: Connection, name: str) -> dict[str, list[bytes]] | None:
    """The entry's attributes by lower-case name; None when it is not there."""
    try:
        connection.search(name, "(objectClass=*)", BASE, attributes=["*"])
    except LDAPNoSuchObjectResult:
        return None
    raw: dict[str, list[bytes]] = connection.response[0]["raw_attributes"]
    return {key.lower(): values for key, values in raw.items()}


def _attributes(entry: Entry) -> dict[str, list[bytes]]:
    """As the server gives them back, so that the two can be compared."""
    attribute, value = entry.path[-1]
    return {
        "objectClass": [each.encode() for each in entry.classes],
        attribute: [value.encode()],
        **{name: list(values) for name, values in entry.attributes.items()},
    }
