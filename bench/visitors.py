# SPDX-License-Identifier: EUPL-1.2
"""Visitors of the portal: each has a connection that is kept alive, a session, and time to read."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage, HTTPResponse
from urllib.parse import urlencode

SESSION = "varmentaja_portal_session"
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Visitor:
    """A browser without a window."""

    def __init__(self, port: int, session: str = "") -> None:
        self.port = port
        self._connection = HTTPConnection("localhost", port, timeout=60)
        self._cookies = {SESSION: session} if session else {}

    @property
    def cookies(self) -> str:
        """As they are sent."""
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    def get(self, path: str) -> str:
        """A page, which must be there, or the one to which it leads; not the one of sign-in."""
        status, answered, content = self._ask("GET", path, {})
        if status == 302 and "/sign-in/" not in answered["Location"]:
            return self.get(answered["Location"])
        if status != 200:
            raise RuntimeError(f"{path}: {status}")
        return content

    def hidden(self, path: str) -> dict[str, str]:
        """What the forms of a page send along unseen."""
        return dict(_HIDDEN.findall(self.get(path)))

    def post(self, path: str, fields: Mapping[str, str]) -> str:
        """Send a form; the address that the answer leads to."""
        headers = {**_FORM, "Origin": f"http://localhost:{self.port}"}
        status, answered, content = self._ask("POST", path, headers, urlencode(fields))
        if status != 302:
            raise RuntimeError(f"{path}: {status} {content[-2000:]}")
        return answered["Location"]

    def _ask(
        self, method: str, path: str, headers: dict[str, str], body: str | None = None
    ) -> tuple[int, HTTPMessage, str]:
        answer = self._answer(method, path, {**headers, "Cookie": self.cookies}, body)
        content = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer.status, answer.headers, content

    def _answer(self, method: str, path: str, headers: dict[str, str], body: str | None) -> HTTPResponse:
        """A connection that the server has closed meanwhile is opened anew, as browsers do."""
        try:
            self._connection.request(method, path, body, headers)
            return self._connection.getresponse()
        except ConnectionError:
            self._connection.close()
            self._connection.request(method, path, body, headers)
            return self._connection.getresponse()


Click = Callable[[], object]


@dataclass(frozen=True)
class User:
    """Somebody who goes from page to page."""

    visitor: Visitor
    pages: Mapping[str, Click]
    """How this user comes to each page."""
    paths: Sequence[str]
    """Some of these pages, for those who ask without reading."""


@dataclass(frozen=True)
class Visit:
    """One page that was asked for."""

    page: str
    milliseconds: float
    """From the click to the last octet of the answer."""


def visit(users: Sequence[User], seconds: float, reading: tuple[float, float]) -> list[Visit]:
    """All users at once for so long; each reads a page for some time between these two (seconds)."""
    with ThreadPoolExecutor(len(users)) as pool:
        until = time.monotonic() + seconds
        running = [pool.submit(_use, user, number, until, reading) for number, user in enumerate(users)]
        return [each for one in running for each in one.result()]


def _use(user: User, number: int, until: float, reading: tuple[float, float]) -> list[Visit]:
    chance = random.Random(number)  # noqa: S311  the same ways in every run
    pages = list(user.pages.items())
    visits = []
    time.sleep(chance.uniform(0, reading[1]))  # not all in the same moment
    while time.monotonic() < until:
        name, click = chance.choice(pages)
        begun = time.perf_counter()
        click()
        visits.append(Visit(name, (time.perf_counter() - begun) * 1000))
        time.sleep(chance.uniform(*reading))
    return visits
