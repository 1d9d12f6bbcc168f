# SPDX-License-Identifier: EUPL-1.2
"""What somebody finds who takes the database and the service's folders, but no key (decisions 4 and 9)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.db import connection
from tests.support.service import Service

from varmentaja.apps.audit.sealing import seal_all
from varmentaja.apps.letters.actions.post_letter import post_letter
from varmentaja.apps.letters.models import Letter
from varmentaja.apps.status.actions.publish_status import publish_status
from varmentaja.card.drivers import open_card
from varmentaja.domain.people import Address
from varmentaja.domain.pins import pin_rules

pytestmark = pytest.mark.django_db
PIN1, PIN2 = "73914268", "91546372"


def test_neither_database_nor_folders_hold_codes_pins_or_personal_data(service: Service) -> None:
    card = service.made_card()
    letter = Letter.objects.get(card=card)
    post_letter(letter.pk, now=service.now, today=letter.due_on)
    publish_status(now=service.now)
    seal_all()
    assert service.outside.custody is not None
    rules = pin_rules(card.product, card.generation)
    code = service.outside.custody.activation_code(card.chip_serial, rules.code_length)
    transport = service.cards.connect(card.chip_serial)
    open_card(transport).activate(code, PIN1, PIN2)
    transport.close()
    home = Address(**card.person.home_address)
    secrets = [code, PIN1, PIN2, card.person.identity_code, home.street]
    own_file = service.folder / "cards" / f"{card.chip_serial}.json"
    pins = json.loads(own_file.read_text("utf-8"))["pins"].values()
    assert {PIN1, PIN2} <= {pin["value"] for pin in pins}, "the card's own memory knows what was set"
    places = {"database": _dump(), **_folders(service, own_file)}
    assert _holds(places["database"], card.person.family_name), "names stand in clear, and are found"
    found = [
        (place, secret) for place, content in places.items() for secret in secrets if _holds(content, secret)
    ]
    assert found == []


def _dump() -> bytes:
    """Every table as ``COPY … TO STDOUT`` writes it."""
    content = bytearray()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            with cursor.cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
                for part in copy:
                    content += part
    return bytes(content)


def _folders(service: Service, own_file: Path) -> dict[str, bytes]:
    """Every file of the service but the mailbox (the holder's home) and the card's own memory."""
    mailbox = service.folder / "mailbox"
    return {
        str(path): path.read_bytes()
        for path in service.folder.rglob("*")
        if path.is_file() and path != own_file and not path.is_relative_to(mailbox)
    }


def _holds(content: bytes, secret: str) -> bool:
    """As text, as UTF-16, or as hexadecimal digits (so COPY writes bytes)."""
    plain = secret.encode()
    return any(form in content for form in (plain, secret.encode("utf-16-le"), plain.hex().encode()))
