# SPDX-License-Identifier: EUPL-1.2
"""The national code server over its REST interface, v6 (``/classifications/{oid}/conceptcodes``)."""

from __future__ import annotations

from typing import Any

import httpx
import stamina

from varmentaja.adapters.code_server.answer import PAGE_SIZE, Page, read_page
from varmentaja.domain.errors import not_found, unavailable
from varmentaja.ports.code_server import CodeSet, Concept

ADDRESS = "https://koodistopalvelu.kanta.fi/codeserver/csapi/v6"
"""The production server; it asks for no authentication."""


class HttpCodeServer:
    """Implements ports.code_server.CodeServer."""

    def __init__(self, address: str = ADDRESS, *, timeout: float = 10.0, attempts: int = 3) -> None:
        """``timeout`` in seconds for each page; ``attempts`` for each page when the server is in trouble."""
        self._address = address.rstrip("/")
        self._client = httpx.Client(timeout=timeout, headers={"Accept": "application/json"})
        self._attempts = attempts

    def code_set(self, oid: str, *, request_id: str) -> CodeSet:
        """See the port."""
        concepts: list[Concept] = []
        number, pages = 1, 1
        while number <= pages:
            page = self._page(oid, number, request_id)
            concepts += page.concepts
            number, pages = number + 1, page.total_pages
        if len({concept.code for concept in concepts}) != page.total_items:
            raise unavailable("The code server left out part of a code set. Try again later.")
        return CodeSet(oid, tuple(concepts))

    def _page(self, oid: str, number: int, request_id: str) -> Page:
        try:
            for attempt in stamina.retry_context(on=_worth_retrying, attempts=self._attempts, wait_max=1.0):
                with attempt:
                    return read_page(self._get(oid, number, request_id))
        except httpx.HTTPStatusError as error:
            if error.response.status_code == httpx.codes.NOT_FOUND:
                raise not_found("The code server has no code set %(oid)s.", oid=oid) from error
            raise unavailable("The code server does not answer. Try again later.") from error
        except httpx.HTTPError as error:
            raise unavailable("The code server does not answer. Try again later.") from error
        except ValueError as error:
            raise unavailable(
                "The code server gave an answer that can't be understood. Try again later."
            ) from error
        raise AssertionError("retry_context ends by an answer or an error")

    def _get(self, oid: str, number: int, request_id: str) -> Any:
        answer = self._client.get(
            f"{self._address}/classifications/{oid}/conceptcodes",
            params={"pageSize": PAGE_SIZE, "page": number},
            headers={"X-Request-Id": request_id},
        )
        answer.raise_for_status()
        return answer.json()


def _worth_retrying(error: Exception) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.is_server_error
    return isinstance(error, httpx.TransportError)
