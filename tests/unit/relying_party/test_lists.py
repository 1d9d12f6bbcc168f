# SPDX-License-Identifier: EUPL-1.2
"""The issuing authority's own status, from its root's list: revoked, unknown, kept over an outage."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.support.pki import Demo
from tests.support.reader_fakes import TinyHierarchy
from tests.unit.relying_party.test_verify import Scene, scene

from varmentaja.pki.crl import Reason, encode_entry, sign_crl
from varmentaja.pki.profile import Purpose
from varmentaja.pki.serials import serial_text
from varmentaja.relying_party import AuthorityLists, Outcome, Refused, RelyingParty
from varmentaja.relying_party.lists import FETCH_AGAIN, TRY_AGAIN

__all__ = ["scene"]


class Server:
    """Where roots publish their lists; it can be silent or say anything."""

    def __init__(self, demo: Demo) -> None:
        self.answer: Callable[[str], bytes] | None = demo.list_of
        self.asked: list[str] = []

    def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        if self.answer is None:
            raise ConnectionError("nobody listens")
        return self.answer(url.split("/")[-2])


def party_with(scene: Scene, lists: AuthorityLists) -> RelyingParty:
    return RelyingParty(scene.demo.hierarchy, scene.responder, "https://portal.example", b"k" * 32, lists)


def outcome(scene: Scene, lists: AuthorityLists, after: timedelta = timedelta(0)) -> Outcome | None:
    """How a good card's certificate is judged ``after`` some time."""
    try:
        party_with(scene, lists).check_certificate(
            scene.certificate(), Purpose.AUTHENTICATION, now=scene.now + after
        )
    except Refused as refused:
        assert refused.detail
        return refused.outcome
    return None


def test_a_good_card_of_a_revoked_authority_is_refused(scene: Scene) -> None:
    ours, other = f"professionals-{scene.line}", f"temporary-{scene.line}"
    assert outcome(scene, scene.demo.lists(revoked=ours)) is Outcome.REVOKED
    assert outcome(scene, scene.demo.lists(revoked=other)) is None


def test_what_was_used_before_the_authority_was_revoked_stays_good(scene: Scene) -> None:
    at = scene.now + timedelta(hours=1)
    lists = scene.demo.lists(revoked=f"professionals-{scene.line}", at=at)
    party, certificate = party_with(scene, lists), scene.certificate("professional-sign")
    now = at + timedelta(hours=1)
    before = party.check_certificate(certificate, Purpose.SIGNATURE, now=now, used_at=scene.now)
    assert before.profile == "professional-sign"
    with pytest.raises(Refused) as refused:
        party.check_certificate(certificate, Purpose.SIGNATURE, now=now)
    assert (refused.value.outcome, refused.value.since) == (Outcome.REVOKED, at)


def test_a_list_is_fetched_once_in_five_minutes(scene: Scene) -> None:
    server = Server(scene.demo)
    lists = AuthorityLists(server)
    for seconds in range(0, 60, 5):
        assert outcome(scene, lists, timedelta(seconds=seconds)) is None
    assert server.asked == [f"http://127.0.0.1:8001/crl/root-{scene.line}/0.crl"]
    server.answer = lambda root: scene.demo.list_of(root, revoked=f"professionals-{scene.line}")
    assert outcome(scene, lists, FETCH_AGAIN) is Outcome.REVOKED


def test_the_kept_list_holds_while_the_server_is_silent_until_its_next_update(scene: Scene) -> None:
    server = Server(scene.demo)
    lists = AuthorityLists(server)
    assert outcome(scene, lists) is None
    server.answer = None
    assert outcome(scene, lists, timedelta(hours=1)) is None
    assert outcome(scene, lists, timedelta(hours=47)) is None
    assert outcome(scene, lists, timedelta(hours=49)) is Outcome.STATUS_UNKNOWN


