# SPDX-License-Identifier: EUPL-1.2
"""Where a card and its code letter are sent: each to an address of its own.

Under a non-disclosure order the home address is never offered, used or stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from varmentaja.domain.errors import DomainError, Kind, Message, invalid, message
from varmentaja.domain.people import Address, Person


class Destination(StrEnum):
    """The kinds of address."""

    HOME = "home"
    POINT = "point"
    EMPLOYER = "employer"


LABELS = {
    Destination.HOME: message("Home address in the population register"),
    Destination.POINT: message("Registration point"),
    Destination.EMPLOYER: message("Employer's address, by name"),
}
"""Each destination as a choice in a form."""


@dataclass(frozen=True, slots=True)
class Place:
    """A point or an employer: its name and postal address."""

    name: str
    address: Address


@dataclass(frozen=True, slots=True)
class Recipient:
    """One settled address; ``organisation`` is empty for a home."""

    destination: Destination
    name: str
    """The holder's: every item is addressed to the person."""
    organisation: str
    address: Address

    def lines(self) -> tuple[str, ...]:
        """The lines on the envelope."""
        town = f"{self.address.postal_code} {self.address.town}"
        country = () if self.address.country == "FI" else (self.address.country,)
        organisation = (self.organisation,) if self.organisation else ()
        return (self.name, *organisation, self.address.street, town, *country)


def why_not_home(person: Person) -> Message | None:
    """None when items may be sent to the person's home; otherwise why not."""
    if person.non_disclosure:
        return message(
            "The person has a non-disclosure order: the home address is not used. Choose another address."
        )
    if person.home_address is None:
        return message("The population register has no home address for the person. Choose another address.")
    return None


def destinations(person: Person) -> tuple[Destination, ...]:
    """The destinations to offer for this person."""
    return tuple(
        choice for choice in Destination if choice is not Destination.HOME or why_not_home(person) is None
    )


def may_be_shown(settled: Recipient, person: Person) -> bool:
    """Whether people may be shown the address: no home under a non-disclosure order, whenever it was
    settled."""
    return settled.destination is not Destination.HOME or not person.non_disclosure


def recipient(
    person: Person, destination: Destination, place: Place | None = None, *, field: str
) -> Recipient:
    """The address for ``destination``; ``place`` is the point or the employer.

    Raises DomainError (INVALID, for the form's ``field``) when home is not possible or the place is missing.
    """
    name = f"{person.first_name} {person.family_name}"
    if destination is Destination.HOME:
        refusal = why_not_home(person)
        if refusal is not None:
            raise DomainError(Kind.INVALID, refusal, field=field)
        assert person.home_address is not None  # why_not_home has looked
        return Recipient(destination, name, "", person.home_address)
    if place is None:
        raise invalid("Give the name and address of the place.", field=field)
    return Recipient(destination, name, place.name, place.address)
