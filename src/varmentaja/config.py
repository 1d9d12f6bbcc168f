# SPDX-License-Identifier: EUPL-1.2
"""The settings of every program, typed, from the environment (``VARMENTAJA_…`` and ``DATABASE_URL``).

The zero value of each setting is safe and makes the demo run. ``wiring.py`` beside this chooses adapters.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Mapping
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, HttpUrl, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from varmentaja.domain.errors import DomainError, invalid
from varmentaja.pki.names import CharacterSet
from varmentaja.pki.principal_name import check_principal_name

SECRETS = (
    "database_url",
    "data_passphrase_file",
    "authorities_passphrase_file",
    "online_passphrase_file",
)
"""Settings that are told only to programs that need them; libpq's own variables go with the database's."""
SCS_PORTS = (53951, 23123, 8088)
"""The ports of the signing interface by its standard."""
LONGEST_SOCKET_PATH = 107
"""Bytes, of the 108 in sockaddr_un, which ends with a zero (unix(7))."""


class Environment(StrEnum):
    """Which hierarchy a service may serve: a production service refuses TEST and the reverse."""

    TEST = "test"
    PRODUCTION = "production"


BUILDING = "building.lock"
"""File in the folder of downloads that whoever builds packages holds locked, until it ends in any way."""


class Settings(BaseSettings):
    """All settings. Folders of the state folder are properties: nobody else joins their paths."""

    model_config = SettingsConfigDict(env_prefix="VARMENTAJA_", frozen=True, extra="ignore")
    needed_in_production: ClassVar[tuple[str, ...]] = (
        "public_url",
        "responder_url",
        "database_url",
        "data_passphrase_file",
    )

    state: Path = Path("var")
    """Folder of everything that the service keeps besides the database."""
    environment: Environment = Environment.TEST
    port: int = Field(default=8000, ge=1024, le=65528)
    """The portal's; the next ones are the responder's, the reader's pages' and the TLS host's; the clinic's
    is six higher, the online responder's seven."""
    public_url: HttpUrl | None = None
    """Address of the portal as people see it; ``http://localhost:<port>`` when unset."""
    responder_url: HttpUrl | None = None
    """Address in certificates; fixed at the ceremony. ``http://127.0.0.1:<port + 1>`` when unset."""
    reader_url: HttpUrl | None = None
    """Address of the virtual reader's pages; ``http://127.0.0.1:<port + 2>`` when unset."""
    tls_url: HttpUrl | None = None
    """Address of the TLS host for sign-in by certificate; ``*`` as its first label stands for a name of one
    visit alone. When unset: ``https://*.card.localhost:<port + 3>`` in a test service where nginx is found,
    otherwise there is no such sign-in."""
    scs_port: int = Field(default=SCS_PORTS[0], ge=1024, le=65534)
    """First port on which the reader offers the signing interface (SCS); the next one is for HTTPS."""
    scs_version: Literal["1.2", "1.3"] = "1.2"
    """Version of SCS that the reader says it speaks; each request is answered by the version it names."""
    code_server: HttpUrl | None = None
    """REST interface of the national code server, such as https://…/codeserver/csapi/v6; a test service has
    fictive codes of its own when unset."""
    people: int = Field(default=0, ge=0)
    """How many synthetic people a test service is filled with, for timings of pages."""
    reader_package: bool = True
    """Whether a demo builds the packages of the card reader program that its page offers."""
    issuers: Path | None = None
    """Folder of the authorities' certificates; ``<state>/hierarchy`` when unset."""
    observer: Path | None = None
    """Folder of the observer's plan, record and report, on a machine of its own shared with the portal;
    ``<state>/observer`` when unset."""
    observer_roots: Path | None = None
    """Folder of the roots that the observer trusts (``*.crt``); the hierarchy's folder when unset."""
    responders: str = ""
    """Addresses of single responders behind the published one, with spaces between, for the observer."""
    online_url: HttpUrl | None = None
    """Address of the online-signing responder as relying parties see it."""
    ldap_url: str | None = None
    """``ldaps://…`` or ``ldap://…`` of the public directory; none is published to when unset."""
    ldap_base: str = "dmdName=VARMENTAJA,c=FI"
    """Distinguished name under which everything stands."""
    ldap_user: str = "cn=varmentaja,c=FI"
    """Distinguished name of whoever writes there."""
    ldap_password_file: Path | None = None
    ldap_authority: Path | None = None
    """PEM of who certifies the directory's server; must be given unless it is on this machine."""
    ldap_persons: bool = False
    """Whether holders may have their certificates in the directory, each by a consent of the own."""
    algorithm: str = "ecc"
    """Line of keys for new cards: ``ecc`` or ``rsa``."""
    character_set: CharacterSet = CharacterSet.UTF8
    """Letters that names in new certificates may have: ``utf-8``, or ``iso-8859-1`` for readers that know no
    other (docs/decisions/0061)."""
    logon_domain: str | None = None
    """Domain of the user principal names in new authentication certificates, by which cards open computers
    (docs/decisions/0040); without it they carry no such name."""
    data_passphrase_file: Path | None = None
    """Passphrase of the data key store; ``<state>/keys/data.passphrase`` when unset."""
    authorities_passphrase_file: Path | None = None
    """Passphrase of the authorities' key store; ``<state>/keys/authorities.passphrase`` when unset."""
    pkcs11_module: Path | None = None
    """Library of the device (HSM) that holds the authorities' keys in place of encrypted files."""
    pkcs11_token: str | None = None
    """Label of the token in that device."""
    pkcs11_pin_file: Path | None = None
    """File with the token's user PIN."""
    online_passphrase_file: Path | None = None
    """Passphrase of the online responder's keys; ``<state>/keys/online.passphrase`` when unset."""
    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL")
    """Any PostgreSQL from 15 on; the embedded one when unset."""

    @field_validator("logon_domain")
    @classmethod
    def _domain_fits(cls, domain: str | None) -> str | None:
        """A name is tried with it here, before any card is made."""
        if domain is not None:
            try:
                check_principal_name(f"1@{domain}")
            except DomainError as error:
                raise ValueError(f"is not a domain such as ward.example: {domain}") from error
        return domain

    @model_validator(mode="after")
    def _production_is_named(self) -> Settings:
        if self.environment is Environment.PRODUCTION:
            missing = [name for name in self.needed_in_production if getattr(self, name) is None]
            if missing:
                raise ValueError(f"production needs {', '.join(missing)}")
        return self

    @model_validator(mode="after")
    def _token_is_whole(self) -> Settings:
        parts = (self.pkcs11_module, self.pkcs11_token, self.pkcs11_pin_file)
        if any(parts) and not all(parts):
            raise ValueError("a PKCS#11 token needs pkcs11_module, pkcs11_token and pkcs11_pin_file")
        return self

    @model_validator(mode="after")
    def _directory_is_safe(self) -> Settings:
        if self.ldap_url is None:
            return self
        address = urlsplit(self.ldap_url)
        if address.scheme not in ("ldap", "ldaps") or not address.hostname:
            raise ValueError("the directory's address begins with ldap:// or ldaps://")
        if self.ldap_password_file is None:
            raise ValueError("the directory needs ldap_password_file")
        if self.ldap_authority is None and address.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError("a directory on another machine needs ldap_authority, for TLS")
        return self

    @model_validator(mode="after")
    def _sockets_fit(self) -> Settings:
        """The kernel takes no longer path for a socket (sockaddr_un; unix(7))."""
        length = len(os.fsencode(self.card_host_socket.resolve()))
        if length > LONGEST_SOCKET_PATH:
            raise ValueError(
                f"the state folder's path is too long: {self.card_host_socket.resolve()} has {length} bytes, "
                f"and a socket's path may have {LONGEST_SOCKET_PATH}; choose a shorter VARMENTAJA_STATE"
            )
        return self

    @property
    def test_service(self) -> bool:
        """Whether this is a service for tests: fictive people, TEST certificates, movable business time."""
        return self.environment is Environment.TEST

    @property
    def embedded(self) -> bool:
        """Whether the database is the embedded one."""
        return not self.database_url

    @property
    def database(self) -> str:
        """Address of the database, for libpq."""
        if self.database_url:
            return self.database_url
        from varmentaja.ground.embedded_postgres import embedded_url

        return embedded_url(self.state)

    @property
    def portal_address(self) -> str:
        """Address of the portal, no slash at the end."""
        return _address(self.public_url, f"http://localhost:{self.port}")

    @property
    def responder_address(self) -> str:
        """Address of the responder, no slash at the end."""
        return _address(self.responder_url, f"http://127.0.0.1:{self.port + 1}")

    @property
    def reader_address(self) -> str:
        """Address of the virtual reader's pages, no slash at the end."""
        return _address(self.reader_url, f"http://127.0.0.1:{self.port + 2}")

    @property
    def tls_address(self) -> str | None:
        """Address of the TLS host, no slash at the end; None where sign-in by certificate is off."""
        if self.tls_url is None and not (self.test_service and self.nginx):
            return None
        return _address(self.tls_url, f"https://*.card.localhost:{self.port + 3}")

    @property
    def scs_ports(self) -> tuple[int, ...]:
        """Where pages look for the signing interface, in this order; for HTTPS each one higher."""
        return tuple(dict.fromkeys((self.scs_port, *SCS_PORTS)))

    @property
    def clinic_port(self) -> int:
        """Port of the demo clinic; those between are left to the signing interface of a second demo."""
        return self.port + 6

    @property
    def clinic_address(self) -> str:
        """Address of the demo clinic, no slash at the end."""
        return f"http://localhost:{self.clinic_port}"

    @property
    def online_port(self) -> int:
        """Port of the online-signing responder."""
        return self.port + 7

    @property
    def online_address(self) -> str:
        """Address of the online-signing responder, no slash at the end."""
        return _address(self.online_url, f"http://127.0.0.1:{self.online_port}")

    @property
    def observed_online(self) -> str | None:
        """The same where there is one: in production only if it is named."""
        return self.online_address if self.online_url or self.test_service else None

    @property
    def responder_addresses(self) -> tuple[str, ...]:
        """Addresses of single responders, no slash at the end."""
        return tuple(address.rstrip("/") for address in self.responders.split())

    @property
    def clinic(self) -> Path:
        """Folder of the demo clinic's prescriptions."""
        return self.state / "clinic"

    @property
    def nginx(self) -> str | None:
        """Path of nginx, which does the handshakes; None where it is not installed."""
        return shutil.which("nginx", path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"]))

    @property
    def keys(self) -> Path:
        """Folder of key stores and their passphrases."""
        return self.state / "keys"

    @property
    def data_keys(self) -> Path:
        """Key store of portal and worker: data keys, hash of identity codes, challenges."""
        return self.keys / "data"

    @property
    def authority_keys(self) -> Path:
        """Key store of the worker alone: authorities, OCSP responders, activation codes."""
        return self.keys / "authorities"

    @property
    def data_passphrase(self) -> Path:
        """File with the passphrase of the data key store."""
        return self.data_passphrase_file or self.keys / "data.passphrase"

    @property
    def authorities_passphrase(self) -> Path:
        """File with the passphrase of the authorities' key store."""
        return self.authorities_passphrase_file or self.keys / "authorities.passphrase"

    @property
    def online_passphrase(self) -> Path:
        """File with the passphrase of the online responder's keys."""
        return self.online_passphrase_file or self.keys / "online.passphrase"

    @property
    def delegations(self) -> Path:
        """Folder of the online responder's short-lived keys and certificates; the worker fills it."""
        return self.state / "delegations"

    @property
    def hierarchy_folder(self) -> Path:
        """Folder of the authorities' certificates, as the ceremony left it."""
        return self.issuers or self.state / "hierarchy"

    @property
    def cards(self) -> Path:
        """Folder of the virtual cards."""
        return self.state / "cards"

    @property
    def publication(self) -> Path:
        """Folder of what the responder serves."""
        return self.state / "publication"

    @property
    def publisher_key(self) -> Path:
        """Public key (PEM) by which responders know the publisher."""
        return self.run / "publisher.pem"

    @property
    def audit_heads(self) -> Path:
        """Published folder of the audit chain's signed heads."""
        return self.publication / "audit"

    @property
    def audit_key(self) -> Path:
        """Public key (PEM) of the audit chain's heads."""
        return self.audit_heads / "key.pem"

    @property
    def mailbox(self) -> Path:
        """Folder of the post simulator: the holders' mailboxes."""
        return self.state / "mailbox"

    @property
    def factory(self) -> Path:
        """Folder of the card factory simulator's own records."""
        return self.state / "factory"

    @property
    def reader(self) -> Path:
        """Folder of the card reader program: its certificate for this computer, what it remembers."""
        return self.state / "reader"

    @property
    def downloads(self) -> Path:
        """Folder of what the page of the card reader program offers: packages and the list of versions."""
        return self.state / "downloads"

    @property
    def faults(self) -> Path:
        """File that switches faults of the simulators on (adapters/sandbox/faults.py)."""
        return self.state / "sandbox" / "faults.json"

    @property
    def run(self) -> Path:
        """Folder of sockets, locks and status documents."""
        return self.state / "run"

    @property
    def paused(self) -> Path:
        """Folder of files named after the parts of a demo that are to stand still (ground/supervisor.py)."""
        return self.run / "paused"

    @property
    def observer_folder(self) -> Path:
        """Folder of the observer: ``plan.json`` (the worker's), its record and its report."""
        return self.observer or self.state / "observer"

    @property
    def observer_plan(self) -> Path:
        """What the observer asks; the worker writes it."""
        return self.observer_folder / "plan.json"

    @property
    def log(self) -> Path:
        """Folder of the programs' logs."""
        return self.state / "log"

    @property
    def card_host_socket(self) -> Path:
        """Control socket of the card host."""
        return self.run / "cardhost.sock"

    @property
    def tls_socket(self) -> Path:
        """Socket between nginx and the TLS host's program."""
        return self.run / "tls.sock"

    def variables(self, secrets: Collection[str] = ()) -> dict[str, str]:
        """The environment that gives a child process these very settings, of ``SECRETS`` only the named."""
        values = self.model_dump(mode="json", exclude_none=True, exclude={"state", *SECRETS} - {*secrets})
        named = {_variable(name): str(value) for name, value in values.items()}
        named["VARMENTAJA_STATE"] = str(self.state.resolve())
        if "database_url" in secrets:
            named["DATABASE_URL"] = self.database
        return {**_without_secrets(os.environ, secrets), **named}


class CardReaderSettings(Settings):
    """The same for the card reader program on a holder's computer, which has no database and no key store."""

    needed_in_production: ClassVar[tuple[str, ...]] = ("public_url",)


def _variable(setting: str) -> str:
    return "DATABASE_URL" if setting == "database_url" else f"VARMENTAJA_{setting.upper()}"


def _without_secrets(environment: Mapping[str, str], kept: Collection[str]) -> dict[str, str]:
    hidden = {_variable(name) for name in SECRETS if name not in kept}
    libpq = () if "database_url" in kept else ("PG",)
    return {
        name: value
        for name, value in environment.items()
        if name not in hidden and not name.startswith(libpq)
    }


def _address(chosen: HttpUrl | None, otherwise: str) -> str:
    return str(chosen).rstrip("/") if chosen else otherwise


_Kind = TypeVar("_Kind", bound=Settings)


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process; DomainError names each variable that is wrong."""
    return _read(Settings)


def reader_settings() -> CardReaderSettings:
    """The settings of the card reader program; DomainError names each variable that is wrong."""
    return _read(CardReaderSettings)


def _read(kind: type[_Kind]) -> _Kind:
    try:
        return kind()
    except ValidationError as error:
        faults = [_fault(each) for each in error.errors(include_url=False)]
        raise invalid("The settings cannot be used: %(faults)s", faults="; ".join(faults)) from error


def _fault(found: ErrorDetails) -> str:
    name = "".join(f"VARMENTAJA_{part}".upper() + ": " for part in found["loc"] if part != "DATABASE_URL")
    return name + found["msg"].removeprefix("Value error, ")
