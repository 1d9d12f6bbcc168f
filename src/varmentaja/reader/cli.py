# SPDX-License-Identifier: EUPL-1.2
"""``varmentaja reader …``: activate a card, change and unlock PINs, show a card, serve the virtual reader.

PINs are typed unseen, or come as one JSON object from a file descriptor (``--pin-fd``); never from an
argument or the environment, where other programs could read them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives import hashes

from varmentaja.card.driver import CodeLocked, PinRole
from varmentaja.card.pcsc import PcscReaders
from varmentaja.config import reader_settings
from varmentaja.domain.errors import Kind, Message, message, unavailable
from varmentaja.notify import say_ready
from varmentaja.reader.cli_input import Typed
from varmentaja.reader.cli_output import (
    EXIT_CODES,
    described_pin_text,
    errors_told,
    show,
    show_question,
    tell,
)
from varmentaja.reader.control_client import ReaderControl
from varmentaja.reader.diagnosis import Check, Outcome
from varmentaja.reader.examination import examine, see_readers
from varmentaja.reader.forms import code_tries_text
from varmentaja.reader.hands import take_in_hand, virtual_reader
from varmentaja.reader.https import LocalTls
from varmentaja.reader.program import ReaderProgram, ReaderSettings, serve
from varmentaja.reader.protection import keep_memory_private
from varmentaja.reader.report import in_words, to_copy
from varmentaja.reader.scs_http import candidate_ports
from varmentaja.reader.scs_pages import fingerprint
from varmentaja.reader.service_link import ServiceLink
from varmentaja.reader.texts import LANGUAGES, day, say
from varmentaja.reader.trust import install, install_command, remove

reader_app = typer.Typer(invoke_without_command=True)


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
    with errors_told(_default_language()):
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
        say_ready()

    with errors_told(_default_language()):
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
    with errors_told(language):
        for card in ReaderControl.running(reader_settings().run).state()["cards"]:
            where = say(message("in a reader"), language) if card["in_reader"] else ""
            typer.echo("  ".join(filter(None, (card["card"], card["holder"], card["title"], where))))


@reader_app.command()
def insert(card: str, language: Language, slot: SlotName = "1") -> None:
    """Put a card of the sandbox into the virtual reader."""
    with errors_told(language):
        ReaderControl.running(reader_settings().run).insert(card, slot)
        tell(message("The card is in the reader."), language)


@reader_app.command()
def pull(language: Language, slot: SlotName = "1") -> None:
    """Pull the card out of the virtual reader."""
    with errors_told(language):
        ReaderControl.running(reader_settings().run).pull(slot)
        tell(message("The card has been pulled out."), language)


@reader_app.command("readers")
def list_readers(language: Language) -> None:
    """List the computer's card readers and what is in them."""
    with errors_told(language):
        seen = PcscReaders().watch((), 0)
        if not seen:
            raise unavailable("No card reader was found. Plug a reader in; it is found by itself.")
        for reader in seen:
            what = message("a card that does not answer") if reader.is_mute else message("a card")
            inside = what if reader.has_card else message("no card")
            typer.echo(f"{reader.name}: {say(inside, language)}")


@reader_app.command("show")
def show_card(language: Language, slot: SlotName = "1", reader: ReaderName = None) -> None:
    """Show whose card it is, what for, until when, its status now, and the state of its PINs."""
    with errors_told(language):
        card = take_in_hand(reader_settings(), slot=slot, reader=reader)
        show(card.describe(), card.statuses(), language)


@reader_app.command()
def activate(
    language: Language, slot: SlotName = "1", reader: ReaderName = None, pin_fd: PinFd = None
) -> None:
    """Activate a fresh card: the code from the letter once, each PIN twice."""
    with errors_told(language):
        card = take_in_hand(reader_settings(), slot=slot, reader=reader)
        contents = card.describe()
        typed = Typed(language, pin_fd)
        _tell_code_tries(contents, language)
        code = typed.old("code", message("Activation code (from the letter)"))
        pin1 = typed.new("pin1", message("New PIN 1, for signing in"), contents["pins"]["pin1"])
        pin2 = typed.new("pin2", message("New PIN 2, for signing documents"), contents["pins"]["pin2"])
        card.activate(code, pin1, pin2)
        tell(
            message("The card is activated. You can now sign in with PIN 1 and sign documents with PIN 2."),
            language,
        )


@reader_app.command("change-pin")
def change_pin(
    pin: Pin, language: Language, slot: SlotName = "1", reader: ReaderName = None, pin_fd: PinFd = None
) -> None:
    """Change a PIN that you know."""
    with errors_told(language):
        card = take_in_hand(reader_settings(), slot=slot, reader=reader)
        contents = card.describe()
        typed = Typed(language, pin_fd)
        _tell_pin(contents, pin, language)
        card.change(
            pin,
            typed.old("old", message("Present PIN")),
            typed.new("new", message("New PIN"), contents["pins"][pin.value]),
        )
        tell(message("The PIN has been changed."), language)


