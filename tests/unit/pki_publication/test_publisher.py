# SPDX-License-Identifier: EUPL-1.2
"""Sets and overlays: what is published is found, what is older never comes back."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.x509 import ocsp
from tests.support.status import DAY, HOUR, NOW, Authority, Publication

from varmentaja.domain.errors import DomainError, Kind, not_allowed
from varmentaja.pki.publication import Answer, Candidate, PublicationReader, Snapshot, build, gates, reader
from varmentaja.pki.publication.files import FileRef


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("people")


@pytest.fixture
def publication(tmp_path: Path) -> Publication:
    return Publication(tmp_path / "publication")


def _publish(publication: Publication, authority: Authority, number: int, *answers: Answer) -> Snapshot:
    publication.publisher.publish(answers, [], {authority.name: authority.der}, number, NOW)
    snapshot = publication.publisher.current()
    assert snapshot
    return snapshot


def _status(snapshot: Snapshot, authority: str, serial: int) -> ocsp.OCSPCertStatus | None:
    found = snapshot.find(authority, serial)
    if found is None or found[1].is_withdrawn:
        return None
    segment, entry = found
    sha1 = ocsp.load_der_ocsp_response(segment.sha1(entry))
    sha256 = ocsp.load_der_ocsp_response(segment.sha256(entry))
    assert sha1.serial_number == sha256.serial_number == serial
    assert (sha1.hash_algorithm.name, sha256.hash_algorithm.name) == ("sha1", "sha256")
    assert sha1.certificate_status == sha256.certificate_status
    return sha1.certificate_status


GOOD, REVOKED = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED


def test_nothing_published_is_none(publication: Publication) -> None:
    assert publication.publisher.current() is None
    with pytest.raises(DomainError):
        publication.publisher.overtake([], [], NOW)


def test_every_published_serial_is_found_and_no_other(publication: Publication, authority: Authority) -> None:
    serials = [1, 2**64, 2**64 + 1, 2**128 + 1, 2**159 - 1, *range(1000, 1040)]
    snapshot = _publish(publication, authority, 1, *(authority.answer(serial) for serial in serials))
    assert all(_status(snapshot, "people", serial) is GOOD for serial in serials)
    for other in (0, 3, -1, 2**65, 2**128, 2**160, 2**200):
        assert snapshot.find("people", other) is None
    assert snapshot.find("others", 1) is None
    assert sorted(entry.serial for entry in snapshot.entries("people")) == sorted(serials)


def test_a_set_holds_the_set_before_and_what_is_new(publication: Publication, authority: Authority) -> None:
    _publish(publication, authority, 1, *(authority.answer(serial) for serial in range(1, 30)))
    snapshot = _publish(publication, authority, 2, authority.answer(5, revoked=True), authority.answer(77))
    assert _status(snapshot, "people", 5) is REVOKED
    assert _status(snapshot, "people", 6) is GOOD
    assert _status(snapshot, "people", 77) is GOOD
    assert len(list(snapshot.entries("people"))) == 30


def test_small_sets_leave_the_large_segment_untouched(publication: Publication, authority: Authority) -> None:
    first = _publish(publication, authority, 1, *(authority.answer(serial) for serial in range(1, 101)))
    second = _publish(publication, authority, 2, authority.answer(500))
    base = first.base.manifest.authorities["people"].segments[0].answers.name
    paths = [snapshot.base.path / base for snapshot in (first, second)]
    assert paths[0].samefile(paths[1])


def test_the_number_of_segments_stays_small(publication: Publication, authority: Authority) -> None:
    largest = 0
    for number in range(1, 60):
        snapshot = _publish(publication, authority, number, authority.answer(number))
        largest = max(largest, len(snapshot.segments("people")))
    assert largest <= 4
    assert all(_status(snapshot, "people", serial) is GOOD for serial in range(1, 60))


def test_segments_stay_small_and_the_outlived_are_taken_apart(
    publication: Publication, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches, renewals by age, revocations, withdrawals and overlays, against a plain dictionary."""
    monkeypatch.setattr(build, "_MOST", 12)
    publisher, certificates = publication.publisher, {authority.name: authority.der}
    chance, now = random.Random(7), NOW
    known: dict[int, Answer] = {}
    for number in range(1, 90):
        now += HOUR
        batch = {}
        for _ in range(chance.choice([1, 2, 5])):
            aged = sorted(known, key=lambda serial: known[serial].this_update)
            serial = aged[0] if len(aged) > 30 else chance.randrange(1000)
            revision = (known[serial].revision if serial in known else 0) + (chance.random() < 0.2)
            answer = Answer.withdrawn("people", serial, revision, now)
            if chance.random() < 0.9:
                answer = replace(answer, sha1=b"1", sha256=f"{serial} {revision} {now}".encode())
            batch[serial] = answer
        known |= batch
        if number % 5:
            publisher.publish(batch.values(), [], certificates, number, now)
        else:
            publisher.overtake(batch.values(), [], now)
        snapshot = publisher.current()
        assert snapshot
        for serial, answer in known.items():
            found = snapshot.find("people", serial)
            said = found[0].sha256(found[1]) if found else b""
            assert said == answer.sha256
        base = snapshot.base.segments["people"]
        assert max(map(len, base)) <= 16, "a few that outlived their segment may come on top"
        assert sum(map(len, base)) <= 2 * 31 and len(base) <= 8
    assert len(base) > 2


