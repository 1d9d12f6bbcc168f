# SPDX-License-Identifier: EUPL-1.2
"""The service's signed list of program versions: the least version for each kind of chip, and the newest.

A chip of a new generation may need a newer program; old chips keep the least version that they had, so that
they work to the end of their life. The list is sealed JSON (pki/publication/seal.py) beside the signer's
certificate, which an authority for services issued for this alone.
"""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any, cast

from cryptography import x509

from varmentaja.domain.errors import DomainError, Message, conflict, invalid, message, not_allowed
from varmentaja.files import write_over
from varmentaja.pki.algorithms import PublicKey
from varmentaja.pki.foreign import load_foreign
from varmentaja.pki.hierarchy import Hierarchy
from varmentaja.pki.paths import validate_path
from varmentaja.pki.profile import load_profile
from varmentaja.pki.publication.seal import unseal, verifier

FORMAT = 1
SEALED_AS = "reader versions"
SIGNER_PROFILE = "reader-versions"
SIGNER_ROLE = "services"
LARGEST = 64 * 1024

log = logging.getLogger(__name__)


class Use(StrEnum):
    """Whether a version of this program may be used with a kind of chip."""

    MAY = "may"
    WARNED = "warned"
    MUST_UPDATE = "must-update"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the list says of one version with one kind of chip."""

    use: Use
    text: Message
    advice: Message | None = None
    refusal: Message | None = None
    """For who may not go on: both in one."""


@dataclass(frozen=True, slots=True)
class VersionManifest:
    """The list. ``least`` is by name of the chip generation."""

    issued_at: datetime
    """Grows with each list; an older one is refused."""
    newest: str
    page: str
    """Where the newest version is got."""
    least: Mapping[str, str]

    def rule(self, generation: str | None, version: str) -> Ruling:
        """Whether ``version`` of the program may be used with chips of ``generation`` (None: no card)."""
        least = self.least.get(generation or "")
        if least is not None and parts(version) < parts(least):
            return Ruling(
                Use.MUST_UPDATE,
                message(
                    "This program is too old for the card: version %(version)s, when %(least)s is needed.",
                    version=version,
                    least=least,
                ),
                self._update(),
                message(
                    "This program is too old for the card: version %(version)s, when %(least)s is needed. "
                    "Get the newest version from %(page)s, or ask your organisation's IT support to install "
                    "it.",
                    version=version,
                    least=least,
                    page=self.page,
                ),
            )
        if generation is not None and least is None:
            return Ruling(
                Use.WARNED,
                message("The service's list of program versions does not name this kind of chip."),
                self._update(),
            )
        if parts(version) < parts(self.newest):
            return Ruling(
                Use.WARNED,
                message(
                    "A newer version of this program is available: %(newest)s. This one is %(version)s.",
                    newest=self.newest,
                    version=version,
                ),
                self._update(),
            )
        return Ruling(
            Use.MAY, message("The version of this program can be used: %(version)s.", version=version)
        )

    def _update(self) -> Message:
        return message(
            "Get the newest version from %(page)s, or ask your organisation's IT support to install it.",
            page=self.page,
        )


def parts(version: str) -> tuple[int, ...]:
    """``1.10.2`` as numbers that compare; what follows the numbers (``.dev1``) does not count."""
    found = re.match(r"[0-9]+(?:\.[0-9]+)*", version)
    numbers = [int(number) for number in found[0].split(".")] if found else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def program_version() -> str:
    """The version of this program."""
    return installed_version("varmentaja")


def open_sealed(document: bytes, hierarchy: Hierarchy, *, at: datetime | None = None) -> VersionManifest:
    """The list, once its signature and its signer are proved; ``invalid`` or ``not_allowed`` otherwise.

    ``at``: when the signer's certificate must be valid; the day of the list's making if None.
    """
    try:
        envelope = json.loads(document)
        signer = load_foreign(base64.b64decode(envelope["certificate"], validate=True))
        content = unseal(SEALED_AS, document, verifier(cast(PublicKey, signer.public_key())))
        manifest = _read(content)
        _require_signer(signer, hierarchy, at or manifest.issued_at)
    except (ValueError, KeyError, TypeError, RecursionError, x509.ExtensionNotFound) as error:
        raise invalid("The list of program versions cannot be read.") from error
    return manifest


def _require_signer(signer: x509.Certificate, hierarchy: Hierarchy, at: datetime) -> None:
    authority = validate_path(signer, hierarchy, now=at)
    policies = signer.extensions.get_extension_for_class(x509.CertificatePolicies).value
    named = {policy.policy_identifier.dotted_string for policy in policies}
    if authority.role != SIGNER_ROLE or authority.issuer.policy(load_profile(SIGNER_PROFILE)) not in named:
        raise not_allowed("The list of program versions is not signed by the service.")


def _read(content: Mapping[str, Any]) -> VersionManifest:
    if content["format"] != FORMAT:
        raise ValueError(f"format {content['format']}")
    return VersionManifest(
        issued_at=datetime.fromisoformat(content["issued_at"]),
        newest=str(content["newest"]),
        page=str(content["page"]),
        least={str(entry["generation"]): str(entry["least"]) for entry in content["chips"]},
    )


class VersionList:
    """The last list that was fetched, kept in a file: it holds while the service cannot be reached."""

    def __init__(self, file: Path, hierarchy: Hierarchy) -> None:
        self._file = file
        self._hierarchy = hierarchy
        self._current = self._kept()

    @property
    def current(self) -> VersionManifest | None:
        """The newest list that was ever believed; None before the first."""
        return self._current

    def take(self, document: bytes, *, now: datetime) -> VersionManifest:
        """Believe a list that was fetched, and keep it; ``conflict`` for one older than the last."""
        manifest = open_sealed(document, self._hierarchy, at=now)
        last = self._current
        if last and manifest.issued_at < last.issued_at:
            raise conflict("The list of program versions is older than the one known already.")
        if manifest != last:
            write_over(self._file, document)
            self._current = manifest
        return manifest

    def _kept(self) -> VersionManifest | None:
        try:
            return open_sealed(self._file.read_bytes(), self._hierarchy)
        except FileNotFoundError:
            return None
        except (OSError, DomainError) as error:
            log.warning("the kept list of versions is not used: %s", error)
            return None
