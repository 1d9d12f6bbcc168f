# SPDX-License-Identifier: EUPL-1.2
"""A trial before the ceremony: certificates for people, as the plan's authorities would issue them, are
linted.

What is wrong with an address or a policy would otherwise show with the first card, when the hierarchy can no
longer be changed. Nothing is signed but by throw-away keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from varmentaja.domain.errors import DomainError, invalid
from varmentaja.pki.issuance import CertificateRequest, LintedToken, prepare_all, throw_away_key
from varmentaja.pki.lint import CertificateRefused
from varmentaja.pki.names import Subject, encode_name, subject_values
from varmentaja.pki.plan import Plan, PlannedCertificate
from varmentaja.pki.profile import Profile, Role, load_profile, shipped_profiles
from varmentaja.pki.template import Issuer

HOLDER = Subject(
    serial_number="00999000001",
    given_names="Koe Onni",
    first_name="Onni",
    surname="Koehenkilö",
    title="koelääkäri",
    physician_code="999001",
    organization="Koeorganisaatio",
)
"""Nobody."""


def lint_trial_certificates(plan: Plan, *, now: datetime, random: Callable[[int], bytes]) -> int:
    """Lint a certificate of each profile for people in each line of ``plan``; how many there were.

    Raises `invalid` with all that would stop issuance, and when no authority may issue a profile.
    """
    wanted = [(profile, planned) for profile in _profiles() for planned in _issuers(plan, profile)]
    requests = [(_request(profile, planned, now), _issuer(plan, planned)) for profile, planned in wanted]
    faults: dict[str, list[str]] = {}
    for (profile, planned), result in zip(wanted, prepare_all(requests, random=random), strict=True):
        for fault in _faults(result):
            faults.setdefault(fault, []).append(f"{profile.id} ({planned.line})")
    if idle := [profile.id for profile in _profiles() if not _issuers(plan, profile)]:
        faults["no authority"] = idle
    if faults:
        told = "; ".join(f"{fault}: {', '.join(profiles)}" for fault, profiles in faults.items())
        raise invalid("No card could be certified by this ceremony file: %(faults)s", faults=told)
    return len(wanted)


def _profiles() -> Iterator[Profile]:
    """Variants speak of the hierarchy as the profiles that they vary."""
    for profile in map(load_profile, shipped_profiles()):
        if profile.role is Role.PERSON and len(profile.lineage) == 1:
            yield profile


def _issuers(plan: Plan, profile: Profile) -> list[PlannedCertificate]:
    return [each for each in plan.certificates if each.role in profile.issuers and not each.responder_for]


def _request(profile: Profile, planned: PlannedCertificate, now: datetime) -> CertificateRequest:
    """With a key of the line's kind: RSA under RSA."""
    kind = next(kind for kind, _ in profile.key_usage if kind.is_rsa is planned.algorithm.is_rsa)
    return CertificateRequest(
        profile=profile,
        subject=HOLDER,
        public_key=throw_away_key(kind).public_key(),
        not_before=now,
        not_after=now + timedelta(days=profile.longest_days),
    )


def _issuer(plan: Plan, planned: PlannedCertificate) -> Issuer:
    profile = planned.profile
    values = subject_values(planned.subject, profile.attributes, profile.character_set)
    return Issuer(
        id=planned.id,
        role=planned.role,
        test=plan.test,
        name=encode_name(values),
        key_label=planned.id,
        public_key=throw_away_key(planned.algorithm).public_key(),
        base_url=plan.base_url,
        policy_arc=plan.policy_arc,
        policy_by_profile=plan.policy_by_profile,
        shards=planned.shards,
        certificate=None,
    )


def _faults(result: LintedToken | DomainError) -> list[str]:
    if isinstance(result, CertificateRefused):
        return sorted({finding.code for finding in result.findings})
    return [str(result)] if isinstance(result, DomainError) else []
