# SPDX-License-Identifier: EUPL-1.2
"""docs/integration/certificates.md says what the profiles say."""

from __future__ import annotations

from pathlib import Path

from varmentaja.pki.profile import Profile, load_profile, shipped_profiles

PAGE = (Path(__file__).parents[3] / "docs" / "integration" / "certificates.md").read_text("utf-8")


def row(profile: Profile) -> str:
    subject = ", ".join(name if name in profile.required else f"[{name}]" for name in profile.attributes)
    usage = "; ".join(f"{kind}: {', '.join(bits)}" for kind, bits in profile.key_usage)
    extended = ", ".join(profile.extended_key_usage) or "none"
    policy = profile.policy or "none"
    return f"| `{profile.id}` | {subject} | {usage} | {policy} | {profile.longest_days} | {extended} |"


def test_the_table_is_that_of_the_profiles() -> None:
    profiles = [load_profile(name) for name in shipped_profiles()]
    expected = [row(profile) for profile in profiles if len(profile.lineage) == 1]
    heading = PAGE.index("| profile |")
    assert PAGE[heading:].splitlines()[2 : 2 + len(expected) + 1] == [*expected, ""]


def test_every_variant_is_named() -> None:
    for name in shipped_profiles():
        if len(load_profile(name).lineage) > 1:
            assert any(f"`{name}`" in PAGE or f"`…{end}`" in PAGE for end in ends(name)), name


def ends(name: str) -> list[str]:
    return [name[place:] for place, letter in enumerate(name) if letter == "-"]
