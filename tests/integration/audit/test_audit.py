# SPDX-License-Identifier: EUPL-1.2
"""The audit trail: what the database refuses, what the chain shows, what the signed heads prove."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import DatabaseError, DataError, connection, transaction

from varmentaja.apps.audit import sealing
from varmentaja.apps.audit.heads import newest_head, publish_head
from varmentaja.apps.audit.models import Entry, Link, PersonalFacts, Waiting
from varmentaja.apps.audit.recording import AuditAction, Outcome, record, record_refusal
from varmentaja.apps.audit.sealing import seal, seal_all
from varmentaja.apps.audit.verifying import Report, verify
from varmentaja.domain.actors import SYSTEM, Actor, Authentication, Role
from varmentaja.domain.errors import conflict
from varmentaja.pki.publication import verifier

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())
OFFICER = Actor(7, frozenset({Role.OFFICER, Role.HOLDER}), Authentication.SCS, acting_for=9)


def sign(data: bytes) -> bytes:
    return KEY.sign(data, ec.ECDSA(hashes.SHA256()))


def add(count: int = 1, **facts: object) -> list[Entry]:
    with transaction.atomic():
        return [record(AuditAction.CARD_ORDERED, SYSTEM, facts={"number": n, **facts}) for n in range(count)]


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    """Five entries, one with personal facts, sealed and signed; the folder of heads."""
    add(4)
    with transaction.atomic():
        record(AuditAction.PERSON_READ, OFFICER, facts={"page": "card"}, personal={"name": "Öst, Åke"})
    seal_all()
    publish_head(tmp_path, sign, now=NOW)
    return tmp_path


def proved(folder: Path) -> Report:
    return verify(folder, verifier(KEY.public_key()))


@pytest.fixture
def tamper() -> Iterator[Callable[..., None]]:
    """Runs SQL as whoever owns the database and has switched its triggers off."""

    def run(sql: str, *values: object) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(sql, values)

    yield run


def test_an_untouched_trail_is_proved(chain: Path) -> None:
    report = proved(chain)
    assert report.findings == []
    assert (report.links, report.personal, report.waiting) == (5, 1, 0)


def test_an_entry_tells_who_what_and_whom_it_concerned(chain: Path) -> None:
    add(1)
    row = Link.objects.get(position=1)
    with transaction.atomic():
        number = record(AuditAction.PERSON_READ, OFFICER, row, facts={"page": "card"})
    stored = Entry.objects.get(subject_type="audit.link", subject_id="1")
    assert stored.pk == number
    assert (stored.action, stored.outcome, stored.actor_person) == ("person.read", "done", "7")
    assert stored.document["actor"] == {
        "person": 7,
        "roles": ["holder", "officer"],
        "authentication": "scs",
        "point": None,
        "for": 9,
    }


def test_what_is_searched_is_what_is_sealed() -> None:
    with transaction.atomic():
        number = record(AuditAction.PERSON_READ, OFFICER)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO audit_entry (content, action) VALUES ('{}', 'card.ordered')")
    stored = Entry.objects.get(pk=number)
    assert (stored.action, stored.at) == ("person.read", stored.document["at"])


def test_a_document_that_is_none_is_not_taken() -> None:
    with pytest.raises(DataError), transaction.atomic():
        Entry.objects.create(content="{")


def test_a_refusal_is_recorded_with_its_reason_and_no_personal_value_in_the_chain() -> None:
    refusal = conflict("%(name)s has a card already.", name="Åke")
    with transaction.atomic():
        entry = Entry.objects.get(pk=record_refusal(AuditAction.CARD_ORDERED, OFFICER, refusal))
    assert entry.document["outcome"] == Outcome.REFUSED
    assert entry.document["facts"] == {"kind": "conflict", "message": "%(name)s has a card already."}
    assert "Åke" not in entry.content
    assert PersonalFacts.objects.get(entry=entry).facts == {"name": "Åke"}


def test_personal_facts_are_encrypted_in_the_database(chain: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT facts FROM audit_personalfacts")
        (stored,) = cursor.fetchone()
    assert "Öst".encode() not in bytes(stored)


def test_an_entry_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        record(AuditAction.CARD_ORDERED, SYSTEM)


def test_an_entry_goes_with_the_transaction_that_is_rolled_back() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record(AuditAction.CARD_ORDERED, SYSTEM)
        _ = 1 // 0
    assert not Entry.objects.exists() and not Waiting.objects.exists()


def test_fractions_are_refused() -> None:
    with pytest.raises(TypeError), transaction.atomic():
        record(AuditAction.CARD_ORDERED, SYSTEM, facts={"list": [{"amount": 0.1}]})


@pytest.mark.parametrize("table", ["audit_entry", "audit_personalfacts", "audit_link"])
@pytest.mark.parametrize("sql", ["DELETE FROM {}", "UPDATE {} SET {key} = {key} + 1", "TRUNCATE {} CASCADE"])
def test_the_database_refuses_to_change_evidence(chain: Path, table: str, sql: str) -> None:
    key = {"audit_entry": "id", "audit_personalfacts": "entry_id", "audit_link": "position"}[table]
    with (
        connection.cursor() as cursor,
        pytest.raises(DatabaseError, match="never changed"),
        transaction.atomic(),
    ):
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
        cursor.execute(sql.format(table, key=key))


def test_deleting_the_last_row_shows(chain: Path, tamper: Callable[..., None]) -> None:
    tamper("DELETE FROM audit_personalfacts")
    tamper("DELETE FROM audit_link WHERE position = 5")
    tamper("DELETE FROM audit_entry WHERE id = (SELECT max(id) FROM audit_entry)")
    assert any("link 5, signed at" in finding for finding in proved(chain).findings)


def test_deleting_a_row_in_the_middle_shows(chain: Path, tamper: Callable[..., None]) -> None:
    tamper("DELETE FROM audit_link WHERE position = 2")
    findings = proved(chain).findings
    assert "link 2 is missing" in findings
    assert any("neither in the chain nor waiting" in finding for finding in findings)


def test_deleting_an_entry_but_not_its_link_shows(chain: Path, tamper: Callable[..., None]) -> None:
    number = Link.objects.get(position=3).entry_id
    tamper("DELETE FROM audit_entry WHERE id = %s", number)
    assert f"link 3: entry {number} is missing" in proved(chain).findings


def test_a_changed_entry_shows(chain: Path, tamper: Callable[..., None]) -> None:
    number = Link.objects.get(position=2).entry_id
    tamper("UPDATE audit_entry SET content = replace(content, 'ordered', 'lost') WHERE id = %s", number)
    assert f"link 2: entry {number} is not what was sealed" in proved(chain).findings


def test_a_chain_computed_anew_after_a_change_differs_from_the_signed_head(
    chain: Path, tamper: Callable[..., None]
) -> None:
    tamper("UPDATE audit_entry SET content = replace(content, 'ordered', 'lost')")
    tamper("INSERT INTO audit_waiting SELECT id FROM audit_entry")
    tamper("DELETE FROM audit_link")
    seal_all()
    assert [f for f in proved(chain).findings if "differs from the head" in f]


def test_one_flipped_byte_of_a_personal_fact_shows(chain: Path, tamper: Callable[..., None]) -> None:
    tamper("UPDATE audit_personalfacts SET facts = set_byte(facts, 20, get_byte(facts, 20) # 1)")
    assert [f for f in proved(chain).findings if "personal facts" in f]


def test_personal_facts_written_anew_by_the_service_itself_show(
    chain: Path, tamper: Callable[..., None]
) -> None:
    number = PersonalFacts.objects.get().pk
    tamper("DELETE FROM audit_personalfacts")
    assert proved(chain).findings == [f"the personal facts of entry {number} are missing"]
    PersonalFacts.objects.create(entry_id=number, salt=b"0" * 16, facts={"name": "Other"})
    assert proved(chain).findings == [f"the personal facts of entry {number} are not what was recorded"]


def test_a_head_that_others_signed_proves_nothing(chain: Path) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    findings = verify(chain, verifier(other.public_key())).findings
    assert "the signature of the head at 5 is not valid" in findings
    assert "no signed head was found: the end of the chain is not proved" in findings


def test_no_head_at_all_is_told(tmp_path: Path) -> None:
    assert proved(tmp_path).findings == []
    add(1)
    seal_all()
    assert proved(tmp_path).findings == ["no signed head was found: the end of the chain is not proved"]


def test_heads_are_kept_by_day(chain: Path) -> None:
    add(3)
    seal_all()
    publish_head(chain, sign, now=NOW)
    publish_head(chain, sign, now=NOW)
    newest = newest_head(chain)
    assert newest is not None and newest.position == 8
    assert len((chain / "heads" / "2026-11-23.jsonl").read_text("utf-8").splitlines()) == 2
    assert proved(chain).findings == []


def test_a_head_torn_by_a_kill_is_no_finding_and_the_next_takes_its_place(chain: Path) -> None:
    day = chain / "heads" / "2026-11-23.jsonl"
    with day.open("ab") as file:
        file.write(day.read_bytes()[:40])
    assert proved(chain).findings == []
    add(1)
    seal_all()
    publish_head(chain, sign, now=NOW + timedelta(days=1))
    assert len(day.read_bytes().splitlines()) == 1 and day.read_bytes().endswith(b"\n")
    report = proved(chain)
    assert (report.findings, report.heads) == ([], 3), "one of each day, and the newest again"


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"\xff\xfe", b'{"position": 5}', b"null"])
def test_a_damaged_newest_head_is_told_and_written_anew(chain: Path, damage: bytes) -> None:
    (chain / "head.json").write_bytes(damage)
    assert proved(chain).findings == ["a published head cannot be read"]
    assert publish_head(chain, sign, now=NOW) is not None
    assert proved(chain).findings == []


def test_a_head_that_cannot_be_read_hides_no_other(chain: Path) -> None:
    day = chain / "heads" / "2026-11-23.jsonl"
    day.write_bytes(b"nonsense\n" + day.read_bytes())
    report = proved(chain)
    assert (report.findings, report.heads) == (["a published head cannot be read"], 3)


def test_an_entry_committed_late_is_sealed_though_higher_numbers_are(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            add(1, slow=True)
            begun.set()
            go_on.wait(10)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert begun.wait(10)
    add(2)
    assert seal_all() == 2
    go_on.set()
    thread.join()
    assert seal_all() == 1
    publish_head(tmp_path, sign, now=NOW)
    assert Entry.objects.get(link__position=3).document["facts"]["slow"] is True
    assert proved(tmp_path).findings == []


@pytest.mark.parametrize("many", [0, 3, 4, 9])
def test_all_is_sealed_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    monkeypatch.setattr(sealing, "BATCH", 4)
    add(many)
    assert (seal_all(), seal_all()) == (many, 0)
    publish_head(tmp_path, sign, now=NOW)
    report = proved(tmp_path)
    assert (report.findings, report.links) == ([], many)


def test_a_waiting_number_without_an_entry_holds_up_no_other(tmp_path: Path) -> None:
    add(2)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO audit_waiting (entry_id) VALUES (-5), (999999999)")
    add(1)
    assert (seal_all(), seal_all()) == (5, 0)
    publish_head(tmp_path, sign, now=NOW)
    report = proved(tmp_path)
    assert (report.findings, report.links, report.waiting) == ([], 3, 0)


def test_eight_writers_and_two_sealers_lose_and_repeat_nothing(tmp_path: Path) -> None:
    writers, each, faults = 8, 25, list[BaseException]()
    done = threading.Event()

    def guarded(work: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            try:
                work()
            except BaseException as fault:
                faults.append(fault)
            finally:
                connection.close()

        return run

    def write() -> None:
        for number in range(each):
            try:
                with transaction.atomic():
                    add(1)
                    if number % 5 == 4:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                pass

    def keep_sealing() -> None:
        while not done.wait(0.002):
            seal(7)

    sealers = [threading.Thread(target=guarded(keep_sealing)) for _ in range(2)]
    threads = [threading.Thread(target=guarded(write)) for _ in range(writers)]
    for thread in [*sealers, *threads]:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    for thread in sealers:
        thread.join()
    seal_all()
    publish_head(tmp_path, sign, now=NOW)
    report = proved(tmp_path)
    assert faults == []
    assert report.findings == []
    assert report.links == Entry.objects.count() == writers * each * 4 // 5
