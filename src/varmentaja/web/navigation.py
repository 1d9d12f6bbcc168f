# SPDX-License-Identifier: EUPL-1.2
"""The main menu: one table, so that nobody is shown a page that would refuse them."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from varmentaja.ui.components import Link, Text
from varmentaja.web.visitor import Audience, signed_in


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of the menu: a view's name and the audience that sees it."""

    text: Text
    view: str
    audience: Audience = Audience.PUBLIC


ITEMS: tuple[Item, ...] = (
    Item(_("Front page"), "public:front"),
    Item(_("Sign in"), "access:sign_in", Audience.STRANGER),
    Item(_("My card"), "professional:front", Audience.PROFESSIONAL),
    Item(_("Documents"), "professional:documents", Audience.PROFESSIONAL),
    Item(_("Registration"), "registration:desk", Audience.REGISTRATION),
    Item(_("Office"), "office:front", Audience.OFFICE),
)
FOOTER: tuple[Item, ...] = (
    Item(_("State of the status services"), "public:status"),
    Item(_("Style guide"), "styleguide:page"),
)


def main_menu(request: HttpRequest) -> list[Link]:
    """The entries for the one who asks, the longest address that the page lies under marked as current."""
    visitor = signed_in(request)
    audiences = {Audience.PUBLIC} | (visitor.audiences if visitor else {Audience.STRANGER})
    shown = [(item.text, reverse(item.view)) for item in ITEMS if item.audience in audiences]
    here = max((href for _text, href in shown if request.path.startswith(href)), key=len, default="")
    front = reverse("public:front")
    if here == front != request.path:
        here = ""
    return [Link(text, href, current=href == here) for text, href in shown]


def footer() -> list[Link]:
    """Links at the foot of every page."""
    return [Link(item.text, reverse(item.view)) for item in FOOTER]
