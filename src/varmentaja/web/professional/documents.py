# SPDX-License-Identifier: EUPL-1.2
"""Documents: choose one, sign it with PIN 2, see that the signature holds, take the proof along."""

from __future__ import annotations

import shlex

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from varmentaja.apps.signatures.actions.read_documents import check_again, read_document, read_documents
from varmentaja.apps.signatures.actions.sign_document import sign_document
from varmentaja.apps.signatures.queries import DocumentFile
from varmentaja.domain.actors import Role
from varmentaja.domain.errors import DomainError, not_found
from varmentaja.relying_party import Refused
from varmentaja.ui.components import Cell, Column, Link, Stepper, Table
from varmentaja.web.access.forms import AnswerForm
from varmentaja.web.access.refusals import Trouble, trouble_of
from varmentaja.web.access.scs import may_ask_the_card, origin_of, scs_request
from varmentaja.web.professional.forms import DocumentForm
from varmentaja.web.professional.views import file_answer, pem
from varmentaja.web.session import actor_of, for_role


@never_cache
@for_role(Role.HOLDER)
def listing(request: HttpRequest) -> HttpResponse:
    """What the holder has signed, newest first."""
    rows: list[list[Cell]] = [
        [
            Link(line.title, reverse("professional:document", args=[line.document_id])),
            timezone.localdate(line.signed_at),
        ]
        for line in read_documents(actor_of(request))
    ]
    columns = [Column(pgettext("document", "Title")), Column(_("Signed"))]
    table = Table(_("Signed documents"), columns, rows, empty=_("You have signed no documents here."))
    return render(request, "professional/documents.html", {"table": table, "breadcrumb": _crumbs()[:1]})


@never_cache
@may_ask_the_card
@for_role(Role.HOLDER)
def new(request: HttpRequest) -> HttpResponse:
    """Choose the document. It is stored nowhere before it is signed: the next page carries it along."""
    form = DocumentForm(request.POST, request.FILES) if request.method == "POST" else DocumentForm()
    if form.is_valid():
        return _signing_page(request, form.cleaned_data["title"], form.content())
    values = {
        "form": form,
        "heading": _("Sign a document"),
        "stepper": _stepper(1),
        "back": reverse("professional:documents"),
        "breadcrumb": _crumbs(),
    }
    return render(request, "ui/form_page.html", values, status=400 if form.errors else 200)


@never_cache
@may_ask_the_card
@require_POST
@for_role(Role.HOLDER)
def sign(request: HttpRequest) -> HttpResponse:
    """Check the signature and store the document; whatever was answered, the document is not lost."""
    form, title = AnswerForm(request.POST), request.POST.get("title", "")[:200]
    carried = form.to_be_signed()
    if carried is None:
        messages.error(request, _("The page came without its document. Choose the document again."))
        return redirect("professional:new_document")
    try:
        content, answer = form.signed()
        actor, now = actor_of(request), timezone.now()
        document = sign_document(actor, origin_of(request), title, content, answer, now=now)
    except DomainError as error:
        return _signing_page(request, title, carried, trouble_of(error))
    return redirect("professional:document", document.pk)


@never_cache
@for_role(Role.HOLDER)
def document(request: HttpRequest, document_id: int) -> HttpResponse:
    """The document's signature, checked now, and how anybody else checks it."""
    found = read_document(actor_of(request), document_id)
    values = {"document": found, "command": _command(found), "breadcrumb": _crumbs()}
    try:
        values["verified"] = check_again(origin_of(request), found, now=timezone.now())
    except Refused as refusal:
        values["trouble"] = trouble_of(refusal)
    return render(request, "professional/document.html", values)


@never_cache
@for_role(Role.HOLDER)
def part(request: HttpRequest, document_id: int, part: str) -> HttpResponse:
    """One file of the proof: the document, the signature or the certificate."""
    found = read_document(actor_of(request), document_id)
    files = {
        "document": (found.content, file_name(found)),
        "signature": (found.signature, f"{file_name(found)}.sig"),
        "certificate": (pem(found.certificate), "certificate.pem"),
    }
    if part not in files:
        raise not_found("There is no such document.")
    return file_answer(*files[part])


def file_name(document: DocumentFile) -> str:
    """A name that every file system takes; the kind is seen from the content."""
    stem = slugify(document.title) or "document"
    if document.content.startswith(b"%PDF-"):
        return f"{stem}.pdf"
    try:
        document.content.decode()
    except UnicodeDecodeError:
        return f"{stem}.bin"
    return f"{stem}.txt"


def _command(document: DocumentFile) -> str:
    name = shlex.quote(file_name(document))
    digest = document.algorithm.partition("with")[0].replace("-", "").lower()
    return (
        "openssl x509 -in certificate.pem -pubkey -noout > signer-key.pem\n"
        f"openssl dgst -{digest} -verify signer-key.pem -signature {name}.sig {name}"
    )


def _signing_page(
    request: HttpRequest, title: str, content: bytes, trouble: Trouble | None = None
) -> HttpResponse:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = ""
    values = {
        "scs": scs_request(content, "nonRepudiation"),
        "fields": [("title", title)],
        "action": reverse("professional:sign_document"),
        "document_title": title,
        "text": text,
        "size": len(content),
        "stepper": _stepper(2),
        "trouble": trouble,
        "breadcrumb": _crumbs(),
    }
    return render(request, "professional/sign.html", values, status=trouble.status if trouble else 200)


def _stepper(current: int) -> Stepper:
    return Stepper([_("Document"), _("Signature")], current)


def _crumbs() -> list[Link]:
    return [
        Link(_("My card"), reverse("professional:front")),
        Link(_("Documents"), reverse("professional:documents")),
    ]
