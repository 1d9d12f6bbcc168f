# SPDX-License-Identifier: EUPL-1.2
"""Texts for people: collects them from the code into locale/*.po, compiles the catalogues, checks them.

python tools/messages.py [collect|compile|check]
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import django
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize
from jinja2.ext import babel_extract

from varmentaja.locale import TRANSLATED, compile_catalogues, source

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "varmentaja"

# None: the first argument; numbers: which arguments; (1, "c"): the first is a context.
KEYWORDS: dict[str, Any] = {
    **dict.fromkeys(["_", "gettext", "gettext_lazy", "gettext_noop"]),
    **dict.fromkeys(["ngettext", "ngettext_lazy"], (1, 2)),
    **dict.fromkeys(["pgettext", "pgettext_lazy"], ((1, "c"), 2)),
    **dict.fromkeys(["npgettext", "npgettext_lazy"], ((1, "c"), 2, 3)),
    **dict.fromkeys(["message", "invalid", "not_found", "not_allowed", "conflict", "unavailable"]),
}
JINJA = ("clinic", "reader")
"""Programs without Django."""
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]")

Found = tuple[int, str, Any, list[str]]


def python_texts(text: str) -> Iterator[Found]:
    """Texts of a Python module."""
    yield from extract_python(io.BytesIO(text.encode()), KEYWORDS, [], {"encoding": "utf-8"})


def django_texts(text: str) -> Iterator[Found]:
    """Texts of a Django template, made Python calls by ``templatize``; brackets free them of indentation."""
    yield from python_texts(f"({templatize(text)})")


def jinja_texts(text: str) -> Iterator[Found]:
    """Texts of a Jinja template."""
    yield from babel_extract(io.BytesIO(text.encode()), list(KEYWORDS), [], {"encoding": "utf-8"})


def sources() -> Iterator[tuple[Path, Callable[[str], Iterator[Found]]]]:
    """Every file that may hold texts, with its extractor; some programs use Jinja, the portal Django."""
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix == ".py":
            yield path, python_texts
        elif path.suffix in (".html", ".txt") and "templates" in path.parts:
            yield path, jinja_texts if path.relative_to(PACKAGE).parts[0] in JINJA else django_texts


def collect() -> Catalog:
    """A catalogue of all texts in the code, with the files they stand in."""
    catalog = Catalog()
    for path, texts in sources():
        for _line, function, found, _comments in texts(path.read_text("utf-8")):
            add(catalog, path, KEYWORDS.get(function), found)
    return catalog


def add(catalog: Catalog, path: Path, spec: Any, found: Any) -> None:
    """Adds one call's texts; a call without a literal text (another function of that name) is left out."""
    arguments = list(found) if isinstance(found, tuple | list) else [found]
    context = arguments.pop(0) if spec and isinstance(spec[0], tuple) else None
    texts = arguments[: 2 if spec and len([part for part in spec if isinstance(part, int)]) == 2 else 1]
    if texts and all(isinstance(text, str) and text for text in texts):
        catalog.add(
            tuple(texts) if len(texts) == 2 else texts[0], context=context, locations=[(location(path), 0)]
        )


def location(path: Path) -> str:
    """The file without its line: a moved line is no change of the catalogue."""
    return path.relative_to(ROOT).as_posix()


def load(language: str) -> Catalog:
    """A language's catalogue as it stands, empty where there is none."""
    path = source(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as lines:
        return read_po(lines, locale=language)


def save(language: str, catalog: Catalog) -> None:
    """Writes a catalogue sorted and without dates, so that differences show changes alone."""
    path = source(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    body = io.BytesIO()
    write_po(
        body, catalog, width=0, sort_output=True, ignore_obsolete=True, omit_header=True, include_lineno=False
    )
    header = (
        "# SPDX-License-Identifier: EUPL-1.2\n"
        'msgid ""\nmsgstr ""\n'
        f'"Language: {language}\\n"\n'
        '"Content-Type: text/plain; charset=UTF-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n'
        '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
    )
    path.write_bytes(header.encode() + body.getvalue())


def update(found: Catalog) -> None:
    """Brings the catalogues up to what the code says; a changed text is a new one, never a guess."""
    for language in TRANSLATED:
        catalog = load(language)
        catalog.update(found, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        save(language, catalog)
        print(f"{language}: {sum(1 for message in catalog if message.id)} texts")


def as_tuple(texts: Any) -> tuple[str, ...]:
    """A text, or its singular and plural."""
    return tuple(texts) if isinstance(texts, tuple | list) else (texts,)


def faults(catalog: Catalog, found: Catalog) -> Iterator[str]:
    """What keeps a language from being complete, one line a fault."""
    for wanted in found:
        here = catalog.get(wanted.id, wanted.context)
        if wanted.id and here is None:
            yield f"not in the catalogue (make messages): {wanted.id!r}"
    for entry in catalog:
        if entry.id:
            yield from faults_of(entry, found)


def faults_of(entry: Message, found: Catalog) -> Iterator[str]:
    """Faults of one entry."""
    if found.get(entry.id, entry.context) is None:
        yield f"no longer used (make messages): {entry.id!r}"
    elif entry.fuzzy:
        yield f"fuzzy: {entry.id!r}"
    elif not all(as_tuple(entry.string)) or not entry.string:
        yield f"missing: {entry.id!r}"
    else:
        wanted = set(PLACEHOLDER.findall(as_tuple(entry.id)[-1]))
        for text in as_tuple(entry.string):
            if set(PLACEHOLDER.findall(text)) != wanted:
                yield f"placeholders differ: {entry.id!r} → {text!r}"


def check() -> int:
    """Prints each fault; the exit code."""
    found = collect()
    lines = [f"{language}: {line}" for language in TRANSLATED for line in faults(load(language), found)]
    print("\n".join(lines) or f"all {len(found)} texts are translated")
    return 1 if lines else 0


def main(command: str) -> int:
    """Runs one command; the exit code."""
    settings.configure()
    django.setup()
    if command == "check":
        return check()
    if command == "collect":
        update(collect())
    if command in ("collect", "compile"):
        compile_catalogues()
        return 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "collect"))
