# SPDX-License-Identifier: EUPL-1.2
"""The activation code: derived, the same each time, uniform and never trivial."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from varmentaja.domain.errors import DomainError
from varmentaja.domain.pins import is_trivial
from varmentaja.pki.activation_code import derive_activation_code
from varmentaja.pki.algorithms import Hash, KeyAlgorithm, PublicKey
from varmentaja.pki.keystore import SoftwareKeyStore, open_software_store


class ScriptedStore:
    """Derives given values in turn, to reach the rejections."""

    def __init__(self, *values: int) -> None:
        self.values = list(values)
        self.infos: list[bytes] = []

    def derive(self, label: str, info: bytes, length: int) -> bytes:
        self.infos.append(info)
        return self.values.pop(0).to_bytes(length, "big")

    def generate(self, label: str, algorithm: KeyAlgorithm) -> PublicKey:
        raise NotImplementedError

    def generate_secret(self, label: str) -> None:
        raise NotImplementedError

    def has(self, label: str) -> bool:
        raise NotImplementedError

    def public_key(self, label: str) -> PublicKey:
        raise NotImplementedError

    def sign(self, label: str, data: bytes, name: Hash) -> bytes:
        raise NotImplementedError

    def sign_all(self, label: str, data: Sequence[bytes], name: Hash) -> list[bytes]:
        raise NotImplementedError

    def sign_digest(self, label: str, digest: bytes, name: Hash) -> bytes:
        raise NotImplementedError


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> SoftwareKeyStore:
    """A store with a master secret."""
    store = open_software_store(tmp_path_factory.mktemp("codes"), b"x", random=os.urandom)
    store.generate_secret("activation")
    return store


def test_the_code_of_a_chip_stays_the_same(store: SoftwareKeyStore, tmp_path: Path) -> None:
    first = derive_activation_code(store, "activation", "0a" * 10, 1)
    assert first == derive_activation_code(store, "activation", "0A" * 10, 1)
    assert len(first) == 8 and first.isdigit()


def test_chips_generations_and_lengths_have_codes_of_their_own(store: SoftwareKeyStore) -> None:
    codes = {
        derive_activation_code(store, "activation", serial, generation, digits=digits)
        for serial in ("00" * 10, "01" * 10)
        for generation in (1, 2)
        for digits in (7, 8)
    }
    assert len(codes) == 8


def test_digits_are_spread_evenly(store: SoftwareKeyStore) -> None:
    codes = [derive_activation_code(store, "activation", f"{n:020x}", 1) for n in range(2000)]
    counts = Counter(digit for code in codes for digit in code)
    # 16,000 digits: 1,600 of each are due, standard deviation 38; seven of them are never met by chance.
    assert all(abs(counts[digit] - 1600) < 7 * 38 for digit in "0123456789")
    assert len(set(codes)) > 1990


def test_trivial_codes_are_passed_over() -> None:
    store = ScriptedStore(12345678, 11111111, 87654321, 13572468)
    assert derive_activation_code(store, "m", "00", 1) == "13572468"
    assert len(set(store.infos)) == 4


def test_the_uneven_rest_of_the_range_is_passed_over() -> None:
    store = ScriptedStore(2**64 - 1, 13572468)
    assert derive_activation_code(store, "m", "00", 1) == "13572468"


@pytest.mark.parametrize("code", ["00000000", "0123", "9876543", "5555"])
def test_repeats_and_runs_are_trivial(code: str) -> None:
    assert is_trivial(code)


@pytest.mark.parametrize("code", ["2580", "258036", "12345679", "01234568", "8901", "1357"])
def test_other_codes_are_not_trivial(code: str) -> None:
    assert not is_trivial(code)


@pytest.mark.parametrize("digits", [3, 13])
def test_other_lengths_are_refused(store: SoftwareKeyStore, digits: int) -> None:
    with pytest.raises(DomainError):
        derive_activation_code(store, "activation", "00", 1, digits=digits)
