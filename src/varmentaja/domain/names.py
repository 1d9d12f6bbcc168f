# SPDX-License-Identifier: EUPL-1.2
"""Keys by which names are found and put in order, made here because no database collation is relied on."""

from __future__ import annotations

import unicodedata

# Letters that do not fall apart into a base letter and a mark.
_FOLDED = str.maketrans(
    {"đ": "d", "ð": "d", "ǥ": "g", "ħ": "h", "ı": "i", "ł": "l", "ŋ": "n", "ø": "o", "ŧ": "t", "ʒ": "z"}
    | {"æ": "ae", "œ": "oe", "þ": "th", "ĳ": "ij", "'": None, "’": None, "ʼ": None, "´": None, "`": None}
)

# Finnish order: å ä ö after z; w as v, ü as y (SFS 4600); the Scandinavian letters with their likes.
_ALPHABET = {letter: 20 + place for place, letter in enumerate("abcdefghijklmnopqrstuvwxyzåäö")}
_LIKE = str.maketrans({"w": "v", "ü": "y", "æ": "ä", "ø": "ö", "ő": "ö", "ű": "y"})
_SPACE, _OTHER = "10", "99"
_END = "00"


def name_key(*names: str) -> str:
    """``names`` folded for search by prefix: the key of a beginning is the beginning of the key.

    Case, marks, hyphens and apostrophes do not matter, so that Äijälä is found by "äij" and by "aij":
    foreign keyboards lack the letters, and people guess spellings.
    """
    folded = unicodedata.normalize("NFKD", " ".join(names).casefold()).translate(_FOLDED)
    letters = (" " if not char.isalnum() else char for char in folded if not unicodedata.combining(char))
    return " ".join("".join(letters).split())


def sort_key(*names: str) -> str:
    """Text that orders ``names`` as a Finnish list does, one after the other (family name first).

    Only digits stand in it, so any collation and Python agree on the order: two digits a letter, then, for
    names that differ only in marks (Virta, Wirta), which of them is plainer.
    """
    parts = [unicodedata.normalize("NFC", name).casefold() for name in names]
    primary = _END.join("".join(map(_weight, part)) for part in parts)
    variants = "".join("0" if char in _ALPHABET and char != "w" else "1" for part in parts for char in part)
    return f"{primary}{_END}{_END}{variants}"


def _weight(char: str) -> str:
    char = char.translate(_LIKE)
    if char in _ALPHABET:
        return str(_ALPHABET[char])
    if not char.isalnum():
        # A hyphen parts names as a space does; apostrophes are read over.
        return _SPACE if name_key(f"a{char}a") == "a a" else ""
    folded = name_key(char)
    if folded and all(letter in _ALPHABET for letter in folded):
        return "".join(str(_ALPHABET[letter]) for letter in folded)
    return f"{_OTHER}{ord(char):07d}"
