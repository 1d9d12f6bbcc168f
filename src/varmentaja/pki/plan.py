# SPDX-License-Identifier: EUPL-1.2
"""The ceremony file: which authorities are to be made, under which names, keys, policies and addresses."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from varmentaja.domain.errors import DomainError, invalid
from varmentaja.pki.algorithms import KeyAlgorithm
from varmentaja.pki.names import Subject
from varmentaja.pki.profile import Profile, Role, content_hash, load_profile

DAYS_A_YEAR = 365
LINES = ("ecc", "rsa")
"""Cards name their line by one of these, and by its kind of key."""
RESPONDER = "ocsp-responder"
"""Profile of the responders, which a ceremony makes unasked."""
_OID = re.compile(r"[0-2](\.(0|[1-9]\d*))+\Z")


@dataclass(frozen=True, slots=True)
class PlannedCertificate:
    """One certificate of the plan: an authority, or (``responder_for``) its OCSP responder."""

    id: str
    role: str
    line: str
    issued_by: str
    algorithm: KeyAlgorithm
    profile: Profile
    subject: Subject
    days: int
    shards: int
    responder_for: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A ceremony file, read and checked."""

    id: str
    version: str
    test: bool
    base_url: str
    policy_arc: str
    policy_by_profile: tuple[tuple[str, str], ...]
    content_hash: str
    certificates: tuple[PlannedCertificate, ...]
    """In the order of making: an issuer stands before what it issues."""


def read_plan(text: str, *, base_url: str | None = None) -> Plan:
    """Read a ceremony file; ``base_url`` replaces the file's. `invalid` names what is missing or wrong."""
    try:
        content = tomllib.loads(text)
        if base_url:
            content["base_url"] = base_url
        plan = Plan(
            id=content["id"],
            version=content["version"],
            test=content["test"],
            base_url=content["base_url"].rstrip("/"),
            policy_arc=content["policies"]["arc"],
            policy_by_profile=tuple(sorted(content["policies"]["by_profile"].items())),
            content_hash=content_hash(content),
            certificates=tuple(_planned(content)),
        )
        _check(plan)
    except (KeyError, ValueError, TypeError, DomainError) as error:
        raise invalid("The ceremony file is not right: %(reason)s", reason=str(error)) from error
    return plan


def _check(plan: Plan) -> None:
    """Raises ValueError for what could be made, and would be wrong for twenty years."""
    address = urlsplit(plan.base_url)
    if address.scheme not in {"http", "https"} or not address.hostname or address.query:
        raise ValueError(f"base_url {plan.base_url}")
    for oid in (plan.policy_arc, *dict(plan.policy_by_profile).values()):
        if not _OID.match(oid):
            raise ValueError(f"policy {oid}")
    for name in dict(plan.policy_by_profile):
        load_profile(name)
    if len({planned.id for planned in plan.certificates}) < len(plan.certificates):
        raise ValueError("a line or a role stands there twice")
    for planned in plan.certificates:
        name, organization = planned.subject.common_name or "", planned.subject.organization or ""
        if ("TEST" in name) is not plan.test or (not plan.test and "TEST" in organization):
            raise ValueError("TEST in names")
        expected = Role.ROOT if planned.role == "root" else Role.AUTHORITY
        if planned.responder_for is None and planned.profile.role is not expected:
            raise ValueError(f"profile {planned.profile.id} for {planned.id}")
        if (planned.line == "rsa") is not planned.algorithm.is_rsa or planned.line not in LINES:
            raise ValueError(f"line {planned.line} with {planned.algorithm}")
        if not 1 <= planned.days <= planned.profile.longest_days or planned.shards < 1:
            raise ValueError(f"years and shards of {planned.id}")
    ids = {planned.id for planned in plan.certificates}
    if missing := {planned.issued_by for planned in plan.certificates} - ids:
        raise ValueError(f"no {', '.join(sorted(missing))}")


def first_responder(authority_id: str) -> str:
    """The id of the responder that the ceremony makes; later ones have their day at the end."""
    return f"{authority_id}-ocsp"


def demo_plan(base_url: str) -> Plan:
    """The plan of the demo's TEST hierarchy at ``base_url`` (``http://127.0.0.1:8001``)."""
    return shipped_plan("demo", base_url=base_url)


def shipped_plan(name: str, *, base_url: str | None = None) -> Plan:
    """A plan shipped with the program."""
    entry = files("varmentaja.profiles").joinpath("hierarchy", f"{name}.toml")
    return read_plan(entry.read_text(encoding="utf-8"), base_url=base_url)


def _planned(content: dict[str, Any]) -> Iterator[PlannedCertificate]:
    for line in content["line"]:
        for entry in sorted(content["authority"], key=lambda entry: entry["role"] != "root"):
            authority = _planned_authority(content, line, entry)
            yield authority
            if entry["role"] != "root":
                yield _planned_responder(authority, KeyAlgorithm(line["responder_key"]))


def _planned_authority(
    content: dict[str, Any], line: dict[str, Any], entry: dict[str, Any]
) -> PlannedCertificate:
    return PlannedCertificate(
        id=f"{entry['role']}-{line['id']}",
        role=entry["role"],
        line=line["id"],
        issued_by=f"root-{line['id']}",
        algorithm=KeyAlgorithm(line["authority_key"]),
        profile=load_profile(entry["profile"]),
        subject=Subject(
            country=content["name"]["country"],
            organization=content["name"]["organization"],
            common_name=f"{entry['common_name']} {line['label']}",
        ),
        days=int(entry["years"]) * DAYS_A_YEAR,
        shards=int(entry["shards"]),
    )


def _planned_responder(authority: PlannedCertificate, algorithm: KeyAlgorithm) -> PlannedCertificate:
    name, profile = f"OCSP {authority.subject.common_name}", load_profile(RESPONDER)
    return replace(
        authority,
        id=first_responder(authority.id),
        issued_by=authority.id,
        algorithm=algorithm,
        profile=profile,
        subject=replace(authority.subject, common_name=name),
        days=profile.longest_days,
        responder_for=authority.id,
    )
