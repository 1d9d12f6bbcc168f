# SPDX-License-Identifier: EUPL-1.2
"""The physician in the clinic: signs in, writes, signs, and shows the documents to others."""

from __future__ import annotations

import time
from pathlib import Path

from cryptography import x509
from lxml import html

from varmentaja.tour.browser import Browser
from varmentaja.tour.engine import Facts, StepFailed
from varmentaja.tour.reader import sign_page
from varmentaja.tour.reader_story.story import ReaderStory

PRESCRIPTION = {
    "patient": "Oili Öinen",
    "identity_code": "010181-900C",
    "medicine": "Esimerkiini",
    "strength": "400 mg",
    "amount": "30 tablets",
    "dosage": "1 tablet 3 times a day",
    "purpose": "pain",
}
_SESSION_SECONDS = 5.0
"""From the revocation; the clinic asks for the status again every two seconds."""


def signs_in(story: ReaderStory) -> Facts:
    """With PIN 1; the clinic reads profession and numbers from the certificate alone."""
    page = story.at_clinic.open("/en/")
    sign_page(page, story.reader, story.her_card)
    page.expect("Your card says that you are").expect("Registration number")
    return {"clinic": page.origin, "read from the card": page.text.partition("Write")[0][-160:].strip()}


def makes_errors(story: ReaderStory) -> Facts:
    """An identity code of a real person's form, and no dosage."""
    typed = {**PRESCRIPTION, "identity_code": "010181-9999", "dosage": ""}
    page = story.at_clinic.open("/en/prescriptions/new").submit(typed)
    page.expect("There is a problem").expect("Enter how the medicine is taken.")
    if page.field("medicine") != typed["medicine"] or page.field("identity_code") != typed["identity_code"]:
        raise StepFailed(f"{page.url}: what was typed is gone")
    errors = page.page.xpath("//*[@id='error-summary']//li")
    return {"errors": "; ".join(each.text_content().strip() for each in errors)}


def writes(story: ReaderStory) -> Facts:
    """Corrected on the page that told of the errors."""
    page = story.at_clinic.submit(PRESCRIPTION).expect("Sign the prescription")
    return {"prescription": page.url}


def signs_document(story: ReaderStory) -> Facts:
    """The CDA R2 document."""
    certificate = x509.load_der_x509_certificate(sign_page(story.at_clinic, story.reader, story.her_card))
    story.at_clinic.expect("Sign the paper")
    return {"serial": f"{certificate.serial_number:X}"}


def signs_paper(story: ReaderStory) -> Facts:
    """The PDF."""
    sign_page(story.at_clinic, story.reader, story.her_card)
    story.at_clinic.expect("Both signatures are valid")
    return {"page": story.at_clinic.url}


def downloads(story: ReaderStory) -> Facts:
    """Both, by the page's own links."""
    story.pdf, story.cda = (_download(story, kind, name) for kind, name in _DOCUMENTS)
    return {file.name: f"{file.stat().st_size} bytes" for file in (story.pdf, story.cda)}


def tells_who_signed(story: ReaderStory) -> Facts:
    """On a page for anybody, from the uploaded bytes alone."""
    facts = {}
    for file in (story.signed(story.pdf), story.signed(story.cda)):
        page = _check(story, file.name, file.read_bytes())
        page.expect("The signature is valid").expect(story.hero.family_name)
        rows = page.page.xpath("(//dl)[1]/div")
        facts[file.name] = "; ".join(_told(row) for row in rows)
    return facts


def refuses_changed(story: ReaderStory) -> Facts:
    """One dose more, in both documents."""
    cda = story.signed(story.cda).read_bytes()
    changed = cda.replace(b"1 tablet 3 times", b"9 tablet 3 times")
    if changed == cda:
        raise StepFailed("the CDA document does not hold the dosage")
    pdf = bytearray(story.signed(story.pdf).read_bytes())
    pdf[pdf.index(b"stream") + 20] ^= 1
    for name, document in (("changed.xml", changed), ("changed.pdf", bytes(pdf))):
        page = _check(story, name, document)
        if "The signature is valid" in page.text or "There is a problem" not in page.text:
            raise StepFailed(f"{name} was accepted:\n{page.text}")
    return {"refused": "both"}


def session_ends(story: ReaderStory) -> Facts:
    """Nobody signs out; the clinic learns of it from the status service."""
    begun = time.monotonic()
    while time.monotonic() - begun < _SESSION_SECONDS:
        page = story.at_clinic.open("/en/")
        if "The certificate on the card has been revoked." in page.text:
            page.expect("Sign in with your card")
            return {"ended after": f"{time.monotonic() - begun:.1f} s"}
        time.sleep(0.2)
    raise StepFailed(f"the session goes on:\n{story.at_clinic.text}")


def tells_of_revocation(story: ReaderStory) -> Facts:
    """The document's own word about its time proves nothing to a stranger."""
    file = story.signed(story.pdf)
    page = _check(story, file.name, file.read_bytes())
    page.expect("the certificate is not accepted").expect("Revoked")
    return {"page": "The certificate on the card has been revoked."}


def _told(row: html.HtmlElement) -> str:
    return ": ".join(" ".join(part.text_content().split()) for part in row)


_DOCUMENTS = (("pdf", "prescription.pdf"), ("cda", "prescription.xml"))


def _download(story: ReaderStory, kind: str, name: str) -> Path:
    links = story.at_clinic.page.xpath("//a[@data-download=$kind]/@href", kind=kind)
    if not links:
        raise StepFailed(f"{story.at_clinic.url}: the page does not offer the {kind}")
    file = story.folder / name
    file.write_bytes(story.at_clinic.download(str(links[0])))
    return file


def _check(story: ReaderStory, name: str, document: bytes) -> Browser:
    page = story.at_clinic.open("/en/check")
    return page.submit(files={"document": (name, document, "application/octet-stream")}, action_ends="/check")
