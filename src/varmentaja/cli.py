# SPDX-License-Identifier: EUPL-1.2
"""The one command. Each program is imported only when it is asked for, so that ``--help`` is quick."""

from __future__ import annotations

import json
import os
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from varmentaja.domain.errors import DomainError, Kind

EXIT_CODES = {
    Kind.INVALID: 3,
    Kind.NOT_FOUND: 4,
    Kind.NOT_ALLOWED: 5,
    Kind.CONFLICT: 6,
    Kind.UNAVAILABLE: 7,
}
"""An error of the domain ends the command with its kind's code (as in the reader program) and its message."""

FAILED = 1


class Group(TyperGroup):
    """Maps a domain error once, for every command."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except DomainError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(EXIT_CODES[error.kind]) from error


app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Varmentaja: an open certificate service for social and health care.",
)
audit = typer.Typer(cls=Group, no_args_is_help=True, help="The audit trail.")
app.add_typer(audit, name="audit")

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
Port = Annotated[int | None, typer.Option(help="Port of the portal; the responder and the reader follow.")]
AsJson = Annotated[bool, typer.Option("--json", help="As data.")]


def _django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "varmentaja.web.settings")
    import django

    django.setup()


def _choose_port(port: int | None) -> None:
    _choose("port", port)


def _choose(name: str, value: int | None) -> None:
    """The option is the setting of the same name, for this process and those it starts."""
    if value is not None:
        from varmentaja.config import settings

        os.environ[f"VARMENTAJA_{name.upper()}"] = str(value)
        settings.cache_clear()


@app.command()
def demo(
    port: Port = None,
    people: Annotated[
        int | None, typer.Option(min=0, help="Fill the database with this many synthetic people.")
    ] = None,
) -> None:
    """Run the whole service on this machine, with fictive people and TEST certificates."""
    _choose_port(port)
    _choose("people", people)
    from varmentaja.ground.supervisor import run_demo

    raise typer.Exit(run_demo())


@app.command(hidden=True)
def prepare() -> None:
    """Make what the demo on this state folder lacks; the demo itself runs this."""
    from varmentaja.ground.preparation import run

    with redirect_stdout(sys.stderr):  # logs: standard output is for the progress alone
        run(sys.__stdout__ or sys.stdout)


@app.command("reader-package", hidden=True)
def reader_package() -> None:
    """Build what the page of the card reader program offers, if it has changed; the demo runs this."""
    from varmentaja.ground.reader_package import build

    build()


@app.command()
def status(as_json: AsJson = False) -> None:
    """Tell what is running; exit code 1 when nothing is."""
    from varmentaja.config import settings
    from varmentaja.ground.status import as_text, read_status

    found = read_status(settings())
    typer.echo(json.dumps(found, indent=2, ensure_ascii=False) if as_json else as_text(found))
    raise typer.Exit(0 if found["running"] else FAILED)


@app.command()
def portal(port: Port = None, workers: Annotated[int, typer.Option(min=1)] = 1) -> None:
    """Serve the web pages."""
    _choose_port(port)
    from varmentaja.ground.portal import serve

    serve(workers)


@app.command()
def worker() -> None:
    """Work through the queue: cards, certificates, letters, status, audit."""
    _django()
    from varmentaja.ground.worker import run

    run()


@app.command()
def responder(port: Port = None, workers: Annotated[int, typer.Option(min=1)] = 1) -> None:
    """Answer relying parties: OCSP, CRLs, certificates of authorities."""
    _choose_port(port)
    from varmentaja.config import settings
    from varmentaja.responder.serve import serve

    now = settings()
    serve(now.publication, now.publisher_key, "127.0.0.1", now.port + 1, workers)


@app.command("responder-online")
def responder_online(port: Port = None, workers: Annotated[int, typer.Option(min=1)] = 1) -> None:
    """Answer OCSP requests with a nonce or about several certificates, signed on the spot."""
    _choose_port(port)
    from varmentaja.ground.online import serve

    serve(workers)


@app.command()
def observer(
    seconds: Annotated[int | None, typer.Option(min=1, help="From one round to the next.")] = None,
) -> None:
    """Ask the status services from outside, as a stranger would, and keep the record of availability."""
    from varmentaja.ground.observer import observe

    observe(seconds)


@app.command()
def cardhost() -> None:
    """Own the virtual cards and put them into readers."""
    from varmentaja.card.host import serve
    from varmentaja.config import settings
    from varmentaja.notify import say_ready

    settings().run.mkdir(parents=True, exist_ok=True)
    serve(settings().cards, settings().card_host_socket, os.urandom, ready=say_ready)


@app.command()
def tlshost(
    socket: Annotated[Path | None, typer.Option(help="Unix socket that only nginx reaches.")] = None,
) -> None:
    """Check the certificates of TLS handshakes for sign-in, behind nginx."""
    from varmentaja.config import settings
    from varmentaja.ground.portal import serve_tls_host

    serve_tls_host(socket or settings().tls_socket)


@app.command()
def nginx() -> None:
    """Run the demo's nginx: TLS handshakes with client certificates."""
    from varmentaja.config import settings
    from varmentaja.ground.nginx import run

    run(settings())


