# SPDX-License-Identifier: EUPL-1.2
"""What an event of one life cycle causes in another: order, card, application, certificate, letter.

The machines do not know each other. An action that applies an event looks here for what follows, and
applies it to those things of that kind whose state has a way for it (``Machine.leads``); the others, such as
a letter already posted when its card is lost, stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from varmentaja.domain.applications import ApplicationEvent
from varmentaja.domain.cards import CardEvent
from varmentaja.domain.certificates import CertificateEvent
from varmentaja.domain.letters import LetterEvent
from varmentaja.domain.orders import OrderEvent

# Keyed by the enum member's class and value: members of two string enums with one value compare equal.
_Key = tuple[type[StrEnum], str]


def _key(event: StrEnum) -> _Key:
    return type(event), event.value


_ENDS_CARD = (CertificateEvent.REVOKE, LetterEvent.CANCEL)

_FOLLOWS: Mapping[_Key, tuple[StrEnum, ...]] = {
    _key(OrderEvent.BEGIN): (CardEvent.PERSONALISE,),
    _key(OrderEvent.VERIFY): (CardEvent.MAKE,),
    _key(OrderEvent.DISPATCH): (CardEvent.DISPATCH, ApplicationEvent.FULFIL),
    _key(OrderEvent.DISCARD): (CardEvent.DISCARD, ApplicationEvent.ORDER_DISCARDED),
    _key(CardEvent.DISCARD): (CertificateEvent.BURN, *_ENDS_CARD),
    _key(CardEvent.REPORT_LOST): _ENDS_CARD,
    _key(CardEvent.CANCEL): _ENDS_CARD,
    _key(CardEvent.EXPIRE): (LetterEvent.CANCEL,),
}


def following(event: StrEnum) -> tuple[StrEnum, ...]:
    """The events of other life cycles that ``event`` causes, in the order in which to apply them."""
    return _FOLLOWS.get(_key(event), ())
