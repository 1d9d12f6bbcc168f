# SPDX-License-Identifier: EUPL-1.2
"""``varmentaja reader …``: activate a card, change and unlock PINs, show a card, serve the virtual reader.

PINs are typed unseen, or come as one JSON object from a file descriptor (``--pin-fd``); never from an
argument or the environment, where other programs could read them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives import hashes

from varmentaja.card.driver import PinRole
from varmentaja.card.pcsc import PcscReaders
from varmentaja.config import reader_settings
from varmentaja.domain.errors import DomainError, Kind, Message, invalid, message, unavailable
from varmentaja.reader.control_client import ReaderControl
from varmentaja.reader.diagnosis import Check, Outcome
from varmentaja.reader.examination import examine, see_readers
from varmentaja.reader.forms import tries_text
from varmentaja.reader.hands import take_in_hand
from varmentaja.reader.https import LocalTls
from varmentaja.reader.program import ReaderProgram, ReaderSettings, serve
from varmentaja.reader.protection import keep_memory_private
from varmentaja.reader.report import in_words, to_copy
from varmentaja.reader.scs_http import candidate_ports
from varmentaja.reader.scs_pages import fingerprint
from varmentaja.reader.service_link import ServiceLink
from varmentaja.reader.texts import LANGUAGES, day, say
from varmentaja.reader.trust import install, remove

reader_app = typer.Typer(invoke_without_command=True)

EXIT_CODES = {
    Kind.INVALID: 3,
    Kind.NOT_FOUND: 4,
    Kind.NOT_ALLOWED: 5,
    Kind.CONFLICT: 6,
    Kind.UNAVAILABLE: 7,
}
"""So that scripts can tell a wrong PIN (3) from a locked one (6) and from a missing card or program (7)."""


def _default_language() -> str:
    code = os.environ.get("LANG", "")[:2]
    return code if code in LANGUAGES else "en"


Language = Annotated[str, typer.Option(default_factory=_default_language, help="fi, sv or en.")]
SlotName = Annotated[str, typer.Option("--slot", help="Slot of the virtual reader.")]
ReaderName = Annotated[
    str | None, typer.Option("--reader", help="Part of the name of a real reader (PC/SC).")
]
PinFd = Annotated[
    int | None, typer.Option("--pin-fd", help="Read codes and PINs as one JSON line from here.")
]
Pin = Annotated[PinRole, typer.Argument(help="pin1 (signing in) or pin2 (signing documents).")]


@reader_app.callback()
def start(
    context: typer.Context,
    hidden: Annotated[
        bool, typer.Option("--hidden", help="Wait beside the clock until the window is needed.")
    ] = False,
) -> None:
    """The card reader program. Without a command its window opens."""
    keep_memory_private()
    if context.invoked_subcommand is not None:
        return
    with _errors_told(_default_language()):
        raise typer.Exit(_show_window(hidden=hidden))


def _show_window(*, hidden: bool) -> int:
    try:
        from varmentaja.reader.window.app import run
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "PySide6":
            raise
        raise unavailable(
            "The windows of the card reader program are not installed. Install them with: "
            "pip install 'varmentaja[reader]'. The commands work without: varmentaja reader --help."
        ) from None
    return run(reader_settings(), hidden=hidden)


@reader_app.command("serve")
def serve_reader() -> None:
    """Serve the virtual reader, its pages and the signing interface until Ctrl-C."""
    chosen = reader_settings()

    def ready(program: ReaderProgram) -> None:
        typer.echo(f"{program.pages.url} (SCS {program.scs.url})")

    with _errors_told(_default_language()):
        serve(
            ReaderSettings(
                run=chosen.run,
                card_host_socket=chosen.card_host_socket,
                pages_port=chosen.port + 2,
                scs_ports=candidate_ports(chosen.scs_port),
                own_folder=chosen.reader,
                scs_version=chosen.scs_version,
                service=ServiceLink.of(chosen),
            ),
            ready=ready,
        )


@reader_app.command("list")
def list_cards(language: Language) -> None:
    """List the sandbox's cards."""
    with _errors_told(language):
        for card in ReaderControl.running(reader_settings().run).state()["cards"]:
            where = say(message("in a reader"), language) if card["in_reader"] else ""
            typer.echo("  ".join(filter(None, (card["card"], card["holder"], card["title"], where))))


@reader_app.command()
def insert(card: str, language: Language, slot: SlotName = "1") -> None:
    """Put a card of the sandbox into the virtual reader."""
    with _errors_told(language):
        ReaderControl.running(reader_settings().run).insert(card, slot)
        _tell(message("The card is in the reader."), language)


