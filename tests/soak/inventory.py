# SPDX-License-Identifier: EUPL-1.2
"""The stocktaking after a soak: rows, cards, mailboxes, published status and audit hold the same truth."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from tests.support.whole_service import WholeService

PUBLISHED_WITHIN = 15.0


def take_inventory(service: WholeService, approved: int) -> None:
    """Assert that ``approved`` applications became as many cards, each made and posted once."""
    _cards(service, approved)
    _certificates(service)
    _drawer(service)
    _mailboxes(service, approved)
    _events(service)
    _published(service)
    time.sleep(1)  # the sealer's second
    heads = service.folder("publication") / "audit"
    proof = service.say("audit", "verify", "--json", "--heads", str(heads), "--key", str(heads / "key.pem"))
    assert proof.returncode == 0, proof.stdout + proof.stderr


def _cards(service: WholeService, approved: int) -> None:
    """Every approved application has one dispatched card and nothing else."""
    states = service.rows(
        "SELECT a.state, o.state, c.state, count(*) OVER (PARTITION BY a.id) FROM applications_application a"
        " JOIN cards_card c ON c.application_id = a.id JOIN cards_order o ON o.card_id = c.id"
        " WHERE c.product = 'professional'"
    )
    assert Counter(states) == {("fulfilled", "dispatched", "dispatched", 1): approved}


def _certificates(service: WholeService) -> None:
    """Two certificates in force a card, for its own chip; no serial stands for two certificates."""
    rows = service.rows(
        "SELECT k.authority, k.serial, k.state, k.purpose, k.chip_serial = c.chip_serial, k.card_id, k.der"
        " FROM certificates_certificate k JOIN cards_card c ON c.id = k.card_id"
    )
    assert len({(authority, serial) for authority, serial, *_ in rows}) == len(rows)
    assert all((der is None) == (state == "burned") for *_, state, _, _, _, der in rows), "no serial is left"
    in_force: dict[int, list[str]] = {}
    for _, serial, state, purpose, own_chip, card, der in rows:
        if der is not None:
            assert x509.load_der_x509_certificate(der).serial_number == int(serial, 16)
        if state == "issued":
            assert own_chip
            in_force.setdefault(card, []).append(purpose)
    assert set(in_force) == {card for (card,) in service.rows("SELECT id FROM cards_card")}
    assert all(sorted(purposes) == ["authentication", "signature"] for purposes in in_force.values())


def _drawer(service: WholeService) -> None:
    """The card host's drawer holds the cards that left and no half one; new cards are not activated."""
    states = dict(service.rows("SELECT chip_serial, state FROM cards_card"))
    files = {
        path.stem: json.loads(path.read_text("utf-8")) for path in service.folder("cards").glob("*.json")
    }
    assert set(files) == set(states)
    for serial, card in files.items():
        assert card["life_cycle"] == "operational"
        activated = any(pin["value"] for pin in card["pins"].values())
        assert activated == (states[serial] == "activated")


def _mailboxes(service: WholeService, approved: int) -> None:
    """One card and, later, one code letter for each."""
    envelopes = [
        json.loads(path.read_text("utf-8")) for path in service.state.glob("mailbox/*/*/envelope.json")
    ]
    cards = service.rows(
        "SELECT o.key::text, l.key::text, c.chip_serial FROM cards_order o"
        " JOIN cards_card c ON c.id = o.card_id JOIN letters_letter l ON l.card_id = c.id"
        " WHERE c.product = 'professional'"
    )
    assert len(cards) == approved
    posted = Counter(envelope["key"] for envelope in envelopes)
    for order, letter, chip in cards:
        assert posted[f"card-{order}"] == posted[f"letter-{letter}"] == 1
        assert [each["card_serial"] for each in envelopes if each["key"] == f"card-{order}"] == [chip]


def _events(service: WholeService) -> None:
    """What may happen once is told once."""
    once = ("card.ordered", "card.dispatched", "letter.sent", "certificate.issued", "certificate.burned")
    again = service.rows(
        "SELECT action, subject_id, count(*) FROM audit_entry WHERE action = ANY(%s) AND outcome = 'done'"
        " GROUP BY action, subject_id HAVING count(*) > 1",
        list(once),
    )
    assert again == []
    [(issued,)] = service.rows("SELECT count(*) FROM certificates_certificate WHERE der IS NOT NULL")
    [(told,)] = service.rows("SELECT count(*) FROM audit_entry WHERE action = 'certificate.issued'")
    assert issued == told


def _published(service: WholeService) -> None:
    """The responder says good, revoked or, of burned serials, nothing (unauthorized)."""
    until = time.monotonic() + PUBLISHED_WITHIN
    while service.rows("SELECT count(*) FROM certificates_certificate WHERE answer_due_at <= now()") != [
        (0,)
    ]:
        assert time.monotonic() < until, "answers are overdue"
        time.sleep(0.2)
    time.sleep(1)  # the responder's turn
    expected = {"issued": "GOOD", "revoked": "REVOKED", "burned": "unauthorized"}
    with httpx.Client() as client:
        for serial, state, said in _said(service, client):
            assert said == expected[state], serial


def _said(service: WholeService, client: httpx.Client) -> Iterator[tuple[str, str, str]]:
    issuers: dict[str, x509.Certificate] = {}
    for authority, serial, state in service.rows(
        "SELECT authority, serial, state FROM certificates_certificate ORDER BY id"
    ):
        if authority not in issuers:
            der = client.get(f"{service.responder}/ca/{authority}.crt").content
            issuers[authority] = x509.load_der_x509_certificate(der)
        url = f"{service.responder}/ocsp/{authority}"
        answer = ocsp.load_der_ocsp_response(
            client.post(url, content=_question(issuers[authority], int(serial, 16))).content
        )
        good = answer.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
        said: Any = answer.certificate_status.name if good else answer.response_status.name.lower()
        yield serial, state, said


def _question(issuer: x509.Certificate, serial: int) -> bytes:
    name = hashes.Hash(hashes.SHA1())
    name.update(issuer.subject.public_bytes())
    key = x509.SubjectKeyIdentifier.from_public_key(issuer.public_key()).digest  # SHA-1 of the key's bits
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(name.finalize(), key, serial, hashes.SHA1())
    return builder.build().public_bytes(Encoding.DER)
