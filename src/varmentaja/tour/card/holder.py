# SPDX-License-Identifier: EUPL-1.2
"""The holder's own pages: the card's time line, a signed document, and the loss of the card."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from varmentaja.tour import openssl
from varmentaja.tour.card.people import name_of
from varmentaja.tour.card.story import Story
from varmentaja.tour.card.trust import measure_revocation
from varmentaja.tour.engine import Facts, StepFailed
from varmentaja.tour.reader import sign_page

MY_CARD = "/en/my-card/"
TEXT = "I have read the rules of the ward.\nSigned with PIN 2."


def reads_time_line(story: Story) -> Facts:
    """Every step of the card's way stands on the page, and its certificates by their serial numbers."""
    page = story.holder.open(MY_CARD).expect(story.her_papers.serial.lower())
    steps = page.page.xpath("//*[contains(@class, 'timeline')]//li")
    if not steps:
        raise StepFailed(f"{page.url}: there is no time line:\n{page.text}")
    return {"time line": "; ".join(" ".join(step.text_content().split()) for step in steps)}


def signs_document(story: Story) -> Facts:
    """Typed in, signed with PIN 2; the portal stores it only when the signature is right."""
    page = story.holder.open(f"{MY_CARD}documents/new/").submit({"title": "Rules of the ward", "text": TEXT})
    certificate = x509.load_der_x509_certificate(sign_page(page, story.reader, story.her_card))
    page.expect("The signature is valid")
    story.document = page.url
    return {"document": page.url, "serial": f"{certificate.serial_number:X}"}


def verifies_document(story: Story) -> Facts:
    """Anybody can, with the three files that the page offers: ``openssl dgst -verify``."""
    files = {part: _save(story, part) for part in ("document", "signature", "certificate")}
    if files["document"].read_text("utf-8") != TEXT:
        raise StepFailed("the document is not as it was written")
    certificate = x509.load_pem_x509_certificate(files["certificate"].read_bytes())
    key = story.folder / "signer-key.pem"
    key.write_bytes(certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    if not openssl.signature_is_good(files["document"], files["signature"], key, "sha256"):
        raise StepFailed("openssl dgst does not verify the signature")
    return {"openssl dgst": "Verified OK", "signer": certificate.subject.rfc4514_string()}


def reports_loss(story: Story) -> Facts:
    """From the open session, which ends with the certificate; relying parties learn of it at once."""
    page = story.holder.open(MY_CARD).follow("Report the card lost or give it up")
    facts = measure_revocation(story.her_papers, lambda: page.submit({"ground": "lost"}))
    page.expect("The card has been stopped")
    page.open(MY_CARD)
    if "/sign-in/" not in page.url:
        raise StepFailed(f"{page.url}: the session of {name_of(story.hero)} did not end")
    return {**facts, "session": "ended", "serial": story.her_papers.serial}


def _save(story: Story, part: str) -> Path:
    file = story.folder / part
    file.write_bytes(story.holder.download(f"{story.document}{part}/"))
    return file
