# SPDX-License-Identifier: EUPL-1.2
"""``varmentaja tour [card|reader|status] [--algorithm ecc|rsa] [--json] [--keep] [--all]``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

from varmentaja.config import settings
from varmentaja.tour import card, reader_story, status_story
from varmentaja.tour.engine import Result, play
from varmentaja.tour.place import NoService, Place, of_its_own, running
from varmentaja.tour.report import Printer, as_data

tour_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class Tour(StrEnum):
    """The stories that can be played."""

    CARD = "card"
    READER = "reader"
    STATUS = "status"


class Algorithm(StrEnum):
    """The kinds of keys on cards."""

    ECC = "ecc"
    RSA = "rsa"


@tour_app.command()
def tour(
    name: Annotated[Tour, typer.Argument(help="Which story.")] = Tour.CARD,
    algorithm: Annotated[Algorithm | None, typer.Option(help="Keys of the cards that are made.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As data.")] = False,
    keep: Annotated[bool, typer.Option(help="Keep the state folder of a service started for this.")] = False,
    directory: Annotated[
        bool, typer.Option(help="status: let its service publish to the LDAP directory of the settings.")
    ] = False,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Fail, too, when a part is left out for what is not installed or given."),
    ] = False,
) -> None:
    """Play a whole story over HTTP and APDUs on the demo that runs here, or on one started for it.

    The story of the status services stops and spoils things: it always has a service of its own.
    """
    if algorithm is not None:
        os.environ["VARMENTAJA_ALGORITHM"] = algorithm
        settings.cache_clear()
    console = Console(highlight=False, quiet=as_json)
    try:
        with _place(name, console, keep=keep, directory=directory) as place:
            results = _played(name, place, console)
            if as_json:
                document = as_data(name, place.settings.algorithm, place.portal, results)
                typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
    except NoService as error:
        typer.echo(f"No service to play the story on: {error}", err=True)
        raise typer.Exit(1) from None
    failed = any(result.error or (everything and result.left_out) for result in results)
    raise typer.Exit(1 if failed else 0)


@contextmanager
def _place(name: Tour, console: Console, *, keep: bool, directory: bool) -> Iterator[Place]:
    found = None if name is Tour.STATUS else running(settings())
    if found is not None:
        console.print(f"The story is played on the running demo: {found.portal}")
        yield found
        return
    console.print("A service is started for the story …")
    with of_its_own(settings().algorithm, keep=keep, directory=directory) as place:
        console.print(f"{place.portal}, state in {place.settings.state}")
        yield place


def _played(name: Tour, place: Place, console: Console) -> list[Result]:
    printer = Printer(console)
    match name:
        case Tour.CARD:
            with card.open_story(place) as story:
                results = play(card.STEPS, story, printer)
        case Tour.READER:
            with reader_story.open_story(place) as story_of_reader:
                results = play(reader_story.STEPS, story_of_reader, printer)
        case Tour.STATUS:
            with status_story.open_story(place) as story_of_status:
                results = play(status_story.STEPS, story_of_status, printer)
    printer.close(results)
    return results
