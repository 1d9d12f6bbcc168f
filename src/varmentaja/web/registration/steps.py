# SPDX-License-Identifier: EUPL-1.2
"""Each step of the wizard: its form, how its answer is stored, and what its page shows besides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from varmentaja.apps.applications.actions.accept_terms import accept_terms
from varmentaja.apps.applications.actions.choose_right import choose_right
from varmentaja.apps.applications.actions.record_delivery import record_delivery
from varmentaja.apps.applications.actions.record_identity_document import record_identity_document
from varmentaja.apps.applications.actions.record_photo import record_photo
from varmentaja.apps.applications.actions.submit_application import submit_application
from varmentaja.apps.applications.queries import ApplicationFile
from varmentaja.apps.sandbox.clock import business_today
from varmentaja.documents.terms import current_terms
from varmentaja.domain.actors import Actor
from varmentaja.domain.delivery import Destination
from varmentaja.domain.eligibility_rules import Outcome
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.domain.people import Language
from varmentaja.ui.components import Link, Text
from varmentaja.web.registration import forms
from varmentaja.web.registration.forms import StepForm
from varmentaja.web.registration.summary import answer_rows
from varmentaja.web.registration.texts import language_name, person_rows, rights_table

Save = Callable[[Actor, ApplicationFile, Any], bool]
Context = Callable[[HttpRequest, ApplicationFile], dict[str, Any]]


def _nothing(request: HttpRequest, file: ApplicationFile) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Step:
    """One page of the wizard; its name is its address and (first and last aside) what may be missing."""

    name: str
    title: Text
    heading: Text
    form: Callable[..., StepForm]
    save: Save
    """Stores the valid form's answer; True when the page is to be shown again, as with a new photograph."""
    context: Context = _nothing
    submit: Text = ""
    template: str = "registration/step.html"


def _save_person(actor: Actor, file: ApplicationFile, form: StepForm) -> bool:
    """Where one right is valid, there is nothing to choose: it is the card's."""
    if len(file.valid_rights) == 1 and file.right_code != file.valid_rights[0].code:
        _choose(actor, file, form, file.valid_rights[0].code)
    return False


def _save_right(actor: Actor, file: ApplicationFile, form: StepForm) -> bool:
    _choose(actor, file, form, form.cleaned_data["right_code"])
    return False


def _choose(actor: Actor, file: ApplicationFile, form: StepForm, code: str) -> None:
    choose_right(actor, file.application_id, form.cleaned_data["version"], code, today=business_today())


def _save_document(actor: Actor, file: ApplicationFile, form: forms.DocumentForm) -> bool:
    answers = form.cleaned_data
    record_identity_document(
        actor,
        file.application_id,
        answers["version"],
        form.shown(),
        answers["number"],
        today=business_today(),
    )
    return False


def _save_photo(actor: Actor, file: ApplicationFile, form: forms.PhotoForm) -> bool:
    """A new photograph is shown before the registrar goes on; the stored one stays unless it is replaced."""
    answers = form.cleaned_data
    new = answers.get("jpeg")
    if answers["with_photo"] == "no" or new is not None:
        record_photo(actor, file.application_id, answers["version"], new, today=business_today())
    return new is not None


def _save_delivery(actor: Actor, file: ApplicationFile, form: forms.DeliveryForm) -> bool:
    answers = form.cleaned_data
    record_delivery(
        actor,
        file.application_id,
        answers["version"],
        Destination(answers["card_to"]),
        Destination(answers["letter_to"]),
        form.employer(),
        today=business_today(),
    )
    return False


def _save_terms(actor: Actor, file: ApplicationFile, form: forms.TermsForm) -> bool:
    answers = form.cleaned_data
    accept_terms(
        actor, file.application_id, answers["version"], answers["terms_version"], today=business_today()
    )
    return False


class AnswerToChange(DomainError):
    """The application was not decided: an answer is to be given anew."""


def _submit(actor: Actor, file: ApplicationFile, form: StepForm) -> bool:
    """An answer that must be changed is told at its step, which is the one without an answer now."""
    decision = submit_application(
        actor, file.application_id, form.cleaned_data["version"], now=timezone.now(), today=business_today()
    )
    if decision.outcome is Outcome.TO_DESK:
        raise AnswerToChange(Kind.CONFLICT, decision.reasons()[0])
    return False


def _person(request: HttpRequest, file: ApplicationFile) -> dict[str, Any]:
    return {
        "person_rows": person_rows(file),
        "rights": rights_table(file, business_today()),
        "refusals": [result.reason for result in file.foreseen if result.outcome is Outcome.REFUSED],
        "changes": [result.reason for result in file.foreseen if result.outcome is Outcome.TO_DESK],
        "doubts": [result.reason for result in file.foreseen if result.outcome is Outcome.TO_OFFICER],
    }


def _photo(request: HttpRequest, file: ApplicationFile) -> dict[str, Any]:
    address = reverse("registration:photograph", args=[file.application_id])
    # The version makes a browser fetch a photograph that was replaced.
    return {"photo": f"{address}?{file.version}" if file.with_photo else ""}


def _terms(request: HttpRequest, file: ApplicationFile) -> dict[str, Any]:
    asked = request.GET.get("language", "")
    language = Language(asked) if asked in set(Language) else file.person.language
    return {
        "terms": current_terms().texts[language].strip(),
        "terms_language": language.value,
        "languages": [
            Link(language_name(each), f"?language={each}", current=each is language) for each in Language
        ],
    }


def _check(request: HttpRequest, file: ApplicationFile) -> dict[str, Any]:
    missing = [step for step in STEPS if step.name in file.missing]
    return {
        **_person(request, file),
        **_photo(request, file),
        "rows": answer_rows(file, change=True),
        "missing": [
            Link(step.title, reverse(f"registration:{step.name}", args=[file.application_id]))
            for step in missing
        ],
    }


def _terms_form(file: ApplicationFile, *data: Any) -> StepForm:
    form = forms.TermsForm(file, *data)
    form.initial["terms_version"] = current_terms().version
    form.initial["accept"] = file.terms_version == current_terms().version
    return form


def _version_only(file: ApplicationFile, *data: Any) -> StepForm:
    return StepForm(file, *data)


STEPS = (
    Step(
        "person",
        _("Person"),
        _("Person and right to practise"),
        _version_only,
        _save_person,
        _person,
        template="registration/person.html",
    ),
    Step("right", _("Right"), _("Choose the right to practise"), forms.RightForm, _save_right),
    Step("document", _("Identity"), _("Identity document"), forms.DocumentForm, _save_document),
    Step(
        "photo",
        _("Photograph"),
        _("Photograph"),
        forms.PhotoForm,
        _save_photo,
        _photo,
        template="registration/photo.html",
    ),
    Step(
        "delivery",
        _("Addresses"),
        _("Where the card and the code letter are sent"),
        forms.DeliveryForm,
        _save_delivery,
        template="registration/delivery.html",
    ),
    Step(
        "terms",
        _("Terms"),
        _("Terms of use"),
        _terms_form,
        _save_terms,
        _terms,
        template="registration/terms.html",
    ),
    Step(
        "check",
        _("Check"),
        _("Check the answers"),
        _version_only,
        _submit,
        _check,
        submit=_("Submit the application"),
        template="registration/check.html",
    ),
)
"""In their order."""
