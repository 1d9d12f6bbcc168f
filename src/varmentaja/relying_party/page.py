# SPDX-License-Identifier: EUPL-1.2
"""What a page needs that asks the card for a signature with ``assets/scs.js``: where the card reader program
may be, and what the page says meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from varmentaja.domain.errors import Message, message

Usage = Literal["digitalSignature", "nonRepudiation"]
"""Which key of the card: PIN 1's, or PIN 2's."""

HTTP_PORTS = (53951, 23123, 8088)
"""Ports for plain HTTP that programs were seen to use; HTTPS is on the next one each."""

_ALWAYS = {
    "searching": message("Looking for the card reader program …"),
    "permission": message(
        "Your browser asks whether this page may use other apps on this device, or your local network. "
        "Answer Allow."
    ),
    "blocked": message(
        "Your browser does not let this page speak with the card reader program. From the icon beside the "
        "address, allow this page to use other apps on this device, or the local network."
    ),
    "no_program": message("The card reader program does not answer. Start it on this computer."),
    "no_card": message("The card reader program is running. Put your card in the reader."),
    "cancelled": message("You cancelled, or the PIN was not right. You can try again."),
    "pin_locked": message("The PIN is locked. Open it with the activation code in the card reader program."),
    "not_activated": message(
        "The card is not activated yet. Activate it with the code from the code letter."
    ),
    "wrong_origin": message(
        "The card reader program did not accept the address of this page. Open it again."
    ),
    "no_certificate": message(
        "The card has no certificate for this. Use your professional or personnel card."
    ),
    "card_removed": message("The card was taken out of the reader. Put it back and try again."),
    "busy": message("The card reader program is busy with another page. Finish there first."),
    "other": message("The card did not sign. Take the card out, put it back and try again."),
}
_BY_USAGE: Mapping[Usage, Mapping[str, Message]] = {
    "digitalSignature": {
        "ready": message("Your card is in the reader. You can sign in."),
        "asking": message("Enter PIN 1 in the window of the card reader program."),
    },
    "nonRepudiation": {
        "ready": message("Your card is in the reader. You can sign."),
        "asking": message("Enter PIN 2 in the window of the card reader program."),
    },
}


def page_texts(usage: Usage) -> Mapping[str, Message]:
    """What the page says in each state of ``assets/scs.js``, to be translated and given to it as JSON."""
    return {**_ALWAYS, **_BY_USAGE[usage]}


def addresses(first_port: int = HTTP_PORTS[0]) -> tuple[str, ...]:
    """Where the card reader program may be, in the order of trying: HTTPS before HTTP on each pair of ports.

    A page's Content-Security-Policy lists them in connect-src.
    """
    ports = dict.fromkeys((first_port, *HTTP_PORTS))
    return tuple(
        f"{scheme}://127.0.0.1:{port + step}"
        for port in ports
        for scheme, step in (("https", 1), ("http", 0))
    )