@reader_app.command()
def unlock(
    pin: Pin, language: Language, slot: SlotName = "1", reader: ReaderName = None, pin_fd: PinFd = None
) -> None:
    """Set a new PIN with the activation code, when the old one is locked or forgotten."""
    with errors_told(language):
        card = take_in_hand(reader_settings(), slot=slot, reader=reader)
        contents = card.describe()
        typed = Typed(language, pin_fd)
        _tell_code_tries(contents, language)
        code = typed.old("code", message("Activation code (from the letter)"))
        card.unlock(pin, code, typed.new("new", message("New PIN"), contents["pins"][pin.value]))
        tell(message("The new PIN is in use."), language)


@reader_app.command()
def verify(
    pin: Pin, language: Language, slot: SlotName = "1", reader: ReaderName = None, pin_fd: PinFd = None
) -> None:
    """Find out whether you remember a PIN; a wrong one costs a try."""
    with errors_told(language):
        card = take_in_hand(reader_settings(), slot=slot, reader=reader)
        _tell_pin(card.describe(), pin, language)
        card.verify(pin, Typed(language, pin_fd).old("old", message("Present PIN")))
        tell(message("The PIN is right."), language)


@reader_app.command()
def answer(
    language: Language,
    choice: Annotated[int, typer.Option("--choice", help="Which certificate, where there are several.")] = 1,
    timeout: Annotated[float, typer.Option("--timeout", help="Seconds to wait for a question.")] = 30.0,
    pin_fd: PinFd = None,
) -> None:
    """Type the PIN that a website asks for on the virtual reader's PIN pad (pin in --pin-fd's JSON)."""
    with errors_told(language):
        typed = Typed(language, pin_fd)
        control = ReaderControl.running(reader_settings().run)
        question = control.wait_for_question(timeout)
        show_question(question, language)
        control.answer(question["number"], typed.old("pin", message("PIN")), choice - 1)


@reader_app.command("diagnose")
def diagnose_card(
    language: Language,
    slot: SlotName = "1",
    reader: ReaderName = None,
    report: Annotated[bool, typer.Option("--report", help="Text to copy: no personal data.")] = False,
) -> None:
    """Find out what is wrong with the card, its reader, this computer or the service."""
    with errors_told(language):
        chosen = reader_settings()
        control = virtual_reader(chosen) if reader is None else None
        if control is not None:
            diagnosis = control.diagnose(slot)
        else:
            seen = see_readers(PcscReaders, reader or "")
            diagnosis = examine(seen, ServiceLink.of(chosen), now=datetime.now(UTC))
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
    with errors_told(language):
        tls = LocalTls(reader_settings().reader)
        if to_remove:
            _tell_where(message("No longer trusted in:"), remove(Path.home()), language)
        elif to_install:
            _tell_where(message("Trusted in:"), install(tls.authority_file, Path.home()), language)
            tell(message("Start your browsers again to let them notice."), language)
        else:
            _explain(tls, language)


def _tell_code_tries(contents: Mapping[str, Any], language: str) -> None:
    """What happens at the last try is said before it; CodeLocked where none is left."""
    if contents["code_tries_left"] == 0:
        raise CodeLocked
    if tries := code_tries_text(contents["code_tries_left"]):
        tell(tries, language)


def _tell_pin(contents: Mapping[str, Any], pin: PinRole, language: str) -> None:
    if told := described_pin_text(contents, pin):
        tell(told, language)


def _explain(tls: LocalTls, language: str) -> None:
    authority = tls.authority()
    tell(
        message(
            "The program speaks HTTPS on this computer with a certificate that it has made itself. Its "
            "authority can vouch for 127.0.0.1 and localhost alone. A browser that is to use the secure "
            "address has to trust the authority once."
        ),
        language,
    )
    tell(message("Certificate: %(file)s", file=str(tls.authority_file)), language)
    tell(
        message(
            "Fingerprint (SHA-256): %(fingerprint)s",
            fingerprint=fingerprint(authority.fingerprint(hashes.SHA256())),
        ),
        language,
    )
    tell(message("Valid until %(day)s", day=day(authority.not_valid_after_utc, language)), language)
    tell(message("On Linux: %(command)s", command=install_command()), language)
    tell(
        message(
            "On Windows and macOS, and step by step: %(url)s",
            url=f"http://127.0.0.1:{reader_settings().scs_port}/",
        ),
        language,
    )


def _tell_where(text: Message, places: tuple[Path, ...], language: str) -> None:
    tell(text, language)
    for place in places:
        typer.echo(f"  {place}")