@app.command("demo-clinic")
def demo_clinic(port: Port = None) -> None:
    """Serve the demo clinic: a website of its own that trusts the cards. The demo starts it, too."""
    _choose_port(port)
    from varmentaja.ground.clinic import serve

    serve()


@app.command(context_settings=PASS_ON, add_help_option=False)
def reader(ctx: typer.Context) -> None:
    """The card reader program: virtual reader, signing interface, activation."""
    from varmentaja.reader.cli import reader_app

    reader_app(ctx.args, prog_name="varmentaja reader")


@app.command(context_settings=PASS_ON, add_help_option=False)
def tour(ctx: typer.Context) -> None:
    """Walk through a whole story, step by step, without a browser."""
    from varmentaja.tour.cli import tour_app

    tour_app(ctx.args, prog_name="varmentaja tour")


@app.command()
def migrate() -> None:
    """Bring the tables up to date."""
    _django()
    from varmentaja.ground.tables import bring_up_to_date

    typer.echo("tables brought up to date" if bring_up_to_date() else "tables are up to date")


@app.command(context_settings=PASS_ON, add_help_option=False)
def recovered(ctx: typer.Context) -> None:
    """Certificates whose records were lost: list them, revoke one."""
    _django()
    from varmentaja.ground.recovered import recovered_app

    recovered_app(ctx.args, prog_name="varmentaja recovered")


@app.command()
def ceremony(
    file: Annotated[Path, typer.Argument(help="The reviewed ceremony file (TOML).")],
    base_url: Annotated[
        str | None, typer.Option(help="Address in the certificates, in place of the file's.")
    ] = None,
) -> None:
    """Make the authorities and their keys from one reviewed file, and print the minutes."""
    _django()
    from varmentaja.ground.ceremony import ceremony

    typer.echo(ceremony(file, base_url))


Person = Annotated[str, typer.Argument(help="The person's identity code.")]
Organisation = Annotated[str, typer.Option(help="Organisation that stands in the certificate.")]
JobTitle = Annotated[str, typer.Option(help="Job title that stands in the certificate.")]
Point = Annotated[str, typer.Option(help="Code of the registration point to which the card is sent.")]


@app.command("registration-point")
def registration_point(
    code: Annotated[str, typer.Argument(help="Small letters, digits and hyphens; never changed.")],
    name: Annotated[str, typer.Option(help="As it stands on envelopes.")],
    street: Annotated[str, typer.Option()],
    postal_code: Annotated[str, typer.Option()],
    town: Annotated[str, typer.Option()],
) -> None:
    """Add a registration point: registrars work at one, and cards are sent there."""
    _django()
    from varmentaja.ground.bootstrap import add_point

    typer.echo(add_point(code, name, street, postal_code, town))


@app.command()
def bootstrap(identity_code: Person, organisation: Organisation, job_title: JobTitle, point: Point) -> None:
    """Order the first officer's card; works once."""
    _django()
    from varmentaja.ground.bootstrap import order_first_officer

    typer.echo(order_first_officer(identity_code, organisation, job_title, point))


@app.command()
def registrar(identity_code: Person, organisation: Organisation, job_title: JobTitle, point: Point) -> None:
    """Order a registrar's card: the person works at the registration point to which it is sent."""
    _django()
    from varmentaja.ground.bootstrap import order_registrar

    typer.echo(order_registrar(identity_code, organisation, job_title, point))


@audit.command("verify")
def audit_verify(
    heads: Annotated[Path | None, typer.Option(help="Folder of the signed heads.")] = None,
    key: Annotated[Path | None, typer.Option(help="Public key of the heads (PEM).")] = None,
    as_json: AsJson = False,
) -> None:
    """Prove the audit trail: chain, facts beside it, signed heads. Exit code 1 when anything differs."""
    _django()
    from varmentaja.ground.proof import prove

    report = prove(heads, key)
    typer.echo(json.dumps(report, indent=2) if as_json else _told(report))
    raise typer.Exit(FAILED if report["findings"] else 0)


def _told(report: dict[str, Any]) -> str:
    lines = [f"  {finding}" for finding in report["findings"]]
    verdict = "NOT as it was written:" if lines else "as it was written"
    told = f"{report['links']} links, {report['personal']} personal facts, {report['heads']} signed heads, "
    proved = f"  by the key: {report['key']}"
    return "\n".join([f"{told}{report['waiting']} waiting: {verdict}", proved, *lines])
