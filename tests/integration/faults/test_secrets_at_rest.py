# SPDX-License-Identifier: EUPL-1.2
"""What somebody finds who takes the database and the service's folders, but no key (decisions 4 and 9)."""

from __future__ import annotations

import json
import os
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from PIL import Image
from tests.support.service import Service

from varmentaja.apps.applications.actions.record_photo import record_photo
from varmentaja.apps.audit.sealing import seal_all
from varmentaja.apps.cards.actions.produce_card import produce_card
from varmentaja.apps.cards.models import Card
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.letters.actions.post_letter import post_letter
from varmentaja.apps.letters.models import Letter
from varmentaja.apps.signatures.models import SignedDocument
from varmentaja.apps.status.actions.publish_status import publish_status
from varmentaja.card.drivers import open_card
from varmentaja.documents.photo import clean_photo
from varmentaja.domain.people import Address
from varmentaja.domain.pins import pin_rules

pytestmark = pytest.mark.django_db
PIN1, PIN2 = "73914268", "91546372"
DOCUMENT = "XP1234567"
TITLE = "Lausunto potilaasta 417"


def test_neither_database_nor_folders_hold_codes_pins_or_personal_data(service: Service) -> None:
    card, photo = _card_with_photo(service)
    letter = Letter.objects.get(card=card)
    post_letter(letter.pk, now=service.now, today=letter.due_on)
    publish_status(now=service.now)
    _sign(service, card)
    seal_all()
    code = _activated(service, card)
    home = Address(**card.person.home_address)
    secrets = {
        "code": code.encode(),
        "PIN 1": PIN1.encode(),
        "PIN 2": PIN2.encode(),
        "identity code": card.person.identity_code.encode(),
        "street": home.street.encode(),
        "number of the document that was shown": DOCUMENT.encode(),
        "photograph": photo[-600:-500],
        "front of the card": bytes(card.face)[-600:-500],
        "title": TITLE.encode(),
        **{f"letter {place}": content[-600:-500] for place, content in _letters(service).items()},
    }
    assert len(secrets) == 11, "two letters were posted"
    places = {"database": _dump(), **_folders(service, card)}
    assert _holds(places["database"], card.person.family_name.encode()), "names stand in clear, and are found"
    found = [
        (place, name)
        for place, content in places.items()
        for name, secret in secrets.items()
        if _holds(content, secret)
    ]
    assert found == []


def _card_with_photo(service: Service) -> tuple[Any, bytes]:
    noise = Image.frombytes("RGB", (540, 705), os.urandom(540 * 705 * 3))
    file = BytesIO()
    noise.save(file, "JPEG")
    photo = clean_photo(file.getvalue()).jpeg
    draft = service.application()
    record_photo(service.registrar(), draft.pk, draft.version, photo, today=service.today)
    draft.refresh_from_db()
    service.submit(draft)
    order = service.order_of(draft)
    produce_card(order.pk, now=service.now, today=service.today)
    return Card.objects.get(pk=order.card_id), photo


def _sign(service: Service, card: Any) -> None:
    """A document of the holder's, as sign_document stores it."""
    SignedDocument.objects.create(
        person=card.person,
        certificate=Certificate.objects.get(card=card, purpose="signature"),
        title=TITLE,
        content=b"text",
        signature=b"signature",
        content_hash="",
        algorithm="",
        signed_at=service.now,
    )


def _activated(service: Service, card: Any) -> str:
    """The code, with which the holder has set the PINs: the card's own memory knows them."""
    assert service.outside.custody is not None
    rules = pin_rules(card.product, card.generation)
    code = service.outside.custody.activation_code(card.chip_serial, rules.code_length)
    transport = service.cards.connect(card.chip_serial)
    open_card(transport).activate(code, PIN1, PIN2)
    transport.close()
    memory = json.loads((service.folder / "cards" / f"{card.chip_serial}.json").read_text("utf-8"))
    assert {PIN1, PIN2} <= {pin["value"] for pin in memory["pins"].values()}
    return code


def _letters(service: Service) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in (service.folder / "mailbox").rglob("*.pdf")}


def _dump() -> bytes:
    """Every table as ``COPY … TO STDOUT`` writes it."""
    content = bytearray()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            with cursor.cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
                for part in copy:
                    content += part
    return bytes(content)


def _folders(service: Service, card: Any) -> dict[str, bytes]:
    """Every file but the mailbox (the holder's home) and the card itself: its memory, and what is printed on
    it (docs/decisions/0062)."""
    mailbox, own = service.folder / "mailbox", service.folder / "cards" / card.chip_serial
    return {
        str(path): path.read_bytes()
        for path in service.folder.rglob("*")
        if path.is_file() and path.with_suffix("") != own and not path.is_relative_to(mailbox)
    }


def _holds(content: bytes, secret: bytes) -> bool:
    """As it is, as UTF-16, or as hexadecimal digits (so COPY writes bytes)."""
    wide = b"".join(bytes((byte, 0)) for byte in secret)
    return any(form in content for form in (secret, wide, secret.hex().encode()))
