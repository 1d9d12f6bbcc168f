# SPDX-License-Identifier: EUPL-1.2
"""The delegation in force (signer/delegation.py), as the online responder finds it in its folder."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import structlog
from cryptography import x509

from varmentaja.domain.errors import DomainError
from varmentaja.pki.hierarchy import Authority, Hierarchy
from varmentaja.pki.hierarchy import Responder as Delegate
from varmentaja.pki.keystore import KeyStore, open_software_store

_LOOK = 5.0
"""Seconds between looks for a newer delegation."""

_log = structlog.get_logger("responder.online")


@dataclass(frozen=True, slots=True)
class Signers:
    """Authorities with their online delegates, and the store of the delegates' keys."""

    name: str
    authorities: Mapping[str, Authority]
    store: KeyStore


class Delegations:
    """Follows the folder; a new delegation takes the old one's place without a restart."""

    def __init__(
        self, folder: Path, hierarchy: Hierarchy, passphrase: bytes, clock: Callable[[], float] = time.time
    ) -> None:
        self._folder = folder
        self._hierarchy = hierarchy
        self._passphrase = passphrase
        self._clock = clock
        self._lock = threading.Lock()
        self._looked = 0.0
        self._signers: Signers | None = None

    def current(self) -> Signers | None:
        """Who signs now; None while there is no delegation. A damaged new one leaves the old in place."""
        if self._signers is not None and time.monotonic() - self._looked < _LOOK:
            return self._signers
        with self._lock:
            if time.monotonic() - self._looked >= _LOOK or self._signers is None:
                self._looked = time.monotonic()
                try:
                    self._look()
                except (OSError, ValueError, KeyError, TypeError, DomainError) as error:
                    _log.error("delegation_refused", problem=str(error))
            return self._signers

    def _look(self) -> None:
        name = (self._folder / "current").read_text("ascii").strip()
        if self._signers and name == self._signers.name:
            return
        folder = self._folder / Path(name).name
        listed = json.loads((folder / "delegation.json").read_bytes())  # written last
        store = open_software_store(folder / "keys", self._passphrase, random=os.urandom)
        self._signers = Signers(
            name,
            {
                authority: self._signer(folder, store, authority, str(entry["responder"]))
                for authority, entry in listed.items()
            },
            store,
        )
        _log.info("delegation_in_force", name=name)

    def _signer(self, folder: Path, store: KeyStore, authority: str, label: str) -> Authority:
        certificate = x509.load_der_x509_certificate((folder / f"{Path(label).name}.crt").read_bytes())
        if store.public_key(label) != certificate.public_key():
            raise ValueError(f"{label}: certificate of another key")
        if certificate.not_valid_before_utc > datetime.fromtimestamp(self._clock(), UTC):
            raise ValueError(f"{label}: its time has not come")  # the worker's clock is ahead: the next look
        return replace(self._hierarchy.authority(authority), responder=Delegate(label, label, certificate))
