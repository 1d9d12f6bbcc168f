# SPDX-License-Identifier: EUPL-1.2
"""The questions at the desk. The names of the fields are part of the interface: the tour fills them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from varmentaja.apps.applications.queries import ApplicationFile
from varmentaja.documents.photo import MAX_BYTES, clean_photo
from varmentaja.domain import delivery, identity_documents
from varmentaja.domain.delivery import Destination, Place, why_not_home
from varmentaja.domain.errors import DomainError
from varmentaja.domain.identity_documents import DocumentKind, IdentityDocument, has_end
from varmentaja.domain.people import Address
from varmentaja.domain.rights import Right
from varmentaja.ui.forms import DateField, Radios, add_error
from varmentaja.ui.translate import translated
from varmentaja.web.registration.countries import country_choices
from varmentaja.web.registration.texts import right_notes, right_title


class OpenForm(forms.Form):
    """Who stands at the desk."""

    identity_code = forms.CharField(
        label=gettext_lazy("Applicant's identity code"),
        help_text=gettext_lazy("For example 010181-900C. The separator matters: type it as it is printed."),
        max_length=40,
        error_messages={"required": gettext_lazy("Enter the identity code")},
        widget=forms.TextInput(
            {
                "autocomplete": "off",
                "spellcheck": "false",
                "autocapitalize": "characters",
                "size": 14,
                "autofocus": True,
            }
        ),
    )


class StepForm(forms.Form):
    """A step of the application ``file``; carries the version that the registrar has seen."""

    version = forms.IntegerField(
        min_value=0,
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value"),
            gettext_lazy("The form was not sent whole. Open the page again."),
        ),
    )

    def __init__(self, file: ApplicationFile, data: Any = None, files: Any = None) -> None:
        self.file = file
        answers = {name: value for name, value in self.answers(file).items() if value is not None}
        super().__init__(data, files, initial={"version": file.version, **answers})

    @staticmethod
    def answers(file: ApplicationFile) -> dict[str, Any]:
        """What has been answered so far, by field."""
        return {}


class RightForm(StepForm):
    """Which of several valid rights the card carries."""

    right_code = forms.ChoiceField(
        label=gettext_lazy("Right to practise on the card"),
        help_text=gettext_lazy("Only rights that are in force can be chosen."),
        widget=Radios,
        error_messages={"required": gettext_lazy("Choose the right to practise")},
    )

    def __init__(self, file: ApplicationFile, data: Any = None, files: Any = None) -> None:
        super().__init__(file, data, files)
        field = self.fields["right_code"]
        assert isinstance(field, forms.ChoiceField) and isinstance(field.widget, Radios)
        field.choices = [(right.code, right_title(right)) for right in file.valid_rights]
        field.widget.hints = {right.code: self._hint(right) for right in file.valid_rights}

    @staticmethod
    def _hint(right: Right) -> str:
        return right_notes(right)

    @staticmethod
    def answers(file: ApplicationFile) -> dict[str, Any]:
        """The right chosen."""
        return {"right_code": file.right_code or None}


class DocumentForm(StepForm):
    """The identity document that the applicant shows."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Identity document"),
        widget=Radios,
        error_messages={"required": gettext_lazy("Choose the identity document")},
    )
    country = forms.ChoiceField(label=gettext_lazy("Issued by"), initial="FI")
    number = forms.CharField(
        label=gettext_lazy("Number of the document"),
        max_length=40,
        widget=forms.TextInput(
            {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}
        ),
        error_messages={"required": gettext_lazy("Enter the number of the document")},
    )
    valid_until = DateField(
        label=gettext_lazy("Valid until"),
        help_text=gettext_lazy("The last day of validity. Identification by the police has none."),
        required=False,
    )

    def __init__(self, file: ApplicationFile, data: Any = None, files: Any = None) -> None:
        super().__init__(file, data, files)
        kind, country = self.fields["kind"], self.fields["country"]
        assert isinstance(kind, forms.ChoiceField) and isinstance(country, forms.ChoiceField)
        kind.choices = [(each.value, translated(text)) for each, text in identity_documents.LABELS.items()]
        country.choices = country_choices()

    @staticmethod
    def answers(file: ApplicationFile) -> dict[str, Any]:
        """The document shown."""
        shown = file.document
        if shown is None:
            return {}
        return {
            "kind": shown.kind.value,
            "country": shown.country,
            "number": shown.number,
            "valid_until": shown.valid_until,
        }

    def clean(self) -> dict[str, Any]:
        """A document with an end needs its day, at the field of the day."""
        answers: dict[str, Any] = super().clean() or {}
        kind = answers.get("kind")
        missing = "valid_until" not in self.errors and not answers.get("valid_until")
        if kind and missing and has_end(DocumentKind(kind)):
            self.add_error("valid_until", _("Enter the last day of validity"))
        return answers

    def shown(self) -> IdentityDocument:
        """The document, once the form is valid."""
        answers = self.cleaned_data
        return IdentityDocument(DocumentKind(answers["kind"]), answers["country"], answers["valid_until"])


