# SPDX-License-Identifier: EUPL-1.2
"""The story of the card reader: a card is activated, signs in here and in a clinic, and signs a prescription
that programs of others verify."""

from __future__ import annotations

from varmentaja.tour.card import activation, application, holder, mailbox, sandbox, signing_in
from varmentaja.tour.engine import Step
from varmentaja.tour.reader_story import clinic, verifiers
from varmentaja.tour.reader_story.story import ReaderStory, open_story

__all__ = ["STEPS", "open_story"]

STEPS: tuple[Step[ReaderStory], ...] = (
    Step("The registrar signs in with a personnel card and PIN 1", signing_in.registrar_signs_in),
    Step("A physician applies for a card; approved", application.apply_for_hero),
    Step("The card is made and posted", mailbox.card_comes),
    Step("Days pass until the code letter has been delivered", sandbox.days_pass),
    Step("The physician reads the code from the letter", mailbox.read_code),
    Step("The physician activates the card: a wrong code first, then the right one", activation.activate),
    Step("The physician signs in to the certificate service through SCS", signing_in.holder_signs_in),
    Step("The physician signs in to the demo clinic, another website", clinic.signs_in),
    Step("A prescription with errors comes back with what was typed", clinic.makes_errors),
    Step("The physician writes a prescription", clinic.writes),
    Step("The physician signs the prescription with PIN 2", clinic.signs_document),
    Step("The physician signs its paper with PIN 2", clinic.signs_paper),
    Step("The PDF and the CDA R2 document are downloaded", clinic.downloads),
    Step("pdfsig verifies the PDF", verifiers.pdfsig),
    Step("xmlsec1 verifies the CDA R2 document", verifiers.xmlsec1),
    Step("The clinic tells anybody who signed the documents", clinic.tells_who_signed),
    Step("A changed document is refused", clinic.refuses_changed),
    Step("The card is reported lost", holder.reports_loss),
    Step("The session in the clinic ends with the certificate", clinic.session_ends),
    Step("The clinic tells that the signer's certificate is revoked", clinic.tells_of_revocation),
    Step("pdfsig says that the certificate is revoked", verifiers.pdfsig_of_revoked),
)
