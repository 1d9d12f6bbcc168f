# SPDX-License-Identifier: EUPL-1.2
"""A browser without a window: follows links and sends forms as the page has them, scripts aside."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urljoin

import httpx
from lxml import html

from varmentaja.http import own_client


class PageError(Exception):
    """The page was not what the story expects; the text says what stood there instead."""


class Browser:
    """One person's browser: cookies, the page that is open, and its forms."""

    def __init__(self, base_url: str) -> None:
        self._client = own_client(base_url=base_url, follow_redirects=True, timeout=30)
        self._page: html.HtmlElement | None = None
        self.url = base_url

    def close(self) -> None:
        """Forget the cookies and close the connections."""
        self._client.close()

    def open(self, path: str) -> Browser:
        """Go to an address."""
        return self._show(self._client.get(urljoin(self.url, path)))

    def submit(
        self,
        values: Mapping[str, str] | None = None,
        *,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        action_ends: str = "",
        button: tuple[str, str] | None = None,
    ) -> Browser:
        """Fill the page's main form and send it; ``action_ends`` tells forms apart."""
        form = self._form(action_ends)
        data = {name: value for name, value in form.fields.items() if value is not None and name}
        unknown = set(values or {}) - set(form.fields)
        if unknown:
            raise PageError(f"{self.url}: the form has no field {', '.join(sorted(unknown))}")
        data.update(values or {})
        if button:
            data[button[0]] = button[1]
        for name in files or {}:
            data.pop(name, None)
        target = urljoin(self.url, form.action or self.url)
        headers = {"Referer": self.url, "Origin": self.origin}
        return self._show(self._client.post(target, data=data, files=files, headers=headers))

    def follow(self, text: str) -> Browser:
        """Follow the first link whose text holds ``text``."""
        for link in self.page.iter("a"):
            if text in " ".join(link.text_content().split()):
                return self.open(link.get("href"))
        raise PageError(f"{self.url}: no link '{text}' on the page:\n{self.text}")

    def download(self, path: str) -> bytes:
        """Fetch a file with this person's session."""
        answer = self._client.get(urljoin(self.url, path))
        if answer.status_code != httpx.codes.OK:
            raise PageError(f"{path}: HTTP {answer.status_code}")
        return answer.content

    def field(self, name: str) -> str:
        """The value that a field of the page's forms holds now."""
        for form in self.page.forms:
            if name in form.fields:
                return str(form.fields[name] or "")
        raise PageError(f"{self.url}: no field {name}")

    def choices(self, name: str) -> list[str]:
        """The values that a field of choices offers."""
        return [str(value) for value in self.page.xpath("//input[@name=$name]/@value", name=name)]

    def expect(self, text: str) -> Browser:
        """Insist that the page says ``text``."""
        if text not in self.text:
            raise PageError(f"{self.url}: '{text}' is not on the page:\n{self.text}")
        return self

    def attribute(self, name: str) -> str:
        """The first ``data-…`` attribute of that name on the page."""
        found = self.page.xpath(f"//@{name}")
        if not found:
            raise PageError(f"{self.url}: no attribute {name}")
        return str(found[0])

    @property
    def origin(self) -> str:
        """The site of the open page, as a browser names it to others."""
        return _origin(self.url)

    @property
    def page(self) -> html.HtmlElement:
        """The page that is open."""
        if self._page is None:
            raise PageError("no page is open yet")
        return self._page

    @property
    def text(self) -> str:
        """What the main part of the page says, white space folded."""
        main = self.page.find(".//main")
        return " ".join((self.page if main is None else main).text_content().split())

    def _form(self, action_ends: str) -> html.FormElement:
        main = self.page.find(".//main")
        forms = [] if main is None else list(main.iter("form"))
        for form in forms:
            if (form.action or self.url).split("?")[0].endswith(action_ends):
                return form
        raise PageError(f"{self.url}: no form '{action_ends}' on the page:\n{self.text}")

    def _show(self, answer: httpx.Response) -> Browser:
        self.url = str(answer.url)
        self._page = html.fromstring(answer.content or b"<html/>")
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise PageError(f"{self.url}: HTTP {answer.status_code}: {self.text}")
        return self


def _origin(url: str) -> str:
    parts = httpx.URL(url)
    return f"{parts.scheme}://{parts.netloc.decode()}"