def test_a_set_number_never_goes_back(publication: Publication, authority: Authority) -> None:
    _publish(publication, authority, 7, authority.answer(1))
    for number in (6, 7):
        with pytest.raises(DomainError) as caught:
            _publish(publication, authority, number, authority.answer(1))
        assert caught.value.kind is Kind.CONFLICT
    assert publication.publisher.next_number(NOW) >= NOW.timestamp()
    _publish(publication, authority, 2**40, authority.answer(1))
    assert publication.publisher.next_number(NOW) == 2**40 + 1


def test_a_late_good_does_not_undo_a_revocation(publication: Publication, authority: Authority) -> None:
    _publish(publication, authority, 1, authority.answer(1), authority.answer(2))
    publication.publisher.overtake([authority.answer(1, revoked=True)], [], NOW)
    late = authority.answer(1, now=NOW + HOUR)
    snapshot = _publish(publication, authority, 2, late)
    assert _status(snapshot, "people", 1) is REVOKED
    publication.publisher.overtake([late], [], NOW)
    snapshot = _publish(publication, authority, 3, late, authority.answer(2, revoked=True))
    assert [_status(snapshot, "people", serial) for serial in (1, 2)] == [REVOKED, REVOKED]


@pytest.mark.parametrize("overtaking", [False, True])
def test_what_a_wrong_clock_dated_in_the_future_gives_way(
    publication: Publication, authority: Authority, overtaking: bool
) -> None:
    """Of the same revision an answer of now holds, in sets, overlays and what they are merged into."""
    publisher, ahead = publication.publisher, NOW + DAY
    answers = [authority.answer(serial, now=ahead) for serial in (1, 2, 3)]
    publisher.publish(answers, [], {authority.name: authority.der}, 1, ahead)
    publisher.overtake([authority.answer(3, revoked=True, now=ahead)], [], ahead)
    fresh = [authority.answer(1), authority.answer(3)]
    if overtaking:
        publisher.overtake(fresh, [], NOW)
    else:
        publisher.publish(fresh, [], {}, 2, NOW)
    for number in (3, 4):
        snapshot = publisher.current()
        assert snapshot
        assert [_status(snapshot, "people", serial) for serial in (1, 2, 3)] == [GOOD, GOOD, REVOKED]
        versions = [snapshot.version("people", serial) for serial in (1, 2, 3)]
        assert versions == [(0, int(NOW.timestamp())), *[(r, int(ahead.timestamp())) for r in (0, 1)]]
        publisher.publish([authority.answer(100 + number)], [], {}, number, NOW)


def test_what_a_wrong_clock_dated_in_the_future_gives_way_under_what_overtakes_a_set(
    publication: Publication, authority: Authority
) -> None:
    """The overlay is made anew over the set, and may hold what the set has put right."""
    publisher, ahead = publication.publisher, NOW + DAY
    _publish(publication, authority, 1, *(authority.answer(serial, now=NOW - HOUR) for serial in range(1, 5)))
    publisher.overtake([authority.answer(1, now=ahead), authority.answer(2, now=ahead)], [], ahead)
    overtaken: list[object] = []

    def gate(_: Candidate) -> None:
        if not overtaken:
            overtaken.append(publisher.overtake([authority.answer(3, revoked=True)], [], NOW))

    publisher.judged_by([gate]).publish([authority.answer(1)], [], {}, 2, NOW)
    snapshot = publisher.current()
    assert snapshot and snapshot.overlay
    assert snapshot.version("people", 1) == (0, int(NOW.timestamp()))
    assert _status(snapshot, "people", 3) is REVOKED
    publisher.publish([authority.answer(2)], [], {}, 3, NOW)
    snapshot = publisher.current()
    assert snapshot
    assert [snapshot.version("people", serial)[1] for serial in (1, 2)] == [int(NOW.timestamp())] * 2


