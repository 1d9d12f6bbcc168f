# SPDX-License-Identifier: EUPL-1.2
"""The virtual reader's own pages: the reader with its cards, the PIN pad, and the forms that set PINs.

They live on an origin of their own, away from the pages that ask for signatures. Every change is a POST from
this origin with a one-time token; there is no CORS, nothing may frame the pages, and their cookie has a name
of its own because cookies do not tell ports apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from varmentaja.card.driver import CodeLocked, PinRole
from varmentaja.domain.errors import DomainError, Message, message, not_found
from varmentaja.domain.pins import EASY_STEPS
from varmentaja.reader import forms
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.diagnosis import end_warning, worst
from varmentaja.reader.events import Events
from varmentaja.reader.examination import examine, see_slot, standings
from varmentaja.reader.http import HTTP_STATUS, Request, Response, json_response
from varmentaja.reader.observed import Standing
from varmentaja.reader.pad import Pad
from varmentaja.reader.prompts import PinAnswer
from varmentaja.reader.rendering import render
from varmentaja.reader.report import CHECK_NAMES, OUTCOME_NAMES, status_of, to_copy
from varmentaja.reader.right_to_use import ending
from varmentaja.reader.service_link import ServiceLink
from varmentaja.reader.static import static_file
from varmentaja.reader.texts import LANGUAGES, best_language, say
from varmentaja.reader.tokens import FormTokens
from varmentaja.reader.virtual_reader import VirtualReader

COOKIE = "varmentaja_reader"
_EVENT_WAIT = 25.0

_PROTECTION = (
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)

_DONE = {
    "activate": message(
        "The card is activated. You can now sign in with PIN 1 and sign documents with PIN 2."
    ),
    "change": message("The PIN has been changed."),
    "unlock": message("The new PIN is in use."),
    "verify": message("The PIN is right."),
}


@dataclass(frozen=True, slots=True)
class _Visit:
    """One request to a page: in which language, of which session, with what form."""

    language: str
    path: tuple[str, ...]
    session: str
    form: Mapping[str, str]
    done: str = ""


class Pages:
    """The pages as an app: ``handle(request)``."""

    def __init__(self, reader: VirtualReader, pad: Pad, events: Events, service: ServiceLink) -> None:
        self._reader = reader
        self._service = service
        self._pad = pad
        self._events = events
        self._tokens = FormTokens()

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        if request.path.startswith("/assets/"):
            return static_file(request)
        if request.path == "/events" and request.method == "GET":
            return self._events_after(request)
        language, *path = request.path.strip("/").split("/")
        if language not in LANGUAGES:
            language = best_language(request.headers.get("accept-language", ""))
            return _redirect(f"/{language}/") if request.path == "/" else Response(404, b"Not found.\n")
        session = self._tokens.session(_cookie(request))
        visit = _Visit(language, tuple(path), session, _form(request), request.query)
        if request.method == "POST":
            return self._post(request, visit)
        if request.method in ("GET", "HEAD"):
            return self._get(visit)
        return Response(405, b"Use GET or POST.\n")

    def _events_after(self, request: Request) -> Response:
        after = parse_qs(request.query).get("after", [""])[0]
        number = self._events.wait(int(after), _EVENT_WAIT) if after.isdigit() else self._events.number
        pending = self._pad.pending
        return json_response({"number": number, "asked": pending.number if pending else None})

    def _get(self, visit: _Visit) -> Response:
        try:
            if visit.path == ():
                return self._front(visit)
            if len(visit.path) == 2 and visit.path[1] == "diagnosis":
                return self._diagnosis(visit, visit.path[0])
            if len(visit.path) == 2 and visit.path[1] == "statuses":
                return self._statuses(visit, visit.path[0])
            if len(visit.path) == 2 and visit.path[1] == "picture":
                return self._picture(visit.path[0])
            return self._form_page(visit, self._form(visit.path), None)
        except DomainError as error:
            return self._front(visit, error.message, HTTP_STATUS[error.kind])

    def _diagnosis(self, visit: _Visit, name: str) -> Response:
        """What is wrong with the card in a slot, and the report to copy."""
        slot = self._reader.slot(name)
        diagnosis = examine(see_slot(self._reader, slot), self._service, now=datetime.now(UTC))
        return self._page(
            visit,
            "diagnosis.html",
            200,
            slot=slot,
            diagnosis=diagnosis,
            report=to_copy(diagnosis, visit.language),
            worst=worst(list(diagnosis.findings)),
            check_names=CHECK_NAMES,
            outcome_names=OUTCOME_NAMES,
        )

    def _statuses(self, visit: _Visit, name: str) -> Response:
        """How each certificate of the card in a slot stands now, by use; its issuer is asked."""
        card, now = self._reader.card_in(name), datetime.now(UTC)
        said = standings(card, self._service, now=now)
        statuses = {}
        for certificate in card.certificates:
            standing = Standing(said[certificate.role])
            is_good, words = status_of(certificate.valid_from, certificate.valid_until, standing, now)
            kind = {True: "good", False: "bad", None: ""}[is_good]
            statuses[certificate.role.value] = {"kind": kind, "words": say(words, visit.language)}
        return json_response(statuses)

    def _picture(self, slot: str) -> Response:
        """The face of the card in a slot, as its maker drew it."""
        path = self._reader.slot(slot).picture
        if path is None or not path.is_file():
            raise not_found("There is no such page.")
        kind = "image/svg+xml" if path.suffix == ".svg" else "image/png"
        return Response(200, path.read_bytes(), kind, _PROTECTION)

    def _post(self, request: Request, visit: _Visit) -> Response:
        if request.headers.get("origin") not in _own_origins(request.port):
            return Response(403, b"This form belongs to another website.\n")
        if not self._tokens.use(visit.session, visit.form.get("token", "")):
            return self._front(visit, message("This page was out of date. Try again."), 403)
        try:
            return self._do(visit)
        except DomainError as error:
            return self._front(visit, error.message, HTTP_STATUS[error.kind])

    def _do(self, visit: _Visit) -> Response:
        form = visit.form
        match visit.path:
            case ("insert",):
                slot = self._reader.insert(form.get("slot", ""), form.get("card", ""))
                if slot.card and slot.card.contents.can_be_activated and not slot.card.refusal:
                    return _redirect(f"/{visit.language}/{slot.name}/activate")
            case ("pull",):
                self._reader.pull(form.get("slot", ""))
            case ("pin",):
                choice = form.get("choice", "0")
                answer = PinAnswer(int(choice) if choice.isdigit() else -1, form.get("pin", ""))
                self._pad.answer(form.get("number", ""), answer)
            case ("cancel",):
                self._pad.cancel(form.get("number", ""))
            case _:
                return self._submit(visit)
        return _redirect(f"/{visit.language}/")

    def _submit(self, visit: _Visit) -> Response:
        card, form = self._form(visit.path)
        try:
            form.submit(card, visit.form)
        except DomainError as error:
            if not card.is_present:
                raise
            return self._form_page(visit, (card, self._form(visit.path)[1]), error)
        self._events.happened()
        return _redirect(f"/{visit.language}/?{visit.path[1]}")

    def _form(self, path: tuple[str, ...]) -> tuple[InsertedCard, forms.PinForm]:
        """The form that a path names, for the card in the slot that it names."""
        match path:
            case (slot, "activate"):
                card = self._card_with_code(slot)
                return card, forms.activation(card)
            case (slot, "change", ("pin1" | "pin2") as role):
                card = self._reader.card_in(slot)
                return card, forms.change(card, PinRole(role))
            case (slot, "verify", ("pin1" | "pin2") as role):
                card = self._reader.card_in(slot)
                return card, forms.verify(card, PinRole(role))
            case (slot, "unlock", ("pin1" | "pin2") as role):
                card = self._card_with_code(slot)
                return card, forms.unlock(card, PinRole(role))
        raise not_found("There is no such page.")

    def _card_with_code(self, slot: str) -> InsertedCard:
        """The card in a slot; raises CodeLocked where its code sets no PIN any more."""
        card = self._reader.card_in(slot)
        if card.contents.is_code_locked:
            raise CodeLocked
        return card

    def _front(self, visit: _Visit, error: Message | None = None, status: int = 200) -> Response:
        try:
            beside, host_error = self._reader.beside(), None
        except DomainError as unavailable:
            beside, host_error = (), unavailable.message
        return self._page(
            visit,
            "reader.html",
            status,
            slots=self._reader.slots,
            beside=beside,
            host_error=host_error,
            pending=self._pad.pending,
            done=_DONE.get(visit.done),
            error=error,
            events=self._events.number,
            tries_text=forms.tries_text,
            pin_text=forms.pin_text_of,
            code_locked=CodeLocked().message,
            ending=partial(ending, now=datetime.now(UTC)),
            end_warning=partial(end_warning, moment=datetime.now(UTC)),
        )

    def _form_page(
        self, visit: _Visit, wanted: tuple[InsertedCard, forms.PinForm], error: DomainError | None
    ) -> Response:
        card, form = wanted
        status = HTTP_STATUS[error.kind] if error else 200
        return self._page(
            visit,
            "pin_form.html",
            status,
            card=card,
            form=form,
            error=error,
            words={name: say(text, visit.language) for name, text in forms.WORDS.items()},
            easy_steps=EASY_STEPS,
        )

    def _page(self, visit: _Visit, template: str, status: int, **context: Any) -> Response:
        html = render(
            template,
            visit.language,
            path="/".join(visit.path),
            token=lambda: self._tokens.issue(visit.session),
            **context,
        )
        cookie = f"{COOKIE}={visit.session}; Path=/; HttpOnly; SameSite=Lax"
        return Response(status, html, "text/html; charset=utf-8", (*_PROTECTION, ("Set-Cookie", cookie)))


def _redirect(path: str) -> Response:
    return Response(303, headers=(("Location", path), *_PROTECTION))


def _own_origins(port: int) -> tuple[str, ...]:
    return (f"http://127.0.0.1:{port}", f"http://localhost:{port}")


def _cookie(request: Request) -> str | None:
    try:
        morsel = SimpleCookie(request.headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel else None


def _form(request: Request) -> Mapping[str, str]:
    """The form's values; one value for each name."""
    if request.method != "POST" or not request.body:
        return {}
    fields = parse_qs(request.body.decode("utf-8", "replace"), max_num_fields=50)
    return {name: values[0].strip() for name, values in fields.items()}
