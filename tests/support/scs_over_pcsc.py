# SPDX-License-Identifier: EUPL-1.2
"""The card reader program without its windows, run beside pcscd (see pcsc.py).

It signs what a website asks for and prints each answer as a line of JSON:
``python -m tests.support.scs_over_pcsc '{"cards": 2, "choices": [0, 1]}'``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.support.cards import PIN1
from tests.support.reader_fakes import Typist
from tests.support.reader_window import SIGN_IN

from varmentaja.card.drivers import open_card
from varmentaja.card.pcsc import PcscReaders
from varmentaja.reader.events import Events
from varmentaja.reader.real_readers import RealReaders
from varmentaja.reader.signing import ScsService

SECONDS = 30.0
ORIGIN = "https://clinic.example"


def main(cards: int, choices: list[int]) -> None:
    """Wait for so many cards, then sign once for each choice among their keys for signing in."""
    with _watched() as readers:
        _until(lambda: len(readers.cards()) == cards)
        for choice in choices:
            service = ScsService(readers, Typist([PIN1], choice=choice))
            answer = service.sign(json.dumps(SIGN_IN).encode(), origin=ORIGIN)
            print(json.dumps(answer), flush=True)


@contextmanager
def _watched() -> Iterator[RealReaders]:
    readers = RealReaders(PcscReaders, open_card, Events())
    readers.start()
    try:
        yield readers
    finally:
        readers.close()


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not true():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.02)


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
