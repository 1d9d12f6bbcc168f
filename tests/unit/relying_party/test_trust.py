# SPDX-License-Identifier: EUPL-1.2
"""Trust from certificates alone, as a stranger has them."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tests.unit.relying_party.test_verify import Scene, scene

from varmentaja.domain.errors import DomainError, Kind
from varmentaja.pki.profile import Purpose
from varmentaja.relying_party import Outcome, Refused, RelyingParty, trust
from varmentaja.relying_party.trust import fingerprint_of

__all__ = ["scene"]


def certificates(scene: Scene, encoding: Encoding = Encoding.DER) -> tuple[dict[str, bytes], list[bytes]]:
    root = scene.demo.hierarchy.authority(f"root-{scene.line}").certificate
    issuer = scene.demo.hierarchy.authority(f"professionals-{scene.line}").certificate
    return {fingerprint_of(root): root.public_bytes(encoding)}, [issuer.public_bytes(encoding)]


def party(scene: Scene, hierarchy: object) -> RelyingParty:
    responder, lists = scene.responder, scene.demo.lists()
    return RelyingParty(hierarchy, responder, "https://me.example", b"k" * 32, lists)  # type: ignore[arg-type]


@pytest.mark.parametrize("encoding", [Encoding.DER, Encoding.PEM])
def test_a_stranger_reads_whom_the_card_belongs_to(scene: Scene, encoding: Encoding) -> None:
    roots, issuers = certificates(scene, encoding)
    checked = party(scene, trust(roots, issuers)).check_certificate(
        scene.certificate(), Purpose.AUTHENTICATION, now=scene.now
    )
    assert checked.identity.registration_number == "00198705840"
    assert checked.profile == "professional-auth"


def test_the_fingerprint_may_be_written_as_openssl_writes_it(scene: Scene) -> None:
    roots, issuers = certificates(scene)
    [(fingerprint, content)] = roots.items()
    colons = ":".join(fingerprint[at : at + 2] for at in range(0, 64, 2)).lower()
    assert len(trust({colons: content}, issuers).authorities) == 2


def test_a_root_of_another_fingerprint_is_not_trusted(scene: Scene) -> None:
    roots, issuers = certificates(scene)
    with pytest.raises(DomainError) as refused:
        trust({"AB" * 32: next(iter(roots.values()))}, issuers)
    assert refused.value.kind is Kind.NOT_ALLOWED and next(iter(roots)) in str(refused.value)


def test_an_issuer_is_no_root_and_needs_one_of_the_roots(scene: Scene) -> None:
    roots, issuers = certificates(scene)
    issuer = scene.demo.hierarchy.authority(f"professionals-{scene.line}").certificate
    other = scene.demo.hierarchy.authority("root-rsa" if scene.line == "ecc" else "root-ecc").certificate
    for wrong in (
        lambda: trust({fingerprint_of(issuer): issuers[0]}, []),
        lambda: trust({fingerprint_of(other): other.public_bytes(Encoding.DER)}, issuers),
    ):
        with pytest.raises(DomainError) as refused:
            wrong()
        assert refused.value.kind is Kind.NOT_ALLOWED
    with pytest.raises(DomainError) as unreadable:
        trust(roots, [b"no certificate"])
    assert unreadable.value.kind is Kind.INVALID


def test_what_the_given_authorities_did_not_issue_is_refused(scene: Scene) -> None:
    roots, _issuers = certificates(scene)
    services = scene.demo.hierarchy.authority(f"services-{scene.line}").certificate
    with pytest.raises(Refused) as refused:
        party(scene, trust(roots, [services.public_bytes(Encoding.DER)])).check_certificate(
            scene.certificate(), Purpose.AUTHENTICATION, now=scene.now
        )
    assert refused.value.outcome is Outcome.UNKNOWN_ISSUER


def test_another_policy_arc_knows_no_purpose(scene: Scene) -> None:
    roots, issuers = certificates(scene)
    with pytest.raises(Refused) as refused:
        party(scene, trust(roots, issuers, policy_arc="1.2.3")).check_certificate(
            scene.certificate(), Purpose.AUTHENTICATION, now=scene.now
        )
    assert refused.value.outcome is Outcome.WRONG_PURPOSE
