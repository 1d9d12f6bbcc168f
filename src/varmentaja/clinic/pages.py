# SPDX-License-Identifier: EUPL-1.2
"""The clinic's pages: sign in, write a prescription, sign it as CDA and as paper, check any document."""

from __future__ import annotations

import base64
import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from varmentaja.clinic.clock import in_finland
from varmentaja.clinic.http import COOKIE, Request, Response, redirect
from varmentaja.clinic.inspection import LARGEST, Form, inspect
from varmentaja.clinic.prescription import LONGEST, OPTIONAL, Prescription, check_prescriber, read_form
from varmentaja.clinic.records import Records
from varmentaja.clinic.rendering import asset, render
from varmentaja.clinic.sessions import Session, Sessions
from varmentaja.clinic.signing import Signing
from varmentaja.clinic.texts import LANGUAGES, best_language, say
from varmentaja.domain.errors import DomainError, Kind, Message, invalid, not_allowed, not_found
from varmentaja.relying_party import CardIdentity, RelyingParty, UsedOnce, read_answer
from varmentaja.relying_party.page import Usage, page_texts

_STATUS = {
    Kind.INVALID: 422,
    Kind.NOT_FOUND: 404,
    Kind.NOT_ALLOWED: 403,
    Kind.CONFLICT: 409,
    Kind.UNAVAILABLE: 503,
}
_DOWNLOADS = {
    "prescription.pdf": (Form.PDF, "application/pdf"),
    "prescription.xml": (Form.CDA, "application/xml"),
}


@dataclass(frozen=True, slots=True)
class _Visit:
    """One request: in which language, of which session, to which page."""

    request: Request
    language: str
    path: tuple[str, ...]
    session: Session
    now: datetime

    def url(self, *path: str) -> str:
        """Address of another page in the same language."""
        return "/".join(("", self.language, *path)) + ("" if path else "/")


_View = Callable[[_Visit], Response]


