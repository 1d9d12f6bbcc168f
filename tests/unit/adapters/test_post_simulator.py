# SPDX-License-Identifier: EUPL-1.2
"""Mailboxes as folders: what lies in them, what comes back, and what a killed program leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from tests.contract.test_post_contract import FRIDAY, MAILING

from varmentaja.adapters.post.simulator import SimulatedPost
from varmentaja.adapters.sandbox.faults import Faults
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.ports.post import Enclosure


@pytest.fixture
def post(tmp_path: Path) -> SimulatedPost:
    return SimulatedPost(tmp_path / "mailbox", Faults(tmp_path / "faults.json"))


def test_an_envelope_lies_in_its_holders_mailbox(post: SimulatedPost) -> None:
    post.send(replace(MAILING, card_serial="0123456789ABCDEF0123"))
    post.send(replace(MAILING, key="8d3f2c1e-0002", holder="999100029"))
    (letter,) = post.delivered("999100018")
    assert letter.address_lines == MAILING.address_lines
    assert (letter.posted_on, letter.delivery_on) == (FRIDAY, date(2026, 12, 1))
    assert letter.card_serial == "0123456789ABCDEF0123"
    assert [file.read_bytes() for file in letter.files()] == [b"%PDF-1.7"]
    assert len(post.delivered()) == 2


def test_a_letter_comes_back(post: SimulatedPost) -> None:
    post.send(MAILING)
    post.return_to_sender(MAILING.key, date(2026, 12, 4))
    (back,) = post.returned()
    assert (back.key, back.returned_on, back.reason) == (MAILING.key, date(2026, 12, 4), "unknown_address")


def test_what_was_never_posted_cannot_come_back(post: SimulatedPost) -> None:
    with pytest.raises(DomainError) as error:
        post.return_to_sender("8d3f2c1e-0009", date(2026, 12, 4))
    assert error.value.kind is Kind.NOT_FOUND


def test_a_program_killed_while_posting_leaves_no_half_envelope(
    post: SimulatedPost, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", _killed)
        with pytest.raises(KeyboardInterrupt):
            post.send(MAILING)
    assert post.delivered() == ()
    post.send(MAILING)
    assert len(post.delivered()) == 1


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_file_name_that_leads_elsewhere_is_refused(post: SimulatedPost) -> None:
    with pytest.raises(DomainError) as error:
        post.send(replace(MAILING, enclosures=(Enclosure("../letter.pdf", b""),)))
    assert error.value.kind is Kind.INVALID


@pytest.mark.parametrize("mode", ["down", "nonsense"])
def test_a_post_in_trouble_is_unavailable(post: SimulatedPost, mode: str, tmp_path: Path) -> None:
    (tmp_path / "faults.json").write_text(f'{{"post": {{"mode": "{mode}"}}}}')
    with pytest.raises(DomainError) as error:
        post.send(MAILING)
    assert error.value.kind is Kind.UNAVAILABLE
