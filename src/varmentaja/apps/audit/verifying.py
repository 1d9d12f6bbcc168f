# SPDX-License-Identifier: EUPL-1.2
"""Proves the audit trail: each link, the personal facts beside it, and every head that was signed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from varmentaja.apps.audit.heads import Head, all_heads
from varmentaja.apps.audit.models import PersonalFacts
from varmentaja.apps.audit.recording import personal_hash
from varmentaja.apps.audit.sealing import ORIGIN
from varmentaja.domain.errors import DomainError
from varmentaja.pki.publication import Verify

ROWS = 5000
FACTS = PersonalFacts.facts.field
_CHAIN = """
    SELECT link.position, link.hash, link.entry_id, entry.content
    FROM audit_link link LEFT JOIN audit_entry entry ON entry.id = link.entry_id ORDER BY link.position
"""
_PERSONAL = """
    SELECT personal.entry_id, personal.salt, personal.facts, entry.content
    FROM audit_personalfacts personal LEFT JOIN audit_entry entry ON entry.id = personal.entry_id
"""
_LOOSE = """
    SELECT entry.id FROM audit_entry entry
    WHERE NOT EXISTS (SELECT FROM audit_link link WHERE link.entry_id = entry.id)
    AND NOT EXISTS (SELECT FROM audit_waiting waiting WHERE waiting.entry_id = entry.id)
"""


@dataclass(slots=True)
class Report:
    """What was proved; ``findings`` is empty when everything is as it was written."""

    links: int = 0
    waiting: int = 0
    heads: int = 0
    personal: int = 0
    findings: list[str] = field(default_factory=list)


def verify(folder: Path, check: Verify | None) -> Report:
    """Verify the chain against the heads in ``folder``; ``check`` proves a head's signature.

    Without ``check`` or without any head the end of the chain is not proved, and the report says so once
    something has been sealed. Reads one snapshot of the database.
    """
    report = Report()
    heads = _heads(folder, check, report)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        claims = _verify_chain(report, heads)
        _verify_personal(report, claims)
        cursor.execute(_LOOSE)
        for (number,) in cursor.fetchall():
            report.findings.append(f"entry {number} is neither in the chain nor waiting for it")
        cursor.execute("SELECT count(*) FROM audit_waiting")
        report.waiting = cursor.fetchone()[0]
    return report


def _heads(folder: Path, check: Verify | None, report: Report) -> dict[int, Head]:
    """Heads by position; a head that was not signed by us is a finding and proves nothing."""
    heads: dict[int, Head] = {}
    for head in all_heads(folder):
        report.heads += 1
        if head is None:
            report.findings.append("a published head cannot be read")
        elif check is None or not check(head.signature, head.signed):
            report.findings.append(f"the signature of the head at {head.position} is not valid")
        elif head.position in heads and heads[head.position].hash != head.hash:
            report.findings.append(f"two heads at {head.position} differ")
        else:
            heads[head.position] = head
    return heads


def _verify_chain(report: Report, heads: dict[int, Head]) -> set[int]:
    """Follow the links; gives the entries that say they have personal facts."""
    claims: set[int] = set()
    before, expected = ORIGIN, 0
    left = dict(heads)
    for position, stored, number, content in _rows(_CHAIN):
        expected += 1
        report.links += 1
        if position != expected:
            report.findings.append(f"link {expected} is missing")
            expected = position
        if content is None:
            report.findings.append(f"link {position}: entry {number} is missing")
            before = bytes(stored)
            continue
        data = before + number.to_bytes(8, "big") + content.encode()
        before = bytes(stored)
        if hashlib.sha256(data).digest() != before:
            report.findings.append(f"link {position}: entry {number} is not what was sealed")
        if '"personal":null' not in content:
            claims.add(number)
        head = left.pop(position, None)
        if head is not None and head.hash != before.hex():
            report.findings.append(f"link {position} differs from the head signed at {head.at}")
    for position, head in sorted(left.items()):
        report.findings.append(f"link {position}, signed at {head.at}, is missing")
    if report.links and not heads:
        report.findings.append("no signed head was found: the end of the chain is not proved")
    return claims


def _verify_personal(report: Report, claims: set[int]) -> None:
    """Every entry that says so has its personal facts, and they are those that were hashed."""
    for number, salt, facts, content in _rows(_PERSONAL):
        report.personal += 1
        claims.discard(number)
        if not _personal_holds(bytes(salt), facts, content):
            report.findings.append(f"the personal facts of entry {number} are not what was recorded")
    for number in sorted(claims):
        report.findings.append(f"the personal facts of entry {number} are missing")


def _personal_holds(salt: bytes, facts: bytes, content: str | None) -> bool:
    try:
        opened = FACTS.from_db_value(facts, None, connection)
        return bool(json.loads(content or "{}").get("personal") == personal_hash(salt, opened))
    except (DomainError, ValueError):
        return False


def _rows(question: str) -> Iterator[tuple[Any, ...]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(question)
        while rows := cursor.fetchmany(ROWS):
            yield from rows
