# SPDX-License-Identifier: EUPL-1.2
"""What every step on an application shares: lock, may it be done, count the change."""

from __future__ import annotations

from datetime import date

from varmentaja.apps.applications.models import Application
from varmentaja.apps.applications.professionals import professional_of
from varmentaja.apps.people.models import Person
from varmentaja.domain.actors import Actor
from varmentaja.domain.applications import APPLICATION, ApplicationEvent, ApplicationFacts, ApplicationState
from varmentaja.domain.authority import Action, Subject, require
from varmentaja.domain.errors import DomainError, conflict, not_found


def locked_application(application_id: int) -> Application:
    """The application, locked until the end of the transaction; raises DomainError not_found."""
    try:
        return (
            Application.objects.select_for_update(of=("self",))
            .select_related("person", "point")
            .get(pk=application_id)
        )
    except Application.DoesNotExist:
        raise not_found("There is no such application.") from None


def authorise(actor: Actor, action: Action, application_id: int) -> None:
    """Raise not_found or not_allowed, before anybody is asked about the applicant."""
    application = Application.objects.only("person_id", "point_id").filter(pk=application_id).first()
    if application is None:
        raise not_found("There is no such application.")
    require(actor, action, Subject(person_id=application.person_id, point_id=application.point_id))


def lock_person_of(application_id: int) -> None:
    """Lock the applicant, so that one person's applications are decided one after the other.

    Comes before the application's own lock: opening an application locks in this order too.
    """
    Person.objects.select_for_update(of=("self",)).filter(applications=application_id).first()


def locked_draft(actor: Actor, application_id: int, version: int, *, today: date) -> Application:
    """The application locked for a change by ``actor``, who saw ``version`` of it.

    Raises DomainError: not_found; not_allowed; conflict when it is no draft or was changed meanwhile.
    """
    application = locked_application(application_id)
    check(actor, application, ApplicationEvent.EDIT, today=today)
    require_version(application, version)
    return application


def require_version(application: Application, version: int) -> None:
    """Refuse a change made on a page that shows an older state of the application."""
    if application.version != version:
        raise conflict(
            "This application was changed after you opened the page, in another window or by another"
            " registrar. The page now shows how it stands: please look through it and go on."
        )


def save_step(application: Application, *fields: str, today: date) -> None:
    """Store a step's fields and count the change."""
    application.version += 1
    application.changed_on = today
    application.save(update_fields=[*fields, "version", "changed_on"])


def refusal(
    actor: Actor, application: Application, event: ApplicationEvent, *, today: date, review_reason: str = ""
) -> DomainError | None:
    """Why ``event`` cannot happen to the application now; None when it can."""
    return APPLICATION.refusal(
        ApplicationState(application.state),
        event,
        actor,
        Subject(person_id=application.person_id, point_id=application.point_id),
        ApplicationFacts(
            today=today,
            changed_on=application.changed_on,
            complete=not missing_steps(application, today),
            review_reason=review_reason,
        ),
    )


def check(
    actor: Actor, application: Application, event: ApplicationEvent, *, today: date, review_reason: str = ""
) -> None:
    """Raise the reason why ``event`` cannot happen to the application now."""
    error = refusal(actor, application, event, today=today, review_reason=review_reason)
    if error is not None:
        raise error


def move(
    actor: Actor, application: Application, event: ApplicationEvent, *, today: date, review_reason: str = ""
) -> None:
    """Let ``event`` happen to the application (not saved yet); raises why it cannot."""
    check(actor, application, event, today=today, review_reason=review_reason)
    target = APPLICATION.leads(ApplicationState(application.state), event)
    assert target is not None
    application.state = target


def missing_steps(application: Application, today: date) -> tuple[str, ...]:
    """The steps that have no answer yet, in the order of the form.

    Without a valid right there is none to choose: the application can be submitted, and is refused by rule.
    """
    professional = professional_of(application)
    answered = {
        "right": bool(application.right_code) or not (professional and professional.valid_rights(today)),
        "document": application.identity_document is not None,
        "photo": application.with_photo is not None,
        "delivery": application.delivery is not None,
        "terms": bool(application.terms_version),
    }
    return tuple(step for step, done in answered.items() if not done)
