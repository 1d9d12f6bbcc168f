# SPDX-License-Identifier: EUPL-1.2
"""The card reader program: its page, its packages, and the signed list of its versions.

``tools/reader_package.py``, which a demo runs beside its services, puts packages and ``packages.json`` into
the folder of downloads; the worker puts the list of versions there. Only what stands in these can be fetched.
"""

from __future__ import annotations

import fcntl
import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from varmentaja.config import BUILDING
from varmentaja.domain.data_files import load
from varmentaja.domain.errors import not_found
from varmentaja.ui.components import Cell, Column, Link, Table

_LISTING = "packages.json"
_VERSIONS = "versions.json"


def page(request: HttpRequest) -> HttpResponse:
    """What there is to install, for which cards it is new enough, and how to check it."""
    listing = _listing()
    values = {
        "listing": listing,
        "is_being_built": _is_being_built(),
        "packages": [_package(entry, listing) for entry in listing.get("files", ())],
        "key_address": reverse("download", args=[listing["key"]]) if listing else "",
        "made_at": datetime.fromisoformat(listing["made_at"]) if listing else None,
        "chips": _chips(),
        "breadcrumb": [Link(_("Front page"), reverse("public:front"))],
    }
    return render(request, "public/reader.html", values)


def _package(entry: dict[str, Any], listing: dict[str, Any]) -> dict[str, Any]:
    """One package as the page shows it, with the commands that check and install it."""
    is_deb = entry["name"].endswith(".deb")
    commands = [f"gpgv --keyring ./{listing['key']} {entry['signature']} {entry['name']}"]
    if is_deb:
        commands.append(f"sudo apt install ./{entry['name']}")
    else:
        commands += [
            "sudo apt install python3-venv python3-dev gcc swig libpcsclite-dev pcscd",
            "python3 -m venv varmentaja",
            f"varmentaja/bin/pip install './{entry['name']}[reader]'",
            f"VARMENTAJA_PUBLIC_URL={settings.PUBLIC_URL} varmentaja/bin/varmentaja reader",
        ]
    return {
        **entry,
        "address": reverse("download", args=[entry["name"]]),
        "signature_address": reverse("download", args=[entry["signature"]]),
        "is_deb": is_deb,
        "megabytes": f"{entry['size'] / 1e6:.1f}",
        "block": "install-deb" if is_deb else "install-wheel",
        "commands": "\n".join(commands),
    }


def download(request: HttpRequest, name: str) -> FileResponse:
    """One package, signature or key that the listing names."""
    listing = _listing()
    names = {entry[part] for entry in listing.get("files", ()) for part in ("name", "signature")}
    if not listing or name not in names | {listing["key"]}:
        raise not_found("There is no such file.")
    return _file(name, as_attachment=True)


def versions(request: HttpRequest) -> FileResponse:
    """The signed list of versions, as the card reader program asks for it."""
    return _file(_VERSIONS, content_type="application/json")


def _file(name: str, **options: Any) -> FileResponse:
    try:
        return FileResponse((settings.DOWNLOADS / name).open("rb"), **options)
    except FileNotFoundError:
        raise not_found("There is no such file.") from None


def _listing() -> dict[str, Any]:
    """What was built last; empty where nothing was."""
    try:
        listing: dict[str, Any] = json.loads((settings.DOWNLOADS / _LISTING).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return listing


def _is_being_built() -> bool:
    """Whether the one who builds holds its lock."""
    try:
        with (settings.DOWNLOADS / BUILDING).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _chips() -> Table:
    made = load("chip_generations")["generations"]
    rows: list[list[Cell]] = [
        [
            made[chip["generation"]]["name"],
            date_format(made[chip["generation"]]["in_force"], "DATE_FORMAT"),
            chip["least"],
        ]
        for chip in load("reader_versions")["chip"]
    ]
    columns = [Column(_("Card's chip")), Column(_("In cards since")), Column(_("Least version"))]
    return Table(_("Least version for each kind of chip"), columns, rows)
