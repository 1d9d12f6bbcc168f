# SPDX-License-Identifier: EUPL-1.2
"""The software key store: a folder of encrypted files."""

from __future__ import annotations

import hmac
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import load_der_private_key
from hypothesis import given
from hypothesis import strategies as st

from varmentaja.domain.errors import DomainError, Kind
from varmentaja.pki.algorithms import SIGNING_HASH, KeyAlgorithm, verifies
from varmentaja.pki.keystore import SoftwareKeyStore, keyed_hash, open_software_store, unwrap, wrap
from varmentaja.pki.keystore.base import hkdf_expand


@pytest.fixture
def store(tmp_path: Path) -> SoftwareKeyStore:
    """An empty store."""
    return _open(tmp_path)


def _open(folder: Path, passphrase: bytes = b"open sesame") -> SoftwareKeyStore:
    return open_software_store(folder / "keys", passphrase, random=os.urandom)


@pytest.mark.parametrize("algorithm", list(KeyAlgorithm))
def test_keys_of_every_kind_sign_after_opening_again(tmp_path: Path, algorithm: KeyAlgorithm) -> None:
    key = _open(tmp_path).generate("root-ecc", algorithm)
    again, name = _open(tmp_path), SIGNING_HASH[algorithm]
    assert again.public_key("root-ecc") == key
    assert verifies(key, again.sign("root-ecc", b"data", name), b"data", name)
    assert not verifies(key, again.sign("root-ecc", b"data", name), b"other", name)
    many = [b"one", b"two", b"three"]
    for data, signature in zip(many, again.sign_all("root-ecc", many, name), strict=True):
        assert verifies(key, signature, data, name)


def test_a_wrong_passphrase_is_refused_at_once(tmp_path: Path) -> None:
    _open(tmp_path)
    with pytest.raises(DomainError, match="passphrase"):
        _open(tmp_path, b"open barley")


def test_files_are_for_the_owner_alone_and_none_is_left_over(tmp_path: Path) -> None:
    store = _open(tmp_path)
    store.generate("a", KeyAlgorithm.P256)
    store.generate_secret("b")
    files = sorted((tmp_path / "keys").iterdir())
    assert [file.name for file in files] == ["a.key", "b.key", "store.json"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_the_private_key_is_not_in_the_file(tmp_path: Path) -> None:
    store = _open(tmp_path)
    store.generate("a", KeyAlgorithm.P256)
    private = store._private_key("a")
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    number = private.private_numbers().private_value.to_bytes(32, "big")
    content = (tmp_path / "keys" / "a.key").read_bytes()
    assert number not in content and number.hex().encode() not in content


def test_a_taken_label_is_a_conflict_even_between_threads(store: SoftwareKeyStore) -> None:
    def make(_: int) -> bool:
        try:
            store.generate("same", KeyAlgorithm.P256)
        except DomainError as error:
            assert error.kind is Kind.CONFLICT
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(make, range(16))) == 1


def test_what_is_missing_is_not_found(store: SoftwareKeyStore) -> None:
    store.generate("pair", KeyAlgorithm.P256)
    store.generate_secret("secret")
    asked = [
        lambda: store.public_key("none"),
        lambda: store.public_key("secret"),
        lambda: store.sign("secret", b"", SIGNING_HASH[KeyAlgorithm.P256]),
        lambda: store.derive("none", b"", 1),
        lambda: store.derive("pair", b"", 1),
    ]
    for ask in asked:
        with pytest.raises(DomainError) as missing:
            ask()
        assert missing.value.kind is Kind.NOT_FOUND
    assert store.has("pair") and store.has("secret") and not store.has("none")


@pytest.mark.parametrize("label", ["", "../up", "a/b", "A", ".hidden", "a" * 101, "ä"])
def test_a_label_cannot_leave_the_folder(store: SoftwareKeyStore, label: str) -> None:
    with pytest.raises(DomainError) as refused:
        store.has(label)
    assert refused.value.kind is Kind.INVALID


def test_a_file_put_under_another_label_does_not_open(tmp_path: Path) -> None:
    store = _open(tmp_path)
    store.generate("temporary-ecc", KeyAlgorithm.P256)
    folder = tmp_path / "keys"
    (folder / "root-ecc.key").write_bytes((folder / "temporary-ecc.key").read_bytes())
    with pytest.raises(DomainError, match="damaged"):
        _open(tmp_path).sign("root-ecc", b"data", SIGNING_HASH[KeyAlgorithm.P256])


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"public_key": 1, "nonce": 2, "ciphertext": 3}'])
def test_a_damaged_file_is_told_of(tmp_path: Path, content: bytes) -> None:
    store = _open(tmp_path)
    (tmp_path / "keys" / "a.key").write_bytes(content)
    with pytest.raises(DomainError, match="damaged"):
        store.public_key("a")


def test_derivation_is_hkdf_expand_and_lasts(tmp_path: Path) -> None:
    store = _open(tmp_path)
    store.generate_secret("master")
    derived = store.derive("master", b"use", 48)
    assert derived == _open(tmp_path).derive("master", b"use", 48)
    assert derived[:32] == store.derive("master", b"use", 32)
    assert derived != store.derive("master", b"other use", 48)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=80), st.integers(1, 255 * 32))
def test_hkdf_expand_is_that_of_cryptography(secret: bytes, info: bytes, length: int) -> None:
    ours = hkdf_expand(lambda block: hmac.digest(secret, block, "sha256"), info, length)
    assert ours == HKDFExpand(SHA256(), length, info).derive(secret)


@pytest.mark.parametrize("length", [0, -1, 255 * 32 + 1])
def test_hkdf_lengths_out_of_range_are_refused(length: int) -> None:
    with pytest.raises(ValueError, match="range"):
        hkdf_expand(lambda block: block, b"", length)


def test_keyed_hashes_depend_on_secret_and_data(store: SoftwareKeyStore) -> None:
    store.generate_secret("one")
    store.generate_secret("two")
    hashes = {keyed_hash(store, label, data) for label in ("one", "two") for data in (b"a", b"b")}
    assert len(hashes) == 4 and {len(value) for value in hashes} == {32}


@pytest.fixture(scope="module")
def data_store(tmp_path_factory: pytest.TempPathFactory) -> SoftwareKeyStore:
    """A store with a secret for wrapping."""
    store = _open(tmp_path_factory.mktemp("wrap"))
    store.generate_secret("data")
    return store


@given(key=st.binary(min_size=16, max_size=64), context=st.binary(max_size=32))
def test_a_wrapped_key_opens_only_in_its_context(
    data_store: SoftwareKeyStore, key: bytes, context: bytes
) -> None:
    wrapped = wrap(data_store, "data", key, context, os.urandom)
    assert key not in wrapped and unwrap(data_store, "data", wrapped, context) == key
    for broken, where in ((wrapped, context + b"x"), (wrapped[:-1], context), (b"", context)):
        with pytest.raises(DomainError, match="data key"):
            unwrap(data_store, "data", broken, where)


def test_a_key_written_by_the_store_is_ordinary_pkcs8_inside(tmp_path: Path) -> None:
    store = _open(tmp_path)
    key = store.generate("a", KeyAlgorithm.P384)
    opened = load_der_private_key(store._open(store._read("a")), None)
    assert opened.public_key() == key