@reader_app.command()
def pull(language: Language, slot: SlotName = "1") -> None:
    """Pull the card out of the virtual reader."""
    with _errors_told(language):
        ReaderControl.running(reader_settings().run).pull(slot)
        _tell(message("The card has been pulled out."), language)


@reader_app.command()
def show(language: Language, slot: SlotName = "1", reader: ReaderName = None) -> None:
    """Show whose card it is, what for, until when, and the state of its PINs."""
    with _errors_told(language):
        _show(take_in_hand(reader_settings(), slot=slot, reader=reader).describe(), language)


@reader_app.command()
def activate(
    language: Language, slot: SlotName = "1", reader: ReaderName = None, pin_fd: PinFd = None
) -> None:
    """Activate a fresh card: the code from the letter once, each PIN twice."""
    with _errors_told(language):
        card = take_in_hand(reader_settings(), slot=slot, reader=reader)
        contents = card.describe()
        typed = _Typed(language, pin_fd)
        code = typed.old("code", message("Activation code (from the letter)"))
        pin1 = typed.new("pin1", message("New PIN 1, for signing in"), contents["pins"]["pin1"])
        pin2 = typed.new("pin2", message("New PIN 2, for signing documents"), contents["pins"]["pin2"])
        card.activate(code, pin1, pin2)
        _tell(
            message("The card is activated. You can now sign in with PIN 1 and sign documents with PIN 2."),
            language,
        )


@reader_app.command("change-pin")
def change_pin(
    pin: Pin, language: Language, slot: SlotName = "1", reader: ReaderName = None, pin_fd: PinFd = None
) -> None:
    """Change a PIN that you know."""
    with _errors_told(language):
        card = take_in_hand(reader_settings(), slot=slot, reader=reader)
        state = card.describe()["pins"][pin.value]
        typed = _Typed(language, pin_fd)
        if tries := tries_text(state["tries_left"]):
            _tell(tries, language)
        card.change(
            pin, typed.old("old", message("Present PIN")), typed.new("new", message("New PIN"), state)
        )
        _tell(message("The PIN has been changed."), language)


@reader_app.command()
def unlock(
    pin: Pin, language: Language, slot: SlotName = "1", reader: ReaderName = None, pin_fd: PinFd = None
) -> None:
    """Set a new PIN with the activation code, when the old one is locked or forgotten."""
    with _errors_told(language):
        card = take_in_hand(reader_settings(), slot=slot, reader=reader)
        state = card.describe()["pins"][pin.value]
        typed = _Typed(language, pin_fd)
        code = typed.old("code", message("Activation code (from the letter)"))
        card.unlock(pin, code, typed.new("new", message("New PIN"), state))
        _tell(message("The new PIN is in use."), language)


@reader_app.command("diagnose")
def diagnose_card(
    language: Language,
    slot: SlotName = "1",
    reader: ReaderName = None,
    report: Annotated[bool, typer.Option("--report", help="Text to copy: no personal data.")] = False,
) -> None:
    """Find out what is wrong with the card, its reader, this computer or the service."""
    with _errors_told(language):
        if reader is None:
            diagnosis = ReaderControl.running(reader_settings().run).diagnose(slot)
        else:
            seen = see_readers(PcscReaders, reader)
            diagnosis = examine(seen, ServiceLink.of(reader_settings()), now=datetime.now(UTC))
    typer.echo(to_copy(diagnosis, language) if report else in_words(diagnosis, language))
    if failed := next((each for each in diagnosis.findings if each.outcome is Outcome.FAULT), None):
        raise typer.Exit(_DIAGNOSIS_CODES[failed.name])


_DIAGNOSIS_CODES = {
    Check.READER: EXIT_CODES[Kind.UNAVAILABLE],
    Check.CONTACT: EXIT_CODES[Kind.UNAVAILABLE],
    Check.GENERATION: EXIT_CODES[Kind.INVALID],
    Check.VERSION: EXIT_CODES[Kind.NOT_ALLOWED],
    Check.PINS: EXIT_CODES[Kind.CONFLICT],
    Check.CHAIN: EXIT_CODES[Kind.NOT_ALLOWED],
    Check.SERVICE: EXIT_CODES[Kind.UNAVAILABLE],
    Check.CLOCK: EXIT_CODES[Kind.CONFLICT],
    Check.DATES: EXIT_CODES[Kind.NOT_ALLOWED],
    Check.STATUS: EXIT_CODES[Kind.NOT_ALLOWED],
}
"""The first fault decides; warnings alone end with 0."""


