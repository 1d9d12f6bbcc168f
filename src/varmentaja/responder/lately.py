# SPDX-License-Identifier: EUPL-1.2
"""What was found lately, remembered while there is room."""

from __future__ import annotations

from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Lately(Generic[Key, Value]):
    """Two generations: when the younger is full, it becomes the elder, and the elder is forgotten.

    For one thread.
    """

    def __init__(self, room: int) -> None:
        """``room``: for each generation."""
        self._room = room
        self._younger: dict[Key, Value] = {}
        self._elder: dict[Key, Value] = {}

    def __len__(self) -> int:
        return len(self._younger) + len(self._elder)

    def get(self, key: Key) -> Value | None:
        """What is remembered."""
        found = self._younger.get(key)
        if found is None and (found := self._elder.get(key)) is not None:
            self.keep(key, found)
        return found

    def keep(self, key: Key, value: Value) -> None:
        """Remember."""
        if len(self._younger) >= self._room:
            self._younger, self._elder = {}, self._younger
        self._younger[key] = value

    def forget(self) -> None:
        """All of it."""
        self._younger, self._elder = {}, {}
