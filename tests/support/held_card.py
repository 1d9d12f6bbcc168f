# SPDX-License-Identifier: EUPL-1.2
"""The card reader program without its windows, while another program keeps the card (see pcsc.py).

It says what becomes of the card, one line each; a line that it is given means that the card is held now.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from tests.support.cards import PIN1

from varmentaja.card import patience
from varmentaja.card.driver import CardInUse, HashAlgorithm, KeyRole
from varmentaja.card.drivers import open_card
from varmentaja.card.pcsc import PcscReaders
from varmentaja.reader.events import Events
from varmentaja.reader.real_readers import RealReaders

SECONDS = 1.0
"""This program's patience: the tests have not much."""


def main() -> None:
    """A card that was read before it is held, and one that is looked at meanwhile."""
    patience.SECONDS = SECONDS
    readers = RealReaders(PcscReaders, open_card, Events())
    readers.start()
    _until(lambda: bool(readers.cards()))
    _sign(readers)
    sys.stdin.readline()
    assert _seconds(lambda: _refused(readers)) >= SECONDS
    _say("in use")
    assert _seconds(lambda: _refused(readers)) < SECONDS / 2
    _say("in use at once")
    late = RealReaders(PcscReaders, open_card, Events())
    late.start()
    _until(lambda: any(slot.error == CardInUse().message for slot in late.slots))
    _say("another look: in use")
    _until(lambda: _signs(readers))
    _say("signed")
    _until(lambda: bool(late.cards()))
    _say("read again")
    sys.stdin.readline()
    assert _seconds(lambda: (readers.close(), late.close())) < 10 * SECONDS


def _sign(readers: RealReaders) -> None:
    readers.cards()[0].sign(KeyRole.AUTHENTICATION, b"x", HashAlgorithm.SHA256, PIN1, digest=False)
    _say("signed")


def _signs(readers: RealReaders) -> bool:
    try:
        readers.cards()[0].sign(KeyRole.AUTHENTICATION, b"x", HashAlgorithm.SHA256, PIN1, digest=False)
    except CardInUse:
        return False
    return True


def _refused(readers: RealReaders) -> None:
    assert not _signs(readers)


def _seconds(act: Callable[[], object]) -> float:
    begun = time.monotonic()
    act()
    return time.monotonic() - begun


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.05)


def _say(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    main()