class PhotoForm(StepForm):
    """A photograph, or none."""

    with_photo = forms.ChoiceField(
        label=gettext_lazy("Does the applicant want a photograph on the card?"),
        choices=[("yes", gettext_lazy("Yes, with a photograph")), ("no", gettext_lazy("No photograph"))],
        widget=Radios,
        error_messages={"required": gettext_lazy("Choose whether the card has a photograph")},
    )
    photo = forms.FileField(
        label=gettext_lazy("Photograph"),
        required=False,
        help_text=gettext_lazy(
            "JPEG or PNG, at most 10 MB. The picture is turned upright and cut to a passport photograph."
        ),
        widget=forms.FileInput({"accept": "image/jpeg,image/png"}),
        error_messages={"empty": gettext_lazy("The file is empty. Choose another one.")},
    )

    @staticmethod
    def answers(file: ApplicationFile) -> dict[str, Any]:
        """The choice made."""
        return {"with_photo": None if file.with_photo is None else "yes" if file.with_photo else "no"}

    def clean(self) -> dict[str, Any]:
        """``jpeg`` is the clean photograph where one was sent and wanted."""
        answers: dict[str, Any] = super().clean() or {}
        sent = answers.get("photo")
        if answers.get("with_photo") == "yes" and "photo" not in self.errors:
            if sent:
                self._take(answers, sent)
            elif not self.file.with_photo:
                self.add_error("photo", _("Choose the file of the photograph"))
        return answers

    def _take(self, answers: dict[str, Any], sent: UploadedFile[bytes]) -> None:
        try:
            # One byte more than allowed says enough of a file that is too large; the rest stays on the disk.
            answers["jpeg"] = clean_photo(sent.read(MAX_BYTES + 1)).jpeg
        except DomainError as error:
            add_error(self, error)


class DeliveryForm(StepForm):
    """Where the card goes, and where its code letter."""

    card_to = forms.ChoiceField(
        label=gettext_lazy("Where is the card sent?"),
        widget=Radios,
        error_messages={"required": gettext_lazy("Choose where the card is sent")},
    )
    letter_to = forms.ChoiceField(
        label=gettext_lazy("Where is the code letter sent?"),
        help_text=gettext_lazy("It is posted a few days after the card, on its own."),
        widget=Radios,
        error_messages={"required": gettext_lazy("Choose where the code letter is sent")},
    )
    employer_name = forms.CharField(
        label=gettext_lazy("Employer"),
        help_text=gettext_lazy("Needed only when the card or the letter is sent to the employer."),
        max_length=70,
        required=False,
    )
    employer_street = forms.CharField(label=gettext_lazy("Street address"), max_length=70, required=False)
    employer_postal_code = forms.RegexField(
        r"^[0-9]{5}$",
        label=gettext_lazy("Postal code"),
        required=False,
        widget=forms.TextInput({"inputmode": "numeric", "size": 6}),
        error_messages={"invalid": gettext_lazy("A postal code has five digits")},
    )
    employer_town = forms.CharField(label=gettext_lazy("Town"), max_length=40, required=False)

    EMPLOYER = ("employer_name", "employer_street", "employer_postal_code", "employer_town")

    def __init__(self, file: ApplicationFile, data: Any = None, files: Any = None) -> None:
        super().__init__(file, data, files)
        choices = [
            (choice.value, translated(delivery.LABELS[choice]))
            for choice in delivery.destinations(file.person)
        ]
        for name in ("card_to", "letter_to"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField) and isinstance(field.widget, Radios)
            field.choices = choices
            field.widget.hints = self._hints(file)

    @staticmethod
    def _hints(file: ApplicationFile) -> dict[str, str]:
        point = file.point
        hints = {Destination.POINT.value: ", ".join((point.name, *_lines(point.address)))}
        home = file.person.home_address
        if home is not None and why_not_home(file.person) is None:
            hints[Destination.HOME.value] = ", ".join(_lines(home))
        return hints

    @staticmethod
    def answers(file: ApplicationFile) -> dict[str, Any]:
        """The addresses given."""
        answers: dict[str, Any] = {}
        for name, to in (("card_to", file.card_to), ("letter_to", file.letter_to)):
            if to is not None:
                answers[name] = to.destination.value
            if to is not None and to.destination is Destination.EMPLOYER:
                address = (to.address.street, to.address.postal_code, to.address.town)
                answers |= dict(zip(DeliveryForm.EMPLOYER, (to.organisation, *address), strict=True))
        return answers

    def clean(self) -> dict[str, Any]:
        """The employer's address is needed where something is sent to it."""
        answers: dict[str, Any] = super().clean() or {}
        if Destination.EMPLOYER.value in (answers.get("card_to"), answers.get("letter_to")):
            missing = {
                "employer_name": _("Enter the employer's name"),
                "employer_street": _("Enter the employer's street address"),
                "employer_postal_code": _("Enter the employer's postal code"),
                "employer_town": _("Enter the employer's town"),
            }
            for name, text in missing.items():
                if not answers.get(name) and name not in self.errors:
                    self.add_error(name, text)
        return answers

    def employer(self) -> Place | None:
        """The employer's address, where something is sent to it."""
        answers = self.cleaned_data
        if Destination.EMPLOYER.value not in (answers["card_to"], answers["letter_to"]):
            return None
        name, street, postal_code, town = (answers[each] for each in self.EMPLOYER)
        return Place(name, Address(street, postal_code, town))


class TermsForm(StepForm):
    """The terms of use."""

    terms_version = forms.CharField(widget=forms.HiddenInput)
    accept = forms.BooleanField(
        label=gettext_lazy("The applicant has read the terms of use and accepts them"),
        error_messages={"required": gettext_lazy("The card cannot be ordered unless the terms are accepted")},
    )


def _lines(address: Address) -> tuple[str, str]:
    return address.street, f"{address.postal_code} {address.town}"