@reader_app.command()
def trust(
    language: Language,
    to_install: Annotated[
        bool, typer.Option("--install", help="Tell this user's browsers (Linux) to trust it.")
    ] = False,
    to_remove: Annotated[bool, typer.Option("--remove", help="Take that back.")] = False,
) -> None:
    """Explain how browsers come to trust the program's HTTPS address, or see to it."""
    with _errors_told(language):
        tls = LocalTls(reader_settings().reader)
        if to_remove:
            _tell_where(message("No longer trusted in:"), remove(Path.home()), language)
        elif to_install:
            _tell_where(message("Trusted in:"), install(tls.authority_file, Path.home()), language)
            _tell(message("Start your browsers again to let them notice."), language)
        else:
            _explain(tls, language)


def _explain(tls: LocalTls, language: str) -> None:
    authority = tls.authority()
    _tell(
        message(
            "The program speaks HTTPS on this computer with a certificate that it has made itself. Its "
            "authority can vouch for 127.0.0.1 and localhost alone. A browser that is to use the secure "
            "address has to trust the authority once."
        ),
        language,
    )
    _tell(message("Certificate: %(file)s", file=str(tls.authority_file)), language)
    _tell(
        message(
            "Fingerprint (SHA-256): %(fingerprint)s",
            fingerprint=fingerprint(authority.fingerprint(hashes.SHA256())),
        ),
        language,
    )
    _tell(message("Valid until %(day)s", day=day(authority.not_valid_after_utc, language)), language)
    _tell(message("On Linux: varmentaja reader trust --install"), language)
    _tell(
        message(
            "On Windows and macOS, and step by step: %(url)s",
            url=f"http://127.0.0.1:{reader_settings().scs_port}/",
        ),
        language,
    )


def _tell_where(text: Message, places: tuple[Path, ...], language: str) -> None:
    _tell(text, language)
    for place in places:
        typer.echo(f"  {place}")


class _Typed:
    """Codes and PINs from the keyboard, unseen, or from a file descriptor."""

    def __init__(self, language: str, descriptor: int | None) -> None:
        self._language = language
        self._given = None if descriptor is None else _read_descriptor(descriptor)

    def old(self, name: str, label: Message) -> str:
        """A code or PIN that the card already has."""
        return self._one(name, label, confirm=False)

    def new(self, name: str, label: Message, rule: Mapping[str, Any]) -> str:
        """A new PIN, typed twice, with its rule shown first."""
        if self._given is None:
            rules = message(
                "%(min)s–%(max)s digits. Not one digit repeated, not digits in a row.",
                min=rule["min_length"],
                max=rule["max_length"],
            )
            _tell(rules, self._language)
        return self._one(name, label, confirm=True)

    def _one(self, name: str, label: Message, *, confirm: bool) -> str:
        text = say(label, self._language)
        if self._given is None:
            value = str(typer.prompt(text, hide_input=True, confirmation_prompt=confirm))
        else:
            value = self._given.get(name, "")
        if not (value.isascii() and value.isdigit()):
            raise invalid("%(name)s: use digits only.", name=name)
        return value


def _read_descriptor(descriptor: int) -> Mapping[str, str]:
    try:
        with os.fdopen(descriptor, "r", encoding="utf-8") as file:
            data = json.loads(file.readline())
    except (OSError, ValueError):
        data = None
    if not isinstance(data, dict) or not all(isinstance(value, str) for value in data.values()):
        raise invalid("The file descriptor did not give a JSON object of texts.")
    return data


def _show(contents: Mapping[str, Any], language: str) -> None:
    _tell(message("Card %(serial)s", serial=contents["printed_serial"]), language)
    if not contents["is_activated"]:
        _tell(message("Not activated"), language)
    for notice in filter(None, (contents["refusal"], contents["warning"])):
        _tell(Message(**notice), language)
    for certificate in contents["certificates"]:
        signs_in = certificate["use"] == "authentication"
        use = message("Signing in (PIN 1)") if signs_in else message("Signing documents (PIN 2)")
        until = message(
            "Valid until %(day)s", day=day(datetime.fromisoformat(certificate["valid_until"]), language)
        )
        holder = ", ".join(filter(None, (certificate["holder"], certificate["title"])))
        typer.echo(f"{say(use, language)}: {holder}. {say(until, language)}. {certificate['issuer']}")
    for number, role in enumerate(PinRole, start=1):
        if tries := tries_text(contents["pins"][role.value]["tries_left"]):
            typer.echo(f"PIN {number}: {say(tries, language)}")


def _tell(text: Message, language: str) -> None:
    typer.echo(say(text, language))


@contextmanager
def _errors_told(language: str) -> Iterator[None]:
    """A refusal is told in the person's language, with an exit code by its kind."""
    try:
        yield
    except DomainError as error:
        typer.echo(say(error.message, language), err=True)
        raise typer.Exit(EXIT_CODES[error.kind]) from None