def test_what_overtakes_waits_for_no_set_that_is_verified_or_judged(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes while the set is read back, and again while it is judged; then both are judged together."""
    publication = Publication(tmp_path)
    _publish(publication, authority, 1, *(authority.answer(serial) for serial in range(1, 9)))
    judged: list[tuple[int, bool]] = []

    def gate(candidate: Candidate) -> None:
        judged.append((candidate.after.head.set.number, candidate.after.overlay is not None))
        if len(judged) == 1:
            publication.publisher.overtake([authority.answer(2, revoked=True)], [], NOW)

    def matches(path: Path, ref: FileRef) -> bool:
        monkeypatch.undo()
        publication.publisher.overtake([authority.answer(1, revoked=True)], [], NOW)
        return True

    publisher = publication.publisher
    publisher.current()
    monkeypatch.setattr(reader, "_matches", matches)
    renewed = [authority.answer(serial, now=NOW + HOUR) for serial in range(1, 9)]
    publisher.judged_by([gate]).publish(renewed, [], {}, 2, NOW + HOUR)
    snapshot = publisher.current()
    assert snapshot
    assert snapshot.head.set.number == 2
    assert [_status(snapshot, "people", serial) for serial in (1, 2, 3)] == [REVOKED, REVOKED, GOOD]
    assert judged == [(2, False), (2, True)]


def test_a_set_is_judged_again_with_what_it_says_of_what_has_overtaken(
    publication: Publication, authority: Authority
) -> None:
    _publish(publication, authority, 1, *(authority.answer(serial) for serial in range(1, 9)))
    judged: list[list[tuple[int, int]]] = []

    def gate(candidate: Candidate) -> None:
        judged.append(sorted((each.serial, each.revision) for _, part in candidate.fresh for each in part))
        if len(judged) == 1:
            publication.publisher.overtake([authority.answer(2, revoked=True)], [], NOW)

    def renew(revision: int) -> None:
        renewed = [authority.answer(serial, now=NOW + HOUR, revision=revision) for serial in (1, 2, 3)]
        publication.publisher.judged_by([gate, going_back_gate]).publish(renewed, [], {}, 2, NOW + HOUR)

    with pytest.raises(DomainError, match="revoked"):
        renew(5)  # whatever makes it newer than the revocation
    assert judged[0] == [(1, 5), (2, 5), (3, 5)]
    assert judged[1] == [(2, 5)]
    snapshot = publication.publisher.current()
    assert snapshot and snapshot.head.set.number == 1
    assert not (publication.folder / "sets" / "2").exists()
    assert _status(snapshot, "people", 2) is REVOKED
    renew(0)
    snapshot = publication.publisher.current()
    assert snapshot and snapshot.head.set.number == 2
    assert [_status(snapshot, "people", serial) for serial in (1, 2, 3)] == [GOOD, REVOKED, GOOD]


def test_under_what_has_overtaken_it_a_set_may_withdraw_and_other_authorities_are_theirs(
    publication: Publication, authority: Authority
) -> None:
    other = Authority("services")
    certificates = {each.name: each.der for each in (authority, other)}
    answers = [each.answer(serial) for each in (authority, other) for serial in range(1, 9)]
    publication.publisher.publish(answers, [], certificates, 1, NOW)
    judged: list[list[tuple[str, int]]] = []

    def gate(candidate: Candidate) -> None:
        judged.append(sorted((name, each.serial) for name, part in candidate.fresh for each in part))
        if len(judged) == 1:
            publication.publisher.overtake([authority.answer(2, revoked=True)], [], NOW)
        if held := gates.findings_of(candidate, [gates.gone(0, 100, 20, 50)]):
            raise gates.Held(held)

    withdrawn = [Answer.withdrawn(each.name, 3, 0, NOW + HOUR) for each in (authority, other)]
    renewed = [each.answer(2, now=NOW + HOUR) for each in (authority, other)]
    publication.publisher.judged_by([gate]).publish([*withdrawn, *renewed], [], certificates, 2, NOW + HOUR)
    assert judged[1] == [("people", 2), ("people", 3), ("services", 3)]
    snapshot = publication.publisher.current()
    assert snapshot and snapshot.head.set.number == 2
    assert [_status(snapshot, "people", serial) for serial in (1, 2)] == [GOOD, REVOKED]
    assert _status(snapshot, "services", 2) is GOOD


def going_back_gate(candidate: Candidate) -> None:
    if held := gates.findings_of(candidate, [gates.going_back]):
        raise gates.Held(held)


def test_files_are_verified_once_though_sets_are_looked_at_in_turns(
    publication: Publication, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher, certificates = publication.publisher, {authority.name: authority.der}
    heads = [publisher.publish([authority.answer(n)], [], certificates, n, NOW) for n in (1, 2)]
    publication_reader = PublicationReader(publication.folder, publisher._verify)
    for head in heads:
        publication_reader.load(head)
    monkeypatch.setattr(reader, "_matches", lambda path, ref: pytest.fail(f"{path} is verified again"))
    for head in [*heads, *heads]:
        publication_reader.load(head)


def test_an_unchanged_set_is_opened_once_and_a_changed_one_verified(
    publication: Publication, authority: Authority
) -> None:
    publisher = publication.publisher
    publisher.publish([authority.answer(1)], [], {authority.name: authority.der}, 1, NOW)
    first, again = publisher.current(), publisher.current()
    assert first and again and again.base is first.base
    (segment,) = first.base.manifest.authorities["people"].segments
    file = first.base.path / segment.answers.name
    other = file.with_suffix(".copy")
    other.write_bytes(file.read_bytes())
    other.rename(file)
    copied = publisher.current()
    assert copied and copied.base is not first.base, "another file of the same content"
    octets = file.read_bytes()
    file.write_bytes(octets[:-1] + bytes([octets[-1] ^ 1]))
    os.utime(file, (0, 0))  # two writes within one tick of the clock bear one time
    with pytest.raises(DomainError, match="damaged"):
        publisher.current()
    file.unlink()
    with pytest.raises(FileNotFoundError):
        publisher.current()


def test_a_folder_set_aside_leaves_room_for_a_new_one(publication: Publication, authority: Authority) -> None:
    _publish(publication, authority, 7, authority.answer(1))
    publication.publisher.overtake([authority.answer(1, revoked=True)], [], NOW)
    aside = publication.publisher.set_aside("broken")
    assert publication.publisher.current() is None
    assert sorted(path.name for path in aside.iterdir()) == ["head.json", "overlay", "sets"]
    head = publication.publisher.publish(
        [authority.answer(1, revoked=True)], [], {authority.name: authority.der}, 8, NOW, generation=2**40
    )
    assert (head.set.number, head.generation) == (8, 2**40)


def test_overlays_add_up_and_the_next_set_takes_them_in(
    publication: Publication, authority: Authority
) -> None:
    _publish(publication, authority, 1, *(authority.answer(serial) for serial in range(1, 9)))
    for serial in (3, 4, 5):
        head = publication.publisher.overtake([authority.answer(serial, revoked=True)], [], NOW)
    assert (head.set.number, head.generation) == (1, int(NOW.timestamp()) + 3)
    snapshot = publication.publisher.current()
    assert snapshot
    assert snapshot.overlay
    expected = [GOOD, GOOD, REVOKED, REVOKED, REVOKED, GOOD, GOOD, GOOD]
    assert [_status(snapshot, "people", serial) for serial in range(1, 9)] == expected
    snapshot = _publish(publication, authority, 2)
    assert snapshot.overlay is None
    assert snapshot.head.generation == head.generation
    assert [_status(snapshot, "people", serial) for serial in range(1, 9)] == expected


def test_a_revocation_during_the_writing_of_a_set_is_kept(
    publication: Publication, authority: Authority
) -> None:
    _publish(publication, authority, 1, authority.answer(1), authority.answer(2))

    def slow_answers() -> list[Answer]:
        good = [authority.answer(1, now=NOW + HOUR)]
        for serial in (1, 1, 2, 2, 1):  # more overlays than are kept on disk
            publication.publisher.overtake(
                [authority.answer(serial, revoked=True)],
                [authority.crl([serial], number=100 + serial)],
                NOW,
            )
        return good

    answers = (answer for _ in range(1) for answer in slow_answers())
    publication.publisher.publish(answers, [], {}, 2, NOW)
    snapshot = publication.publisher.current()
    assert snapshot
    assert snapshot.head.set.number == 2
    assert [_status(snapshot, "people", serial) for serial in (1, 2)] == [REVOKED, REVOKED]
    assert snapshot.crls["people", "0"].ref.number == 102


def test_the_newest_crl_number_holds(publication: Publication, authority: Authority) -> None:
    publisher, certificates = publication.publisher, {"people": authority.der}
    publisher.publish([], [authority.crl(number=10)], certificates, 1, NOW)
    publisher.overtake([], [authority.crl([1], number=11)], NOW)
    publisher.overtake([], [authority.crl(number=9)], NOW)
    for number in (2, 3):
        publisher.publish([], [authority.crl(number=10)], {}, number, NOW)
        snapshot = publisher.current()
        assert snapshot
        assert snapshot.crls["people", "0"].ref.number == 11
        assert bytes(snapshot.crls["people", "0"].der) == bytes(
            (snapshot.base.path / "people.0.crl").read_bytes()
        )


def test_a_withdrawn_certificate_is_spoken_of_no_more(publication: Publication, authority: Authority) -> None:
    _publish(publication, authority, 1, *(authority.answer(serial) for serial in range(1, 20)))
    gone = Answer.withdrawn("people", 4, 1, NOW)
    snapshot = _publish(publication, authority, 2, gone)
    assert _status(snapshot, "people", 4) is None
    renewed = [authority.answer(serial, now=NOW + HOUR) for serial in range(1, 20) if serial != 4]
    snapshot = _publish(publication, authority, 3, *renewed)
    assert snapshot.find("people", 4) is None, "the merge into the oldest segment drops it"


@pytest.mark.parametrize("name", ["../people", "", "People", "a/b", "-a", "a" * 65, ".."])
def test_names_that_are_no_file_names_are_refused(
    publication: Publication, authority: Authority, name: str
) -> None:
    answer = replace(authority.answer(1), authority=name)
    with pytest.raises(DomainError):
        publication.publisher.publish([answer], [], {name: authority.der}, 1, NOW)
    assert publication.publisher.current() is None


def test_answers_need_the_authority_and_its_certificate_stays(
    publication: Publication, authority: Authority
) -> None:
    with pytest.raises(DomainError):
        publication.publisher.publish([authority.answer(1)], [], {}, 1, NOW)
    _publish(publication, authority, 2, authority.answer(1))
    with pytest.raises(DomainError) as caught:
        publication.publisher.publish([], [], {"people": Authority("people").der}, 3, NOW)
    assert caught.value.kind is Kind.CONFLICT
    with pytest.raises(DomainError):
        publication.publisher.overtake([replace(authority.answer(1, revoked=True), authority="x")], [], NOW)


def test_a_gate_holds_sets_and_overlays_back(tmp_path: Path, authority: Authority) -> None:
    def at_most_two(candidate: Candidate) -> None:
        assert candidate.before is None or candidate.after.head.time >= candidate.before.head.time
        if candidate.overtaking > 2:
            raise not_allowed("Too many.")

    publication = Publication(tmp_path, gates=(at_most_two,))
    _publish(publication, authority, 1, *(authority.answer(serial) for serial in range(1, 9)))
    before = (tmp_path / "head.json").read_bytes()
    with pytest.raises(DomainError):
        revoked = [authority.answer(serial, revoked=True) for serial in (1, 2, 3)]
        publication.publisher.overtake(revoked, [], NOW)
    assert (tmp_path / "head.json").read_bytes() == before
    publication.publisher.overtake(revoked[:2], [], NOW)
    snapshot = publication.publisher.current()
    assert snapshot
    assert [_status(snapshot, "people", serial) for serial in (1, 2, 3)] == [REVOKED, REVOKED, GOOD]


def test_old_sets_and_overlays_are_removed(publication: Publication, authority: Authority) -> None:
    for number in range(1, 9):
        _publish(publication, authority, number, authority.answer(number))
        publication.publisher.overtake([authority.answer(number, revoked=True)], [], NOW)
    assert sorted(path.name for path in (publication.folder / "sets").iterdir()) == ["6", "7", "8"]
    overlays = [int(path.name) - int(NOW.timestamp()) for path in (publication.folder / "overlay").iterdir()]
    assert sorted(overlays) == [6, 7, 8]
