# SPDX-License-Identifier: EUPL-1.2
"""Custody of keys and secrets behind one Protocol: encrypted files, or a PKCS#11 module."""

from varmentaja.pki.keystore.base import KeyStore, keyed_hash, unwrap, wrap
from varmentaja.pki.keystore.software import SoftwareKeyStore, open_software_store

__all__ = ["KeyStore", "SoftwareKeyStore", "keyed_hash", "open_software_store", "unwrap", "wrap"]
