# SPDX-License-Identifier: EUPL-1.2
"""The certificate service as this program reaches it: does it answer, what time is it, which versions may be
used, what is a certificate's status."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from varmentaja.card.generations import generation_of
from varmentaja.config import Settings
from varmentaja.domain.errors import DomainError, Message
from varmentaja.http import own_client
from varmentaja.pki.hierarchy import Hierarchy, load_hierarchy
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.version_manifest import LARGEST, Ruling, VersionList, program_version
from varmentaja.relying_party import AskOcsp, ocsp_over

VERSIONS_PATH = "/reader/versions.json"
TIMEOUT = 5.0

log = logging.getLogger(__name__)


class ServiceLink:
    """The way to one service. Nothing here raises: what cannot be had is None."""

    def __init__(
        self,
        portal: str | None = None,
        *,
        client: httpx.Client | None = None,
        hierarchy: Hierarchy | None = None,
        versions: VersionList | None = None,
        version: str | None = None,
    ) -> None:
        """``portal`` is the service's address without a slash at the end; ``version`` is this program's."""
        self.hierarchy = hierarchy
        self._portal = portal
        self._client = client or own_client(timeout=TIMEOUT)
        self._versions = versions
        self._version = version or program_version()

    @classmethod
    def of(cls, chosen: Settings) -> ServiceLink:
        """The service that the settings name, and the issuers whose certificates lie in its folder."""
        try:
            hierarchy = load_hierarchy(chosen.hierarchy_folder, production=not chosen.test_service)
        except DomainError as error:
            log.warning("no issuers are known: %s", error)
            hierarchy = None
        return cls(
            chosen.portal_address,
            hierarchy=hierarchy,
            versions=VersionList(chosen.reader / "versions.json", hierarchy) if hierarchy else None,
        )

    @property
    def ask(self) -> AskOcsp:
        """Asks an OCSP responder."""
        return ocsp_over(self._client)

    @property
    def has_address(self) -> bool:
        """Whether this program was told where the service is."""
        return self._portal is not None

    def look(self, *, now: datetime) -> tuple[bool, datetime | None]:
        """Whether the service answers, and its time; fetches the list of versions on the way."""
        answer = self._get(f"{self._portal}{VERSIONS_PATH}") if self._portal else None
        time = _date(answer)
        if answer is not None and answer.is_success:
            self._take(answer.content, now)
        if time is None and self.hierarchy is not None:
            # The responder tells the time too. Not its OCSP answers: they are signed hours before.
            time = _date(self._get(self.hierarchy.base_url))
        return answer is not None and not answer.is_server_error, time

    def ruling(self, generation: str | None) -> Ruling | None:
        """Whether this program may be used with a kind of chip; None while no list is known."""
        manifest = self._versions.current if self._versions else None
        return manifest.rule(generation, self._version) if manifest else None

    def refusal(self, card: InsertedCard) -> Message | None:
        """That this program is too old for a card, and where to get the newest; None when it is not."""
        ruling = self.ruling(generation_of(card.contents))
        return ruling.refusal if ruling else None

    def _get(self, url: str) -> httpx.Response | None:
        try:
            return self._client.get(url)
        except httpx.HTTPError as error:
            log.info("%s does not answer: %s", url, error)
            return None

    def _take(self, document: bytes, now: datetime) -> None:
        if self._versions is None:
            return
        try:
            if len(document) <= LARGEST:
                self._versions.take(document, now=now)
        except DomainError as error:
            log.warning("the service's list of versions is not believed: %s", error)


def _date(answer: httpx.Response | None) -> datetime | None:
    """The Date header of an answer (RFC 9110 section 6.6.1)."""
    if answer is not None:
        with suppress(KeyError, ValueError):
            return parsedate_to_datetime(answer.headers["date"]).astimezone(UTC)
    return None
