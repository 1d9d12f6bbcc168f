# SPDX-License-Identifier: EUPL-1.2
"""What is running, as a document: ``var/run/status.json``, its schema in docs/integration/status.schema.json.

The supervisor writes the processes; who prepares the demo writes ``var/run/demo.json`` (authorities and
people), which is shown as it stands; the cards are asked of the card host.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from varmentaja.card.host_client import CardHostClient
from varmentaja.config import Settings
from varmentaja.domain.errors import DomainError
from varmentaja.ground.service import Service

FORMAT = 1


def write_status(now: Settings, supervisor: int, database: dict[str, Any], services: list[Service]) -> None:
    """Tell what the supervisor's children are doing."""
    document = {
        "format": FORMAT,
        "supervisor": supervisor,
        "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "environment": now.environment.value,
        "algorithm": now.algorithm,
        "database": database,
        "services": [_service(service) for service in services],
    }
    draft = now.run / "status.json.new"
    draft.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    draft.replace(now.run / "status.json")


def read_status(now: Settings) -> dict[str, Any]:
    """What is running now: the supervisor's document with ``running``, and the demo's parts."""
    document = _read(now.run / "status.json") or {"format": FORMAT, "services": []}
    document["running"] = _runs(document.get("supervisor"))
    if not document["running"]:
        document["services"] = []
        document.pop("supervisor", None)
    demo = _read(now.run / "demo.json") or {}
    cards = _cards(now) if document["running"] else []
    people = [{**person, "cards": _cards_of(person, cards)} for person in demo.get("people", [])]
    return {**document, "authorities": demo.get("authorities", []), "people": people, "cards": cards}


def as_text(document: dict[str, Any]) -> str:
    """A few lines for people."""
    if not document["running"]:
        return "Nothing is running. Start the demo with: varmentaja demo"
    lines = [
        f"{each['name']:<10} {each['state']:<9} {each['address']}".rstrip() for each in document["services"]
    ]
    for authority in document["authorities"]:
        lines.append(f"authority  {authority['name']}: {authority['certificate']}")
    for person in document["people"]:
        cards = "".join(f", card {serial}" for serial in person["cards"])
        lines.append(f"person     {person['name']}: {person['story']['en'].rstrip('.')}{cards}")
    for card in document["cards"]:
        lines.append(f"card       {card['printed_serial']}: {card['holder']} ({card['title']})")
    return "\n".join(lines)


def _cards(now: Settings) -> list[dict[str, Any]]:
    """The cards in the drawer; none while the card host does not answer."""
    try:
        cards = CardHostClient(now.card_host_socket).list()
    except DomainError:
        return []
    return [
        {
            "serial": card.serial,
            "printed_serial": card.printed_serial,
            "holder": card.holder,
            "number": card.number,
            "title": card.title,
            "activated": card.is_activated,
        }
        for card in cards
    ]


def _cards_of(person: dict[str, Any], cards: list[dict[str, Any]]) -> list[str]:
    """Printed serials of the cards in whose certificates this person's number stands."""
    numbers = {person.get("electronic_id"), person.get("registration_number")} - {None}
    return [card["printed_serial"] for card in cards if card["number"] in numbers]


def _service(service: Service) -> dict[str, Any]:
    running = service.process is not None
    without = "paused" if service.paused else "waiting"
    return {
        "name": service.name,
        "state": "ready" if service.ready else "starting" if running else without,
        "pid": service.process.pid if service.process else None,
        "address": service.address,
        "restarts": service.restarts,
        "log": str(service.log.resolve()),
    }


def _runs(supervisor: object) -> bool:
    """Whether the process that wrote the document is still the supervisor."""
    try:
        return b"varmentaja" in Path(f"/proc/{supervisor}/cmdline").read_bytes()
    except OSError:
        return False


def _read(path: Path) -> dict[str, Any] | None:
    try:
        document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return document
