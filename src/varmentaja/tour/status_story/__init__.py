# SPDX-License-Identifier: EUPL-1.2
"""The story of the status services: published, asked in every way, revoked and seen everywhere, cut off from
their publisher, guarded from a fault in the records, and observed from outside."""

from __future__ import annotations

from varmentaja.tour.card import application, evidence, mailbox, signing_in
from varmentaja.tour.engine import Step
from varmentaja.tour.status_story import asking, gate, outages, revoking
from varmentaja.tour.status_story.story import StatusStory, open_story

__all__ = ["STEPS", "open_story"]

STEPS: tuple[Step[StatusStory], ...] = (
    Step("The registrar signs in with a personnel card and PIN 1", signing_in.registrar_signs_in),
    Step("Hundreds of other cards are in use", gate.crowd_is_published),
    Step("A physician applies for a card; approved", application.apply_for_hero),
    Step("The card is made and posted", mailbox.card_comes),
    Step("The status of its certificates is published", asking.is_published),
    Step("OpenSSL asks by POST and GET: good", asking.openssl_says_good),
    Step("GnuTLS asks: good", asking.gnutls_says_good),
    Step("The online responder answers with the nonce, and about several at once", asking.nonce_comes_back),
    Step("OpenSSL verifies with the revocation list and its delta: good", asking.lists_say_good),
    Step("An officer signs in", signing_in.officer_signs_in),
    Step(
        "The officer revokes the card by the telephone form; it shows everywhere",
        revoking.revoke_by_telephone,
    ),
    Step("Everybody who asks is told: revoked", asking.everybody_says_revoked),
    Step("The directory lists it, too", revoking.directory_lists_it),
    Step("Worker and database stop: the status services go on", outages.answers_without_publisher),
    Step(
        "A fault marks every card as revoked: the gate holds it, the office is alarmed", gate.poison_is_held
    ),
    Step("Relying parties are told the truth still", gate.old_set_stays),
    Step("The records are put right: the next publication passes", gate.mended_records_pass),
    Step("The responder stops: the observer alarms, until it is back", outages.observer_alarms),
    Step("The audit trail is proved", evidence.audit_is_clean),
)
