# SPDX-License-Identifier: EUPL-1.2
"""The kinds of card: how long each is valid, what it is bound to, and what it carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from varmentaja.domain.data_files import load
from varmentaja.domain.errors import Message, message, not_found


class ProductId(StrEnum):
    """The products' identifiers, as stored with applications and cards."""

    PROFESSIONAL = "professional"
    PERSONNEL = "personnel"


class BoundTo(StrEnum):
    """What a card stands and falls with."""

    RIGHT = "right"
    EMPLOYMENT = "employment"


class PhotoRule(StrEnum):
    """Whether the card bears a photograph."""

    OPTIONAL = "optional"
    REQUIRED = "required"
    NONE = "none"


LABELS: Mapping[ProductId, Message] = {
    ProductId.PROFESSIONAL: message("Professional card"),
    ProductId.PERSONNEL: message("Personnel card"),
}
"""The products' names."""


@dataclass(frozen=True, slots=True)
class Product:
    """One kind of card."""

    id: ProductId
    years: int
    bound_to: BoundTo
    photo: PhotoRule
    profiles: Mapping[str, str]
    """Certificate profile for each purpose: ``auth`` and ``sign``, and ``logon`` instead of ``auth`` where
    cards open computers too."""
    latin1: Mapping[str, str]
    """The same where names are kept to ISO 8859-1."""
    authority: str
    """The issuing authority, without its line (``-ecc``, ``-rsa``)."""
    in_force: date
    source: str


@cache
def products() -> Mapping[ProductId, Product]:
    """All products, in the order of the data file."""
    return MappingProxyType({ProductId(name): _read(name) for name in load("products")})


def product(identifier: str) -> Product:
    """The product with this identifier; ``DomainError`` (NOT_FOUND) if there is none."""
    if identifier not in set(ProductId):
        raise not_found("There is no such product.")
    return products()[ProductId(identifier)]


def last_day(start: date, years: int) -> date:
    """The last day of a validity of ``years`` years that begins on ``start``."""
    try:
        return start.replace(year=start.year + years) - timedelta(days=1)
    except ValueError:  # 29 February
        return date(start.year + years, 2, 28)


def _read(name: str) -> Product:
    row = load("products")[name]
    return Product(
        id=ProductId(name),
        years=row["years"],
        bound_to=BoundTo(row["bound_to"]),
        photo=PhotoRule(row["photo"]),
        profiles=MappingProxyType(row["profiles"]),
        latin1=MappingProxyType(row["latin1"]),
        authority=row["authority"],
        in_force=row["in_force"],
        source=row["source"],
    )
