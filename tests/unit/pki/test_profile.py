# SPDX-License-Identifier: EUPL-1.2
"""Profiles are data: each with an id, a version and a hash that follows the content."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

import pytest
from tests.support.pki import Demo

from varmentaja.domain.errors import DomainError, Kind
from varmentaja.pki.algorithms import KeyAlgorithm
from varmentaja.pki.names import CharacterSet
from varmentaja.pki.profile import Role, load_profile, parse_profile, shipped_profiles


def _text(profile_id: str) -> str:
    return (files("varmentaja.profiles") / "certificates" / f"{profile_id}.toml").read_text(encoding="utf-8")


def test_every_shipped_profile_is_found_under_its_own_id() -> None:
    assert len(shipped_profiles()) == 17
    for profile_id in shipped_profiles():
        assert load_profile(profile_id).id == profile_id


def test_hashes_tell_all_profiles_apart() -> None:
    hashes = {load_profile(profile_id).content_hash for profile_id in shipped_profiles()}
    assert len(hashes) == len(shipped_profiles()) and all(len(value) == 64 for value in hashes)


def test_the_hash_follows_the_content() -> None:
    text = _text("professional-auth")
    before = parse_profile(text).content_hash
    assert parse_profile(text.replace("1827", "1826")).content_hash != before
    assert parse_profile(text.replace('version = "2"', 'version = "3"')).content_hash != before


def test_the_hash_does_not_follow_comments_and_layout() -> None:
    text = _text("professional-auth")
    assert parse_profile(f"# another remark\n\n{text}\n").content_hash == parse_profile(text).content_hash


@pytest.mark.parametrize("profile_id", ["professional-auth", "personnel-auth"])
def test_elliptic_keys_authenticate_with_digital_signature_alone(profile_id: str) -> None:
    profile = load_profile(profile_id)
    assert profile.usage(KeyAlgorithm.P384) == ("digital_signature",)
    assert len(profile.usage(KeyAlgorithm.RSA3072)) == 3


@pytest.mark.parametrize("profile_id", ["professional-sign", "personnel-sign"])
def test_signature_certificates_carry_non_repudiation_alone(profile_id: str) -> None:
    profile = load_profile(profile_id)
    assert {usage for _, usage in profile.key_usage} == {("non_repudiation",)}


def test_a_kind_of_key_outside_the_profile_is_refused() -> None:
    with pytest.raises(DomainError) as refused:
        load_profile("professional-auth").usage(KeyAlgorithm.P256)
    assert refused.value.kind is Kind.INVALID


@pytest.mark.parametrize("profile_id", ["", "no-such", "../hierarchy/demo", "professional-auth.toml"])
def test_an_unknown_profile_is_not_found(profile_id: str) -> None:
    with pytest.raises(DomainError) as missing:
        load_profile(profile_id)
    assert missing.value.kind is Kind.NOT_FOUND


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('role = "person"', 'role = "nobody"'),
        ("[validity]", "[validities]"),
        ("freshest_crl = true", "freshest_crl = true\nfreshest = true"),
        ('"digital_signature"', '"digital_signing"'),
        ("id = ", "id "),
    ],
)
def test_a_profile_that_is_not_right_is_refused(before: str, after: str) -> None:
    with pytest.raises(DomainError, match="profile is not right"):
        parse_profile(_text("professional-auth").replace(before, after))


def test_every_expected_finding_gives_its_reason() -> None:
    for profile_id in shipped_profiles():
        assert all(len(entry.reason) > 20 for entry in load_profile(profile_id).expected)


LATIN1 = [each for each in shipped_profiles() if each.endswith("-latin1")]


def test_each_person_profile_has_a_variant_for_iso_8859_1_that_differs_in_nothing_else() -> None:
    persons = [each for each in shipped_profiles() if load_profile(each).role is Role.PERSON]
    assert sorted(LATIN1) == [f"{each}-latin1" for each in persons if each not in LATIN1]
    for each in LATIN1:
        variant, base = load_profile(each), load_profile(each.removesuffix("-latin1"))
        assert variant.character_set is CharacterSet.LATIN1 and base.character_set is CharacterSet.UTF8
        assert variant.lineage == (each, *base.lineage)
        same = {"id", "version", "content_hash", "lineage"}
        assert replace(variant, **{name: getattr(base, name) for name in same}) == replace(
            base, character_set=CharacterSet.LATIN1
        )


@pytest.mark.parametrize(
    ("chosen", "profile", "policy"),
    [
        ({}, "professional-auth-logon-latin1", "1.2.3.1.1"),
        ({"professional-auth": "1.9.1"}, "professional-auth-logon-latin1", "1.9.1"),
        (
            {"professional-auth": "1.9.1", "professional-auth-logon": "1.9.2"},
            "professional-auth-logon-latin1",
            "1.9.2",
        ),
        ({"professional-auth-logon": "1.9.2"}, "professional-auth", "1.2.3.1.1"),
        ({}, "issuing-authority", "2.5.29.32.0"),
        ({"issuing-authority": "1.9.3"}, "issuing-authority", "1.9.3"),
        ({"root": "1.9.4"}, "root", None),
    ],
)
def test_a_variant_has_the_policy_of_what_it_varies(
    demo: Demo, chosen: dict[str, str], profile: str, policy: str | None
) -> None:
    issuer = replace(
        demo.hierarchy.authority("professionals-ecc").issuer,
        policy_arc="1.2.3",
        policy_by_profile=tuple(chosen.items()),
    )
    assert issuer.policy(load_profile(profile)) == policy