class Pages:
    """The site as an app: ``handle(request)``."""

    def __init__(
        self, party: RelyingParty, records: Records, scs: tuple[str, ...], links: Mapping[str, str]
    ) -> None:
        self._party = party
        self._records = records
        self._signing = Signing(party, records)
        self._sessions = Sessions(party)
        self._used = UsedOnce()
        self._scs = scs
        self._links = links

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        if request.path.startswith("/assets/"):
            return asset(request)
        language, *path = request.path.strip("/").split("/")
        if language not in LANGUAGES:
            if request.path != "/":
                return Response(b"Not found.\n", "text/plain", 404)
            return redirect(f"/{best_language(request.language)}/")
        now = datetime.now(UTC)
        try:
            session, trouble = self._sessions.of(request.session, now=now), None
        except DomainError as error:
            session, trouble = self._sessions.of("", now=now), error
        visit = _Visit(request, language, tuple(path), session, now)
        if trouble is not None:
            return self._page(visit, "sign_in.html", trouble, scs=self._challenge(visit))
        try:
            return self._view(visit)(visit)
        except DomainError as error:
            return self._page(visit, "trouble.html", error)

    def _view(self, visit: _Visit) -> _View:
        match (visit.request.method, *visit.path):
            case ("GET" | "HEAD",):
                return self._front
            case ("POST", "sign-in"):
                return self._sign_in
            case ("POST", "sign-out"):
                return self._sign_out
            case ("GET" | "HEAD" | "POST", "prescriptions", "new"):
                return self._write
            case ("GET" | "HEAD", "prescriptions", _):
                return self._prescription
            case ("POST", "prescriptions", _, ("document" | "paper")):
                return self._sign
            case ("GET" | "HEAD", "prescriptions", _, ("prescription.pdf" | "prescription.xml")):
                return self._download
            case ("GET" | "HEAD" | "POST", "check"):
                return self._check
        raise not_found("There is no such page.")

    def _front(self, visit: _Visit) -> Response:
        who = visit.session.identity
        if who is None:
            return self._page(visit, "sign_in.html", scs=self._challenge(visit))
        rows = [(each, self._records.signed(each.id, Form.PDF) is not None) for each in self._records.of(who)]
        return self._page(visit, "front.html", rows=rows)

    def _sign_in(self, visit: _Visit) -> Response:
        form, session = visit.request.form, visit.session
        try:
            content = _decoded(form.get("content", ""))
            answer = read_answer(form.get("answer", ""))
            person = self._party.sign_in(content, answer, now=visit.now, session=session.id)
            self._used.use(person.nonce, now=visit.now)
        except DomainError as error:
            return self._page(visit, "sign_in.html", error, scs=self._challenge(visit))
        opened = self._sessions.sign_in(session, person, now=visit.now)
        return _with_cookie(redirect(visit.url()), opened)

    def _sign_out(self, visit: _Visit) -> Response:
        self._sessions.end(visit.session)
        return redirect(visit.url())

    def _write(self, visit: _Visit) -> Response:
        who = _signed_in(visit)
        check_prescriber(who)
        if visit.request.method != "POST":
            return self._form(visit, dict.fromkeys(LONGEST, ""), {})
        values, errors = read_form(visit.request.form)
        if errors:
            return self._form(visit, values, errors)
        today = in_finland(visit.now).date()
        prescription = Prescription(str(uuid.uuid4()), today, who, **values)
        self._records.add(prescription)
        return redirect(visit.url("prescriptions", prescription.id))

    def _form(self, visit: _Visit, values: Mapping[str, str], errors: Mapping[str, Message]) -> Response:
        fields = [(name, values[name], errors.get(name), name in OPTIONAL) for name in LONGEST]
        page = self._page(visit, "write.html", fields=fields, errors=errors, longest=LONGEST)
        return Response(page.body, page.content_type, 422 if errors else 200, page.headers)

    def _prescription(self, visit: _Visit, error: DomainError | None = None) -> Response:
        who = _signed_in(visit)
        prescription = self._records.get(visit.path[1], who)
        documents = {form: self._records.signed(prescription.id, form) for form in (Form.CDA, Form.PDF)}
        found = {
            form: inspect(document, self._party, now=visit.now, vouched=True)
            for form, document in documents.items()
            if document is not None
        }
        scs, signed_at = None, ""
        if Form.CDA not in found:
            assert visit.session.person is not None
            asked = self._signing.document(prescription, visit.session.person.certificate, visit.now)
            scs = self._ask(visit, asked.content, "nonRepudiation", asked.scs_hash)
            signed_at = asked.signed_at.isoformat()
        elif Form.PDF not in found:
            paper = self._signing.paper(prescription, found[Form.CDA], visit.language, visit.now)
            visit.session.papers[prescription.id] = paper
            scs = self._ask(visit, paper.signed_attributes, "nonRepudiation", paper.method.scs_hash)
        return self._page(
            visit,
            "prescription.html",
            error,
            prescription=prescription,
            found={form.value: each for form, each in found.items()},
            scs=scs,
            signed_at=signed_at,
            action=visit.url("prescriptions", prescription.id, "paper" if found else "document"),
        )

    def _sign(self, visit: _Visit) -> Response:
        who = _signed_in(visit)
        prescription = self._records.get(visit.path[1], who)
        form = visit.request.form
        try:
            answer = read_answer(form.get("answer", ""))
            if visit.path[2] == "document":
                self._signing.accept_document(prescription, answer, form.get("signed_at", ""), visit.now)
            else:
                paper = visit.session.papers.pop(prescription.id, None)
                self._signing.accept_paper(prescription, answer, paper, visit.now)
        except DomainError as error:
            return self._prescription(visit, error)
        return redirect(visit.url("prescriptions", prescription.id))

    def _download(self, visit: _Visit) -> Response:
        prescription = self._records.get(visit.path[1], _signed_in(visit))
        form, kind = _DOWNLOADS[visit.path[2]]
        document = self._records.signed(prescription.id, form)
        if document is None:
            raise not_found("This prescription has not been signed yet.")
        disposition = "inline" if form is Form.PDF else "attachment"
        return Response(
            document, kind, headers=(("Content-Disposition", f'{disposition}; filename="{visit.path[2]}"'),)
        )

    def _check(self, visit: _Visit) -> Response:
        if visit.request.method != "POST":
            return self._page(visit, "check.html", found=None)
        document = visit.request.files.get("document", b"")
        try:
            if not document:
                raise invalid("Choose a file first.")
            if len(document) > LARGEST:
                raise invalid("The file is larger than %(most)s MB.", most=LARGEST >> 20)
            found = inspect(document, self._party, now=visit.now)
        except DomainError as error:
            return self._page(visit, "check.html", error, found=None)
        return self._page(visit, "check.html", found=found)

    def _challenge(self, visit: _Visit) -> Mapping[str, Any]:
        challenge = self._party.challenge(now=visit.now, random=os.urandom, session=visit.session.id)
        return self._ask(visit, challenge.content, "digitalSignature", "SHA256")

    def _ask(self, visit: _Visit, content: bytes, usage: Usage, scs_hash: str) -> Mapping[str, Any]:
        """What the page's form tells scs.js."""
        return {
            "addresses": " ".join(self._scs),
            "content": base64.b64encode(content).decode(),
            "usage": usage,
            "hash": scs_hash,
            "texts": {state: say(text, visit.language) for state, text in page_texts(usage).items()},
        }

    def _page(
        self, visit: _Visit, template: str, error: DomainError | None = None, **context: Any
    ) -> Response:
        who = visit.session.identity
        html = render(
            template,
            visit.language,
            path="/".join(visit.path) if visit.request.method != "POST" else _page_of(visit.path),
            who=who,
            error=error,
            url=visit.url,
            **self._links,
            **context,
        )
        status = _STATUS[error.kind] if error else 200
        return _with_cookie(Response(html, status=status), visit.session)


def _page_of(path: tuple[str, ...]) -> str:
    """Where the language menu leads from a page that answers a form."""
    match path:
        case ("prescriptions", record, _):
            return f"prescriptions/{record}"
        case ("sign-in" | "sign-out",):
            return ""
    return "/".join(path)


def _signed_in(visit: _Visit) -> CardIdentity:
    who = visit.session.identity
    if who is None:
        raise not_allowed("Sign in first.")
    return who


def _with_cookie(response: Response, session: Session) -> Response:
    cookie = f"{COOKIE}={session.id}; Path=/; HttpOnly; SameSite=Lax"
    headers = (*response.headers, ("Set-Cookie", cookie))
    return Response(response.body, response.content_type, response.status, headers)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise invalid("The page's form came back damaged. Try again.") from None
