# SPDX-License-Identifier: EUPL-1.2
"""The story of a professional card: applied for, made, activated, used, lost, and refused by everybody."""

from __future__ import annotations

from varmentaja.tour.card import (
    activation,
    application,
    evidence,
    holder,
    mailbox,
    office,
    sandbox,
    signing_in,
    trust,
)
from varmentaja.tour.card.story import Story, open_story
from varmentaja.tour.engine import Step

__all__ = ["STEPS", "open_story"]

STEPS: tuple[Step[Story], ...] = (
    Step("The registrar signs in with a personnel card and PIN 1", signing_in.registrar_signs_in),
    Step("A physician applies for a card, with a photograph; approved", application.apply_for_hero),
    Step("A nurse whose right has ended is refused, with the reason", application.is_refused),
    Step("Another physician applies, without a photograph", application.apply_for_other),
    Step("The card is made and posted", mailbox.card_comes),
    Step("So is the other one", mailbox.other_card_comes),
    Step("Days pass until the code letter has been delivered", sandbox.days_pass),
    Step("The holder reads the code from the letter", mailbox.read_code),
    Step("The holder activates the card: a wrong code first, then the right one", activation.activate),
    Step("The holder signs in with the new card and PIN 1", signing_in.holder_signs_in),
    Step("The card's time line", holder.reads_time_line),
    Step("OpenSSL verifies the certificate's path with its revocation lists", trust.verify_path),
    Step("OpenSSL asks for the status: good", trust.is_good),
    Step("The holder signs a document with PIN 2", holder.signs_document),
    Step("OpenSSL verifies the signed document", holder.verifies_document),
    Step("The holder reports the card lost in the open session", holder.reports_loss),
    Step("OpenSSL asks for the status: revoked", trust.is_revoked),
    Step("Sign-in with the lost card is refused", signing_in.sign_in_is_refused),
    Step("An officer signs in", signing_in.officer_signs_in),
    Step("The officer finds the person by registration number", office.find_by_registration_number),
    Step("The officer revokes the other card by the telephone form", office.revoke_by_telephone),
    Step("The audit trail is proved", evidence.audit_is_clean),
)
