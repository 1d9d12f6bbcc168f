# SPDX-License-Identifier: EUPL-1.2
"""The last try of the activation code is warned of before it, also when the card is inserted anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.reader_fakes import CODE, PIN1, PIN2, MemoryCard, TinyHierarchy

from varmentaja.card.driver import CodeLocked, PinRole, WrongCode, WrongPin
from varmentaja.reader import forms
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.code_memory import CodeMemory


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "reader" / "code-tries.json"


@pytest.fixture
def fresh(hierarchy: TinyHierarchy) -> MemoryCard:
    return MemoryCard(hierarchy, activated=False)


def inserted(card: MemoryCard, file: Path) -> InsertedCard:
    """By a program that was started just now."""
    return InsertedCard("1", card, memory=CodeMemory(file))


def said(card: InsertedCard) -> str:
    """What the form says of the code's tries."""
    return str(forms.activation(card).fields[0].tries or "")


def test_the_last_try_is_said_whenever_the_card_comes_back(fresh: MemoryCard, file: Path) -> None:
    assert said(inserted(fresh, file)) == ""
    for left in ("4 tries left.", "3 tries left.", "2 tries left.", "1 try left. If it is wrong"):
        with pytest.raises(WrongCode):
            inserted(fresh, file).activate("11223344", PIN1, PIN2)
        assert said(inserted(fresh, file)).startswith(left)
    with pytest.raises(CodeLocked):
        inserted(fresh, file).activate("11223344", PIN1, PIN2)
    assert "The activation code is locked" in said(inserted(fresh, file))


def test_the_right_code_forgets_the_wrong_ones(fresh: MemoryCard, file: Path) -> None:
    card = inserted(fresh, file)
    with pytest.raises(WrongCode):
        card.activate("11223344", PIN1, PIN2)
    card.activate(CODE, PIN1, PIN2)
    assert said(inserted(fresh, file)) == ""


def test_the_file_names_no_card_and_is_the_users_alone(fresh: MemoryCard, file: Path) -> None:
    card = inserted(fresh, file)
    with pytest.raises(WrongCode):
        card.activate("11223344", PIN1, PIN2)
    written = file.read_text()
    for told in (card.contents.chip_serial, card.contents.printed_serial, "11223344", "Aino"):
        assert told not in written
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", ["", "{", "[]", '{"x": "y"}', "[" * 100_000])
def test_a_file_that_cannot_be_used_is_no_trouble(fresh: MemoryCard, file: Path, content: str) -> None:
    file.parent.mkdir()
    file.write_text(content)
    card = inserted(fresh, file)
    with pytest.raises(WrongCode):
        card.activate("11223344", PIN1, PIN2)
    assert said(inserted(fresh, file)) == "4 tries left."
    file.unlink()
    file.mkdir()  # nothing can be written there
    inserted(fresh, file).activate(CODE, PIN1, PIN2)


def test_whoever_shows_a_card_hears_when_its_pins_have_changed(memory_card: MemoryCard) -> None:
    heard: list[int | None] = []
    card = InsertedCard("1", memory_card, changed=lambda: heard.append(card.contents.pin1.tries_left))
    with pytest.raises(WrongPin):
        card.verify(PinRole.AUTHENTICATION, "9999")
    card.tries_left(PinRole.AUTHENTICATION)
    assert heard == [4]
