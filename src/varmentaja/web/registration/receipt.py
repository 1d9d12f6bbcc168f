# SPDX-License-Identifier: EUPL-1.2
"""The receipt that applicant and registrar sign: in the applicant's language, whatever the page's."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import override

from varmentaja.apps.applications.queries import ApplicationFile
from varmentaja.documents.receipts import Receipt, application_receipt
from varmentaja.domain.applications import APPLICATION, ApplicationState
from varmentaja.domain.errors import conflict
from varmentaja.ports.connected import outside
from varmentaja.ui.translate import translated
from varmentaja.web.registration.texts import address_lines, document_text, product_name, right_title


def receipt_of(file: ApplicationFile) -> bytes:
    """The receipt as PDF; raises DomainError conflict for an application that has not been submitted."""
    decision, document = file.decision, file.document
    card, letter, submitted = file.card_to, file.letter_to, file.submitted_on
    if file.state is ApplicationState.DRAFT or not (decision and document and card and letter and submitted):
        raise conflict("The application has not been submitted yet.")
    language = file.person.language
    with override(language):
        receipt = Receipt(
            sender=outside().sender,
            number=str(file.application_id),
            submitted_on=submitted,
            applicant=f"{file.person.given_names} {file.person.family_name}",
            identity_code=str(file.person.identity_code),
            product=product_name(file),
            title=right_title(file.right) if file.right else _("None"),
            registration_number=file.professional.registration_number if file.professional else "",
            identity_document=document_text(document),
            with_photo=bool(file.with_photo),
            card_address=address_lines(card, file.person),
            letter_address=address_lines(letter, file.person),
            terms_version=file.terms_version,
            terms_hash=file.terms_hash,
            decision=translated(APPLICATION.states[file.state].sentence),
            reasons=tuple(translated(reason) for reason in decision.reasons()),
            registrar=file.registrar,
            point=file.point.name,
        )
    return application_receipt(receipt, language)
