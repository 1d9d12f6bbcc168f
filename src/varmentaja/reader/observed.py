# SPDX-License-Identifier: EUPL-1.2
"""What was looked at when somebody asks what is wrong with the card: plain data for the diagnosis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from varmentaja.card.driver import CardContents, KeyRole
from varmentaja.reader.version_manifest import Ruling


class Contact(StrEnum):
    """How far the program got with the card."""

    NO_CARD = "no-card"
    MUTE = "mute"
    """Something is in the reader, but it does not answer to power."""
    TAKEN = "taken"
    """Another program holds the card for itself."""
    UNKNOWN = "unknown"
    """The card answers, and no driver knows it."""
    UNFINISHED = "unfinished"
    """A driver knows it, and finds a blank or a half-made card."""
    LOST = "lost"
    """The card stopped answering while it was read."""
    READ = "read"


class Path(StrEnum):
    """Where one certificate comes from, as far as can be told without its dates and status."""

    TRUSTED = "trusted"
    UNKNOWN_ISSUER = "unknown-issuer"
    FORGED = "forged"
    """It names an issuer that is trusted, which did not sign it."""


class Standing(StrEnum):
    """What the issuer says of one certificate now."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    """No believable answer."""


@dataclass(frozen=True, slots=True)
class SeenCertificate:
    """One certificate of the card; ``standing`` is None where nobody was asked."""

    valid_from: datetime
    valid_until: datetime
    path: Path | None
    """None where this program was told of no issuers."""
    standing: Standing | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """All that was looked at. None means: could not be looked at."""

    now: datetime
    """This machine's clock."""
    readers: tuple[str, ...] | None
    """Names of the readers; None when the system's card service does not answer."""
    contact: Contact = Contact.NO_CARD
    generation: str | None = None
    """Name of the kind of chip."""
    ruling: Ruling | None = None
    """What the service's list of versions says of this program with this chip."""
    contents: CardContents | None = field(default=None, repr=False)
    certificates: Mapping[KeyRole, SeenCertificate] = field(default_factory=dict)
    service_answers: bool | None = None
    service_time: datetime | None = None
    """What the service's answer gave as its time. Nobody has signed it: it makes this machine's clock
    doubtful and is never judged by."""
