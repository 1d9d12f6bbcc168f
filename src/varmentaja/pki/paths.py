# SPDX-License-Identifier: EUPL-1.2
"""Path validation of person certificates against a hierarchy, and the purpose they are accepted for.

Status (CRL, OCSP) is asked elsewhere: this says whether the certificate is one of ours and fit for the
purpose.
"""

from __future__ import annotations

from datetime import datetime

from cryptography import x509
from cryptography.x509.verification import ExtensionPolicy, PolicyBuilder, Store, VerificationError

from varmentaja.domain.errors import not_allowed
from varmentaja.pki.hierarchy import Authority, Hierarchy
from varmentaja.pki.profile import Profile, Purpose, Role, load_profile, shipped_profiles


def validate_path(
    certificate: x509.Certificate, hierarchy: Hierarchy, *, now: datetime, purpose: Purpose | None = None
) -> Authority:
    """Check names, signatures, validity and constraints up to a root; returns the issuing authority.

    With ``purpose`` the certificate's policy must be that of a person profile for it. Raises `not_allowed`.
    """
    authority = hierarchy.issuer_of(certificate)
    if authority is None:
        raise not_allowed("This certificate is not issued by an authority that is trusted here.")
    verifier = (
        PolicyBuilder()
        .store(Store(list(hierarchy.roots)))
        .time(now)
        .max_chain_depth(2)
        .extension_policies(
            # What the web's rules ask (names in SAN, clientAuth) our persons don't carry; profiles hold
            # instead.
            ca_policy=ExtensionPolicy.webpki_defaults_ca(),
            ee_policy=ExtensionPolicy.permit_all(),
        )
        .build_client_verifier()
    )
    try:
        verifier.verify(certificate, _intermediates(hierarchy, authority))
    except VerificationError as error:
        raise not_allowed("This certificate is not valid now.") from error
    if purpose is not None and not _fits(certificate, authority, purpose):
        raise not_allowed("This certificate is for another purpose.")
    return authority


def profile_of(certificate: x509.Certificate, authority: Authority) -> Profile | None:
    """The shipped person profile whose policy and key usage the certificate carries, if there is one."""
    for profile_id in shipped_profiles():
        profile = load_profile(profile_id)
        if profile.role is Role.PERSON and _carries(certificate, authority, profile):
            return profile
    return None


def _fits(certificate: x509.Certificate, authority: Authority, purpose: Purpose) -> bool:
    profile = profile_of(certificate, authority)
    return profile is not None and profile.purpose is purpose


def _carries(certificate: x509.Certificate, authority: Authority, profile: Profile) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    wanted = authority.issuer.policy(profile)
    signs = profile.purpose is Purpose.SIGNATURE
    return (
        wanted in {policy.policy_identifier.dotted_string for policy in policies}
        and usage.content_commitment is signs
        and usage.digital_signature is not signs
    )


def _intermediates(hierarchy: Hierarchy, authority: Authority) -> list[x509.Certificate]:
    return [
        certificate for certificate in hierarchy.chain(authority.id) if certificate not in hierarchy.roots
    ]
