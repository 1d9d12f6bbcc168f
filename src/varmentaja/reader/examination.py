# SPDX-License-Identifier: EUPL-1.2
"""Looks at readers, card and service, and hands over what it saw to the diagnosis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from varmentaja.card.driver import CardError, CardInUse, CardNotReady, CardNotSupported
from varmentaja.card.drivers import open_card
from varmentaja.card.generations import generation_of
from varmentaja.card.pcsc import ReaderSeen
from varmentaja.domain.errors import DomainError
from varmentaja.pki.hierarchy import Hierarchy
from varmentaja.pki.paths import validate_path
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.certificates import CardCertificate
from varmentaja.reader.diagnosis import diagnose
from varmentaja.reader.observed import Contact, Observed, Path, SeenCertificate, Standing
from varmentaja.reader.real_readers import Readers
from varmentaja.reader.report import Diagnosis
from varmentaja.reader.service_link import ServiceLink
from varmentaja.reader.virtual_reader import Slot, VirtualReader
from varmentaja.relying_party import Refused
from varmentaja.relying_party.status import ask_status

VIRTUAL_READER = "Varmentaja virtual reader"


@dataclass(frozen=True, slots=True)
class Seen:
    """The reader's side: which readers there are, and how far the program got with the card."""

    readers: tuple[str, ...] | None
    contact: Contact = Contact.NO_CARD
    card: InsertedCard | None = None


def examine(seen: Seen, service: ServiceLink, *, now: datetime) -> Diagnosis:
    """Ask the service about what was seen, and judge all of it."""
    observed = observe(seen, service, now=now)
    return Diagnosis.of(diagnose(observed), observed)


def observe(seen: Seen, service: ServiceLink, *, now: datetime) -> Observed:
    """Everything that the diagnosis judges."""
    answers, time = service.look(now=now)
    card = seen.card
    chip = generation_of(card.contents) if card else None
    return Observed(
        now=now,
        readers=seen.readers,
        contact=seen.contact,
        generation=chip,
        ruling=service.ruling(chip),
        contents=card.contents if card else None,
        certificates={
            certificate.role: _certificate(certificate, service, now)
            for certificate in (card.certificates if card else ())
        },
        service_answers=answers if service.has_address else None,
        service_time=time,
    )


def standings(card: InsertedCard, service: ServiceLink, *, now: datetime) -> dict[str, str]:
    """What its issuer says of each certificate of a card now, by use, as plain data."""
    return {
        certificate.role.value: (_certificate(certificate, service, now).standing or Standing.UNKNOWN).value
        for certificate in card.certificates
    }


def see_slot(reader: VirtualReader, slot: Slot) -> Seen:
    """What is in a slot of the virtual reader."""
    readers = (VIRTUAL_READER,) * len(reader.slots)
    if not slot.is_taken:
        return Seen(readers)
    if slot.card is not None:
        return Seen(readers, Contact.READ, slot.card)
    return Seen(readers, contact_of(slot.trouble) if slot.trouble else Contact.LOST)


def see_readers(connect: Callable[[], Readers], part_of_name: str = "") -> Seen:
    """What is in the system's readers: the first card in a reader whose name has this part."""
    try:
        readers = connect()
    except DomainError:
        return Seen(None)
    try:
        return _see(readers, readers.watch((), 0), part_of_name)
    except DomainError:
        return Seen(None)
    finally:
        readers.close()


def _see(readers: Readers, found: Sequence[ReaderSeen], part_of_name: str) -> Seen:
    there = [reader for reader in found if part_of_name.casefold() in reader.name.casefold()]
    names = tuple(reader.name for reader in there)
    taken = next((reader for reader in there if reader.has_card), None)
    if taken is None:
        return Seen(names)
    if taken.is_mute:
        return Seen(names, Contact.MUTE)
    try:
        transport = readers.open(taken.name)
    except CardError as error:
        return Seen(names, contact_of(error))
    try:
        return Seen(names, Contact.READ, InsertedCard(taken.name, open_card(transport)))
    except CardError as error:
        return Seen(names, contact_of(error))
    finally:
        transport.close()


def contact_of(trouble: CardError) -> Contact:
    """How far the program got, by what stopped it."""
    kinds = {
        CardInUse: Contact.TAKEN,
        CardNotSupported: Contact.UNKNOWN,
        CardNotReady: Contact.UNFINISHED,
    }
    return kinds.get(type(trouble), Contact.LOST)


def path_of(certificate: x509.Certificate, hierarchy: Hierarchy, *, at: datetime) -> Path:
    """Where a certificate comes from. Its own dates do not matter here; those of its issuers do."""
    if hierarchy.issuer_of(certificate) is None:
        return Path.UNKNOWN_ISSUER
    within = min(max(at, certificate.not_valid_before_utc), certificate.not_valid_after_utc)
    try:
        validate_path(certificate, hierarchy, now=within)
    except DomainError:
        return Path.FORGED
    return Path.TRUSTED


def _certificate(seen: CardCertificate, service: ServiceLink, moment: datetime) -> SeenCertificate:
    certificate, hierarchy = seen.certificate, service.hierarchy
    path = path_of(certificate, hierarchy, at=moment) if hierarchy else None
    standing = (
        _standing(certificate, hierarchy, service, moment) if path is Path.TRUSTED and hierarchy else None
    )
    return SeenCertificate(seen.valid_from, seen.valid_until, path, standing)


def _standing(
    certificate: x509.Certificate, hierarchy: Hierarchy, service: ServiceLink, moment: datetime
) -> Standing:
    issuer = hierarchy.issuer_of(certificate)
    assert issuer is not None  # a trusted path has one
    try:
        status = ask_status(certificate, issuer.certificate, service.ask, now=moment)
    except Refused:
        return Standing.UNKNOWN
    return Standing.GOOD if status.revoked_at is None else Standing.REVOKED
