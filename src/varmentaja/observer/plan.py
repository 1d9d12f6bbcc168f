# SPDX-License-Identifier: EUPL-1.2
"""What is asked: addresses, and certificates whose status is watched.

The worker writes the plan (apps/observation/actions/write_plan.py). The roots do not stand in it: they come
from a folder that is put beside the observer once, as with every relying party.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from varmentaja.domain.errors import invalid, unavailable


@dataclass(frozen=True, slots=True)
class Watched:
    """A certificate that is asked for."""

    serial: int
    shard: int
    """Of the authority's lists."""
    revoked: bool | None
    """What is known for sure, of a canary or what was revoked; None: only that all answers must agree."""
    certificate: bytes | None
    """DER of a canary; others are asked by serial alone, since names are nobody's business here."""


@dataclass(frozen=True, slots=True)
class Lists:
    """Addresses of one shard's lists."""

    full: str
    delta: str | None
    directory_name: str
    """DN of the entry that holds them in the directory; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Copy:
    """Where one responder of several answers by itself: the published address may lead to any of them."""

    ocsp_url: str | None
    lists: tuple[Lists, ...]
    """By shard."""


@dataclass(frozen=True, slots=True)
class Authority:
    """One authority and its addresses."""

    name: str
    certificate: bytes
    """DER."""
    issued_by: str
    certificate_url: str
    ocsp_url: str | None
    lists: tuple[Lists, ...]
    """By shard."""
    directory_name: str
    """DN of its entry in the directory; empty where there is none."""
    watched: tuple[Watched, ...]
    online_url: str | None = None
    """Of the responder that signs on the spot; None where there is none."""
    copies: tuple[Copy, ...] = ()

    @property
    def ocsp_urls(self) -> tuple[str, ...]:
        """The published address, then those of single responders."""
        urls = (self.ocsp_url, *(copy.ocsp_url for copy in self.copies))
        return tuple(url for url in urls if url)


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is asked in a round."""

    written_at: datetime
    roots: tuple[bytes, ...]
    """Trusted, DER."""
    authorities: tuple[Authority, ...]
    directory: str | None = None
    """``ldap://…`` of the directory."""
    directory_authority: Path | None = None
    """PEM of who certifies the directory's server; None: asked without TLS."""


def read_plan(path: Path, roots: Path, directory_authority: Path | None = None) -> Plan:
    """Read the plan and the roots (self-issued certificates, ``*.crt`` in DER or PEM).

    DomainError unavailable while there is no plan, invalid when one of them cannot be read.
    """
    try:
        document = json.loads(path.read_bytes())
        authorities = tuple(_authority(each) for each in document["authorities"])
        written = datetime.fromisoformat(document["written_at"])
        return Plan(written, _roots(roots), authorities, document["directory"], directory_authority)
    except FileNotFoundError as error:
        raise unavailable("There is no plan for the observer yet: %(file)s", file=str(path)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise invalid("The observer's plan cannot be read: %(reason)s", reason=repr(error)) from error


def _authority(entry: dict[str, Any]) -> Authority:
    return Authority(
        name=entry["name"],
        certificate=base64.b64decode(entry["certificate"]),
        issued_by=entry["issued_by"],
        certificate_url=entry["certificate_url"],
        ocsp_url=entry["ocsp_url"],
        lists=_lists(entry),
        directory_name=entry["directory_name"],
        watched=tuple(
            Watched(
                serial=int(each["serial"], 16),
                shard=int(each["shard"]),
                revoked=each["revoked"],
                certificate=base64.b64decode(each["certificate"]) if each["certificate"] else None,
            )
            for each in entry["watched"]
        ),
        online_url=entry.get("online_url"),
        copies=tuple(Copy(each["ocsp_url"], _lists(each)) for each in entry.get("copies", [])),
    )


def _lists(entry: dict[str, Any]) -> tuple[Lists, ...]:
    return tuple(
        Lists(each["full"], each["delta"], each.get("directory_name", "")) for each in entry["lists"]
    )


def _roots(folder: Path) -> tuple[bytes, ...]:
    found = []
    for path in sorted(folder.glob("*.crt")):
        content = path.read_bytes()
        load = (
            x509.load_pem_x509_certificate if content.startswith(b"-----") else x509.load_der_x509_certificate
        )
        certificate = load(content)
        if certificate.issuer == certificate.subject:
            found.append(certificate.public_bytes(Encoding.DER))
    if not found:
        raise invalid("There is no root certificate in %(folder)s.", folder=str(folder))
    return tuple(found)
