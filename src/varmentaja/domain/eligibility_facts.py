# SPDX-License-Identifier: EUPL-1.2
"""What a decision on an application looks at. Holds no name and no identity code: it is stored with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from varmentaja.domain.identity_documents import DocumentKind, IdentityDocument
from varmentaja.domain.rights import Register, Right, RightKind


@dataclass(frozen=True, slots=True)
class HeldCard:
    """A card of the same product that the person has or that is being made; no lost or expired one."""

    card: str
    """Its printed serial, or what the office knows it by."""
    right_code: str
    valid_until: date
    agrees: bool = True
    """Name and title on it still agree with the registers; otherwise a new card is due."""


@dataclass(frozen=True, slots=True)
class OpenApplication:
    """Another application of the person for the same product that is not finished."""

    application: str
    right_code: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the rules may look at."""

    product: str
    person_known: bool
    """The population register answered for the identity code."""
    person_alive: bool
    identity_code_in_force: bool
    """The register did not name another code as the person's present one."""
    rights: tuple[Right, ...]
    """All the register told, ended ones too."""
    chosen_right: str
    """Code of the right the card is to carry; empty to let the rule choose."""
    cards: tuple[HeldCard, ...]
    open_applications: tuple[OpenApplication, ...]
    ordered_for_self: bool
    identity_document: IdentityDocument | None
    terms_accepted: str
    """Version of the terms that the applicant accepted; empty if none."""
    terms_in_force: str
    with_photo: bool | None
    """The applicant's choice; None if not asked."""
    sent_home: bool = False
    """The card or its code letter is to go to the home address. Decisions before this was looked at have no
    such fact, as with the next one."""
    non_disclosure: bool = False
    """The population register hides the home address (turvakielto)."""
    name_misfits: tuple[str, ...] = ()
    """What of the person's name certificates of this service cannot carry, by attribute of the subject."""


def facts_to_document(facts: Facts) -> dict[str, Any]:
    """The facts as JSON types."""
    document: dict[str, Any] = _plain(asdict(facts))
    return document


def facts_from_document(document: Mapping[str, Any]) -> Facts:
    """The facts that ``facts_to_document`` wrote."""
    shown = document["identity_document"]
    return Facts(
        **{
            **document,
            "rights": tuple(map(_right, document["rights"])),
            "cards": tuple(
                HeldCard(**{**card, "valid_until": date.fromisoformat(card["valid_until"])})
                for card in document["cards"]
            ),
            "name_misfits": tuple(document.get("name_misfits", ())),
            "open_applications": tuple(OpenApplication(**other) for other in document["open_applications"]),
            "identity_document": shown
            and IdentityDocument(DocumentKind(shown["kind"]), shown["country"], day(shown["valid_until"])),
        }
    )


def day(text: str | None) -> date | None:
    """A date of a stored document, or none."""
    return None if text is None else date.fromisoformat(text)


def _right(row: Mapping[str, Any]) -> Right:
    return Right(
        **{
            **row,
            "register": Register(row["register"]),
            "kind": RightKind(row["kind"]),
            "begins": date.fromisoformat(row["begins"]),
            "ends": day(row["ends"]),
        }
    )


def _plain(value: Any) -> Any:
    match value:
        case date():
            return value.isoformat()
        case dict():
            return {key: _plain(member) for key, member in value.items()}
        case list() | tuple():
            return [_plain(member) for member in value]
        case str():
            return str(value)  # an enum's value
    return value
