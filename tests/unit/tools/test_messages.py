# SPDX-License-Identifier: EUPL-1.2
"""The collector finds every kind of text, and the check sees every kind of fault."""

from __future__ import annotations

from babel.messages.catalog import Catalog
from tools.messages import add, django_texts, faults, jinja_texts, python_texts

from varmentaja.locale import FOLDER, catalogue


def _texts(found: object) -> list[object]:
    return [text for _line, _function, text, _comments in found]  # type: ignore[attr-defined]  # any iterator


def test_python_calls_of_the_house_are_found() -> None:
    code = 'raise invalid("No %(x)s.", field="a", x=1)\nmessage("Two")\nngettext("a", "b", n)\n_("Four")\n'
    assert [text[0] if isinstance(text, tuple) else text for text in _texts(python_texts(code))] == [
        "No %(x)s.",
        "Two",
        "a",
        "Four",
    ]


def test_django_templates_are_read_at_any_indentation() -> None:
    template = (
        '<p>\n    {% translate "One" %}\n  {% translate "Two" as two %}\n'
        "{% blocktranslate with day=d %}Day {{ day }}{% endblocktranslate %}"
    )
    assert _texts(django_texts(template)) == ["One", "Two", "Day %(day)s"]


def test_jinja_templates_are_read() -> None:
    assert _texts(jinja_texts('{{ _("One") }}{% trans day=d %}Day {{ day }}{% endtrans %}')) == [
        "One",
        "Day %(day)s",
    ]


def test_each_fault_is_told() -> None:
    found = Catalog()
    for text in ("missing", "absent", "of %(day)s", "good"):
        found.add(text)
    catalog = Catalog(locale="fi")
    catalog.add("missing", "")
    catalog.add("of %(day)s", "%(date)s")
    catalog.add("good", "hyvä")
    catalog.add("old", "vanha")
    catalog.add("good", "hyvä")
    told = [line.split(":")[0] for line in faults(catalog, found)]
    assert sorted(told) == [
        "missing",
        "no longer used (make messages)",
        "not in the catalogue (make messages)",
        "placeholders differ",
    ]
    fuzzy = Catalog(locale="fi")
    fuzzy.add("good", "hyvä", flags=["fuzzy"])
    only = Catalog()
    only.add("good")
    assert list(faults(fuzzy, only)) == ["fuzzy: 'good'"]


def test_a_call_without_a_literal_text_is_left_out() -> None:
    found = Catalog()
    add(found, FOLDER / "x.py", None, None)
    assert len(found) == 0


def test_programs_without_django_have_the_same_texts() -> None:
    assert catalogue("fi").gettext("Front page") == "Etusivu"
    assert catalogue("sv").gettext("Front page") == "Startsida"
    assert catalogue("en").gettext("Front page") == "Front page"
