# SPDX-License-Identifier: EUPL-1.2
"""Certificate profiles: TOML data with an id, a version and a hash of their content."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from varmentaja.domain.errors import invalid, not_found
from varmentaja.pki.algorithms import KeyAlgorithm
from varmentaja.pki.names import Attribute, CharacterSet

KEY_USAGE_BITS = {
    "digital_signature": 0,
    "non_repudiation": 1,
    "key_encipherment": 2,
    "data_encipherment": 3,
    "key_agreement": 4,
    "key_cert_sign": 5,
    "crl_sign": 6,
}


class Role(StrEnum):
    """What kind of subject a profile is for."""

    ROOT = "root"
    AUTHORITY = "authority"
    OCSP_RESPONDER = "ocsp-responder"
    PERSON = "person"
    SERVICE = "service"
    """A program of the service itself."""


class Purpose(StrEnum):
    """What a person's certificate is for."""

    AUTHENTICATION = "authentication"
    SIGNATURE = "signature"


class Occasion(StrEnum):
    """Circumstances in which an expected finding must occur."""

    ALWAYS = "always"
    PSEUDONYM = "pseudonym"
    """The subject carries a physician's identification code."""
    LOCAL_URLS = "local-urls"
    """The hierarchy's addresses are those of this machine."""


@dataclass(frozen=True, slots=True)
class ExpectedFinding:
    """A lint finding we know of and accept, with the reason (decision 19)."""

    code: str
    location: str
    reason: str
    when: tuple[Occasion, ...]
    algorithms: tuple[KeyAlgorithm, ...]
    """Kinds of subject key it occurs with; empty = all."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One certificate profile. ``key_usage`` names the accepted kinds of key and their usage bits."""

    id: str
    version: str
    content_hash: str
    lineage: tuple[str, ...]
    """Ids of the profile and of those that it is a variant of, nearest first."""
    role: Role
    purpose: Purpose | None
    issuers: tuple[str, ...]
    """Roles of the authorities that may issue it (``professionals``); for a root, itself."""
    attributes: tuple[Attribute, ...]
    required: tuple[Attribute, ...]
    character_set: CharacterSet
    longest_days: int
    key_usage: tuple[tuple[KeyAlgorithm, tuple[str, ...]], ...]
    policy: str | None
    """Number under the hierarchy's policy arc, or a whole OID after ``=`` (``=2.5.29.32.0``)."""
    extended_key_usage: tuple[str, ...]
    path_length: int | None
    crl: bool
    ocsp: bool
    freshest_crl: bool
    user_principal_name: bool
    """Whether the subject's user principal name stands in subjectAltName."""
    linter: str
    expected: tuple[ExpectedFinding, ...]

    def usage(self, algorithm: KeyAlgorithm) -> tuple[str, ...]:
        """Key usage of certificates for this kind of key; `invalid` if the profile does not accept it."""
        for accepted, usage in self.key_usage:
            if accepted is algorithm:
                return usage
        raise invalid("This kind of key is not accepted for this certificate.", field="public_key")

    @property
    def lifetime(self) -> timedelta:
        """The longest validity."""
        return timedelta(days=self.longest_days)

    @property
    def mark(self) -> dict[str, str]:
        """What is kept with everything that is made by this profile."""
        return {"id": self.id, "version": self.version, "content_hash": self.content_hash}

    @property
    def is_authority(self) -> bool:
        """Whether the subject issues certificates."""
        return self.role in {Role.ROOT, Role.AUTHORITY}


@cache
def load_profile(profile_id: str) -> Profile:
    """A profile shipped with the program, by its id; `not_found` if there is none."""
    return parse_profile(_text(profile_id))


def _text(profile_id: str) -> str:
    entry = files("varmentaja.profiles").joinpath("certificates", f"{profile_id}.toml")
    if not profile_id.replace("-", "").isalnum() or not entry.is_file():
        raise not_found("There is no certificate profile %(id)s.", id=profile_id)
    return entry.read_text(encoding="utf-8")


def shipped_profiles() -> tuple[str, ...]:
    """Ids of all shipped profiles."""
    folder = files("varmentaja.profiles").joinpath("certificates")
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir()))


def parse_profile(text: str) -> Profile:
    """Read a profile from TOML; `invalid` names what is missing, unknown or of a wrong kind."""
    try:
        content = _whole(tomllib.loads(text))
        return _profile(content, content_hash(content), tuple(_lineage(tomllib.loads(text))))
    except (KeyError, ValueError, TypeError) as error:
        raise invalid("The certificate profile is not right: %(reason)s", reason=str(error)) from error


def _whole(content: dict[str, Any]) -> dict[str, Any]:
    """A variant (``variant_of``) says only what differs: its values replace the other profile's, table by
    table.
    """
    if "variant_of" not in content:
        return content
    base = _whole(tomllib.loads(_text(content.pop("variant_of"))))
    return base | {
        name: base[name] | value if isinstance(value, dict) else value for name, value in content.items()
    }


def _lineage(content: Mapping[str, Any]) -> Iterator[str]:
    yield content["id"]
    if "variant_of" in content:
        yield from _lineage(tomllib.loads(_text(content["variant_of"])))


def content_hash(content: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of the content as JSON with sorted names: comments and layout don't count."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _profile(content: dict[str, Any], digest: str, lineage: tuple[str, ...]) -> Profile:
    subject, extensions, lint = content["subject"], content["extensions"], content["lint"]
    _only(content, "id version source role purpose issuers subject validity key_usage extensions lint")
    _only(subject, "attributes required character_set")
    _only(extensions, "policy extended_key_usage path_length crl ocsp freshest_crl user_principal_name")
    _only(lint, "linter expected")
    return Profile(
        id=content["id"],
        version=content["version"],
        content_hash=digest,
        lineage=lineage,
        role=Role(content["role"]),
        purpose=Purpose(content["purpose"]) if "purpose" in content else None,
        issuers=tuple(content["issuers"]),
        attributes=tuple(map(Attribute, subject["attributes"])),
        required=tuple(map(Attribute, subject["required"])),
        character_set=CharacterSet(subject["character_set"]),
        longest_days=int(content["validity"]["longest_days"]),
        key_usage=tuple((KeyAlgorithm(kind), _usage(bits)) for kind, bits in content["key_usage"].items()),
        policy=extensions.get("policy"),
        extended_key_usage=tuple(extensions.get("extended_key_usage", ())),
        path_length=extensions.get("path_length"),
        crl=bool(extensions["crl"]),
        ocsp=bool(extensions["ocsp"]),
        freshest_crl=bool(extensions["freshest_crl"]),
        user_principal_name=bool(extensions.get("user_principal_name", False)),
        linter=lint["linter"],
        expected=tuple(_expected(entry) for entry in lint.get("expected", ())),
    )


def _expected(entry: dict[str, Any]) -> ExpectedFinding:
    _only(entry, "code location reason when algorithms")
    return ExpectedFinding(
        code=entry["code"],
        location=entry["location"],
        reason=entry["reason"],
        when=tuple(map(Occasion, entry["when"])),
        algorithms=tuple(map(KeyAlgorithm, entry.get("algorithms", ()))),
    )


def _usage(bits: list[str]) -> tuple[str, ...]:
    for bit in bits:
        KEY_USAGE_BITS[bit]
    return tuple(bits)


def _only(table: dict[str, Any], names: str) -> None:
    if unknown := set(table) - set(names.split()):
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
