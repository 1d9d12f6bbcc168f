# SPDX-License-Identifier: EUPL-1.2
"""Who may work in the service: roles are given and ended here."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from varmentaja.apps.people.actions.change_roles import end_role, give_role
from varmentaja.apps.people.actions.read_person import PersonFile, read_person
from varmentaja.apps.registration.queries import points
from varmentaja.domain.actors import Role
from varmentaja.domain.authority import Action, Subject, allowed
from varmentaja.domain.errors import DomainError
from varmentaja.ui.forms import add_error
from varmentaja.ui.translate import translated
from varmentaja.web.office.forms import EndRoleForm, RoleForm
from varmentaja.web.office.pages import crumbs, person_link
from varmentaja.web.office.texts import ROLES, moment
from varmentaja.web.session import actor_of, for_role


@for_role(Role.OFFICER)
def roles(request: HttpRequest, person_id: int) -> HttpResponse:
    """The roles that somebody has, and the form that gives another."""
    file = read_person(actor_of(request), person_id)
    form = RoleForm(points(), request.POST or None)
    if request.method == "POST" and form.is_valid():
        role, point = Role(form.cleaned_data["role"]), form.cleaned_data["point"]
        try:
            give_role(actor_of(request), person_id, role, int(point) if point else None, now=timezone.now())
        except DomainError as error:
            add_error(form, error)
        else:
            messages.success(request, _("The role has been given. It counts from the next sign-in."))
            return redirect("office:roles", person_id)
    context = {
        "form": form,
        "file": file,
        "held": _held(file),
        "not_you": allowed(actor_of(request), Action.ROLE_CHANGE, Subject(person_id=person_id)),
        "breadcrumb": crumbs(person_link(file.name, person_id)),
    }
    return render(request, "office/roles.html", context)


@for_role(Role.OFFICER)
def end(request: HttpRequest, person_id: int) -> HttpResponse:
    """End a role (POST); anything else leads to the page with the buttons."""
    form = EndRoleForm(request.POST)
    if request.method == "POST" and form.is_valid():
        try:
            end_role(actor_of(request), person_id, Role(form.cleaned_data["role"]), now=timezone.now())
            messages.success(request, _("The role has ended, and with it the person's sessions."))
        except DomainError as error:
            messages.error(request, translated(error.message))
    return redirect("office:roles", person_id)


def _held(file: PersonFile) -> list[dict[str, object]]:
    return [
        {
            "role": line.role.value,
            "name": ROLES[line.role],
            "point": line.point,
            "since": moment(line.granted_at),
        }
        for line in file.roles
    ]