def test_without_any_list_nobody_is_accepted_unless_the_site_chose_so(scene: Scene) -> None:
    server = Server(scene.demo)
    server.answer = None
    lists = AuthorityLists(server)
    assert outcome(scene, lists) is Outcome.STATUS_UNKNOWN
    assert outcome(scene, lists, TRY_AGAIN / 2) is Outcome.STATUS_UNKNOWN
    assert len(server.asked) == 1, "a silent server is left alone for a while"
    server.answer = scene.demo.list_of
    assert outcome(scene, lists, TRY_AGAIN) is None
    server.answer = None
    assert outcome(scene, AuthorityLists(server, strict=False)) is None
    server.answer = lambda root: scene.demo.list_of(root, revoked=f"professionals-{scene.line}")
    assert outcome(scene, AuthorityLists(server, strict=False)) is Outcome.REVOKED


def test_a_revocation_that_is_known_outlives_its_list(scene: Scene) -> None:
    """Also where the site accepts without lists: who is revoked stays so."""
    server = Server(scene.demo)
    server.answer = lambda root: scene.demo.list_of(root, revoked=f"professionals-{scene.line}")
    lists = AuthorityLists(server, strict=False)
    assert outcome(scene, lists) is Outcome.REVOKED
    server.answer = None
    checked = scene.demo.hierarchy.chain(f"professionals-{scene.line}")
    late = scene.now + timedelta(days=3)
    with pytest.raises(Refused) as refused:
        lists.check(*checked, now=late, moment=late)
    assert refused.value.outcome is Outcome.REVOKED


@pytest.mark.parametrize("kind", ["nonsense", "of another", "old", "of tomorrow", "a shard of it", "changed"])
def test_a_list_that_proves_nothing_counts_as_none(scene: Scene, kind: str) -> None:
    demo, server = scene.demo, Server(scene.demo)
    other = "rsa" if scene.line == "ecc" else "ecc"
    day = timedelta(days=1)
    root = demo.hierarchy.authority(f"root-{scene.line}")
    below = demo.hierarchy.authority(f"professionals-{scene.line}")

    def made(authority: object, begins: timedelta) -> bytes:
        begun = demo.now + begins
        return sign_crl(
            authority,  # type: ignore[arg-type]
            0,
            [],
            demo.store,
            number=1,
            this_update=begun,
            next_update=begun + day,
        )

    answers: dict[str, Callable[[str], bytes]] = {
        "nonsense": lambda _: b"no list",
        "of another": lambda _: demo.list_of(f"root-{other}"),
        "old": lambda _: made(root, -2 * day),
        "of tomorrow": lambda _: made(root, day),
        "a shard of it": lambda _: made(below, timedelta(0)),
        "changed": lambda _: demo.list_of(root.id)[:-1] + bytes([demo.list_of(root.id)[-1] ^ 1]),
    }
    server.answer = answers[kind]
    assert outcome(scene, AuthorityLists(server)) is Outcome.STATUS_UNKNOWN


def test_an_older_copy_does_not_undo_a_revocation(scene: Scene) -> None:
    demo, server = scene.demo, Server(scene.demo)
    ours, old = f"professionals-{scene.line}", demo.list_of(f"root-{scene.line}")
    newer = sign_crl(
        demo.hierarchy.authority(f"root-{scene.line}"),
        0,
        [entry_of(demo, ours)],
        demo.store,
        number=2,
        this_update=demo.now + timedelta(seconds=5),
        next_update=demo.now + timedelta(days=2),
    )
    lists = AuthorityLists(server)
    server.answer = lambda _: newer
    assert outcome(scene, lists) is Outcome.REVOKED
    server.answer = lambda _: old
    assert outcome(scene, lists, FETCH_AGAIN) is Outcome.REVOKED


def test_an_authority_whose_certificate_names_no_list_is_not_known(scene: Scene) -> None:
    issuer, root = TinyHierarchy().issuer, TinyHierarchy().root
    with pytest.raises(Refused) as refused:
        AuthorityLists(Server(scene.demo)).check(issuer, root, now=scene.now, moment=scene.now)
    assert refused.value.outcome is Outcome.STATUS_UNKNOWN


def entry_of(demo: Demo, authority: str) -> bytes:
    serial = serial_text(demo.hierarchy.authority(authority).certificate.serial_number)
    return encode_entry(serial, demo.now, Reason.CA_COMPROMISE)
