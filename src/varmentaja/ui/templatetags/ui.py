# SPDX-License-Identifier: EUPL-1.2
"""The few tags that includes cannot do: blocks with a body, the language menu, icons, domain messages."""

from __future__ import annotations

from typing import Any

from django import forms, template
from django.conf import settings
from django.template.context import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from varmentaja.domain.errors import Message
from varmentaja.ui.forms import error_links
from varmentaja.ui.translate import translated

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """A symbol of ui/assets/icons.svg, for the eye only: the text beside it says the same."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        static("ui/icons.svg"),
        name,
    )


@register.simple_block_tag
def notification(content: str, kind: str = "info", title: str = "") -> SafeString:
    """``{% notification "success" title %}<p>…</p>{% endnotification %}``; or info, warning, error."""
    labels = {
        "info": gettext("Information"),
        "success": gettext("Success"),
        "warning": gettext("Warning"),
        "error": gettext("Error"),
    }
    kind = kind if kind in labels else "info"
    values = {"body": content, "kind": kind, "title": title, "label": title or labels[kind]}
    return render_to_string("ui/notification.html", values)


@register.simple_block_tag
def details(content: str, summary: str) -> SafeString:
    """``{% details summary %}<p>…</p>{% enddetails %}``."""
    return render_to_string("ui/details.html", {"body": content, "summary": summary})


@register.inclusion_tag("ui/error_summary.html")
def error_summary(form: forms.BaseForm) -> dict[str, Any]:
    """All errors of a form, first on its page."""
    return {"links": error_links(form) if form.is_bound else []}


@register.inclusion_tag("ui/language_menu.html", takes_context=True)
def language_menu(context: Context) -> dict[str, Any]:
    """The same page in each language; the language is the first part of every address."""
    request = context.get("request")
    path = request.get_full_path() if request else "/"
    current = get_language()
    _, _, rest = path.lstrip("/").partition("/")
    return {
        "languages": [
            {"code": code, "name": name, "current": code == current, "href": f"/{code}/{rest}"}
            for code, name in settings.LANGUAGES
        ]
    }


@register.filter
def translate_message(message: Message) -> str:
    """``{{ reason|translate_message }}``: a message of the domain in the page's language."""
    return translated(message)
