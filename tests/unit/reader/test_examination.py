# SPDX-License-Identifier: EUPL-1.2
"""What is looked at: virtual cards by the demo's authorities, readers, a service that may be away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path as File

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from tests.support.answers import sign_answers
from tests.support.cards import CODE, PIN1, PIN2, authority, finished_card
from tests.support.demo_cards import demo_card
from tests.support.pki import PHYSICIAN, Demo
from tests.unit.reader.test_version_manifest import CONTENT, sealed

from varmentaja.card.driver import (
    CardInUse,
    CodeLocked,
    KeyRole,
    PinLocked,
    PinRole,
    Transport,
    WrongCode,
    WrongPin,
)
from varmentaja.card.drivers import open_card
from varmentaja.card.pcsc import ReaderSeen
from varmentaja.card.transport import InProcessTransport
from varmentaja.domain.errors import unavailable
from varmentaja.pki.ocsp import CertIdHash, CertificateStatus, Condition
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.diagnosis import Check, Outcome
from varmentaja.reader.examination import Seen, examine, observe, path_of, see_readers
from varmentaja.reader.observed import Contact, Path, Standing
from varmentaja.reader.report import Diagnosis, to_copy
from varmentaja.reader.service_link import ServiceLink
from varmentaja.reader.texts import LANGUAGES
from varmentaja.reader.version_manifest import VersionList

_DER, _SPKI = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
READER = "ACS ACR39U ICC Reader [CCID Interface] (RZ4711-1234567) 00 00"


class Service:
    """A portal and an OCSP responder behind one handler; their clock is ``ahead`` of the demo's."""

    def __init__(self, demo: Demo, folder: File) -> None:
        self.demo = demo
        self.ahead = timedelta(0)
        self.away = False
        self.revoked = False
        self.document = sealed(demo, {**CONTENT, "chips": [{"generation": "2020", "least": "1.9"}]})
        self.folder = folder

    def link(self, *, version: str = "1.10") -> ServiceLink:
        hierarchy = self.demo.hierarchy
        return ServiceLink(
            "http://portal.example",
            client=httpx.Client(transport=httpx.MockTransport(self._answer)),
            hierarchy=hierarchy,
            versions=VersionList(self.folder / "versions.json", hierarchy),
            version=version,
        )

    @property
    def now(self) -> datetime:
        return self.demo.now + self.ahead

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("away", request=request)
        headers = {"Date": format_datetime(self.now, usegmt=True)}
        if request.url.host == "portal.example":
            return httpx.Response(200, content=self.document, headers=headers)
        return httpx.Response(200, content=self._status(request.content), headers=headers)

    def _status(self, question: bytes) -> bytes:
        serial = f"{ocsp.load_der_ocsp_request(question).serial_number:X}"
        status = CertificateStatus(serial)
        if self.revoked:
            status = CertificateStatus(serial, Condition.REVOKED, self.demo.now)
        return sign_answers(
            self.demo.hierarchy.authority_for("professionals", "ecc"),
            [status],
            self.demo.store,
            name=CertIdHash.SHA256,
            this_update=self.now,
            next_update=self.now + timedelta(hours=8),
        )


@pytest.fixture
def service(demo: Demo, tmp_path: File) -> Service:
    return Service(demo, tmp_path)


@pytest.fixture
def card(demo: Demo) -> InsertedCard:
    return InsertedCard("1", open_card(InProcessTransport(demo_card(demo))))


def outcomes(
    service: Service, card: InsertedCard | None, *, clock: timedelta = timedelta(0)
) -> dict[Check, Outcome]:
    diagnosis = examined(service, card, clock=clock)
    return {finding.name: finding.outcome for finding in diagnosis.findings}


def examined(
    service: Service, card: InsertedCard | None, *, clock: timedelta = timedelta(0), version: str = "1.10"
) -> Diagnosis:
    """``clock``: how wrong this machine's clock is."""
    seen = Seen((READER,), Contact.READ if card else Contact.NO_CARD, card)
    return examine(seen, service.link(version=version), now=service.now + clock)


def test_a_good_card_is_in_order(service: Service, card: InsertedCard) -> None:
    assert set(outcomes(service, card).values()) == {Outcome.OK}


def test_a_revoked_card_is_found_by_asking_its_issuer(service: Service, card: InsertedCard) -> None:
    service.revoked = True
    assert outcomes(service, card)[Check.STATUS] is Outcome.FAULT


def test_an_expired_card_is_a_fault_and_one_that_ends_soon_a_warning(
    service: Service, card: InsertedCard
) -> None:
    service.ahead = timedelta(days=1827)
    assert outcomes(service, card)[Check.DATES] is Outcome.FAULT
    service.ahead = timedelta(days=1800)
    assert outcomes(service, card)[Check.DATES] is Outcome.WARNING


@pytest.mark.parametrize("clock", [timedelta(hours=1), timedelta(days=-1), timedelta(days=2000)])
def test_a_wrong_clock_is_the_only_fault_that_it_makes(
    service: Service, card: InsertedCard, clock: timedelta
) -> None:
    found = outcomes(service, card, clock=clock)
    wrong = {name for name, outcome in found.items() if outcome in (Outcome.FAULT, Outcome.WARNING)}
    assert wrong == {Check.CLOCK}
    assert found[Check.CLOCK] is Outcome.FAULT


def test_an_old_answer_is_not_believed_because_the_service_says_that_it_is_yesterday(
    service: Service, card: InsertedCard
) -> None:
    """Whoever sits between replays what was good before the card was revoked, with the time of then."""
    service.ahead = timedelta(days=-1)
    seen = Seen((READER,), Contact.READ, card)
    observed = observe(seen, service.link(), now=service.demo.now)
    assert {each.standing for each in observed.certificates.values()} == {Standing.UNKNOWN}
    assert outcomes(service, card, clock=timedelta(days=1))[Check.STATUS] is Outcome.NOT_CHECKED


def test_an_expired_card_is_not_in_order_because_the_service_says_that_it_is_last_year(
    service: Service, card: InsertedCard
) -> None:
    assert outcomes(service, card, clock=timedelta(days=1827))[Check.DATES] is Outcome.NOT_CHECKED


def test_a_service_that_is_down_is_the_fault_and_the_status_is_not_known(
    service: Service, card: InsertedCard
) -> None:
    service.away = True
    found = outcomes(service, card)
    assert found[Check.SERVICE] is Outcome.FAULT
    assert found[Check.STATUS] is Outcome.WARNING
    assert found[Check.CLOCK] is found[Check.VERSION] is Outcome.NOT_CHECKED
    assert found[Check.CHAIN] is found[Check.DATES] is found[Check.PINS] is Outcome.OK


def test_the_last_list_of_versions_holds_while_the_service_is_down(
    service: Service, card: InsertedCard
) -> None:
    assert examined(service, card, version="1.8").findings
    service.away = True
    found = {each.name: each for each in examined(service, card, version="1.8").findings}
    assert found[Check.VERSION].outcome is Outcome.FAULT
    assert "https://service.example/reader/" in str(found[Check.VERSION].advice)


def test_a_card_of_another_issuer_and_one_that_only_says_it_is_ours(service: Service, demo: Demo) -> None:
    other = InsertedCard("1", open_card(InProcessTransport(finished_card())))
    assert outcomes(service, other)[Check.CHAIN] is Outcome.FAULT
    ours = demo.hierarchy.authority_for("professionals", "ecc").certificate
    stranger = x509.load_der_x509_certificate(authority().issuer)
    assert path_of(stranger, demo.hierarchy, at=demo.now) is Path.UNKNOWN_ISSUER
    rsa = demo.hierarchy.authority_for("professionals", "rsa").certificate
    whole = ours.public_bytes(_DER)
    forged = x509.load_der_x509_certificate(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert path_of(forged, demo.hierarchy, at=demo.now) is Path.FORGED
    assert path_of(rsa, demo.hierarchy, at=demo.now) is not Path.UNKNOWN_ISSUER


def test_locked_pins_and_a_locked_code_are_told(service: Service, card: InsertedCard) -> None:
    for _ in range(5):
        with pytest.raises((WrongPin, PinLocked)):
            card.change(PinRole.SIGNATURE, "11223344", "25803690")
    found = {each.name: each for each in examined(service, card).findings}
    assert found[Check.PINS].outcome is Outcome.FAULT and "PIN 2" in str(found[Check.PINS].text)
    for _ in range(5):
        with pytest.raises((WrongCode, CodeLocked)):
            card.unblock(PinRole.SIGNATURE, "00000001", "25803690")
    found = {each.name: each for each in examined(service, card).findings}
    assert "activation code is locked" in str(found[Check.PINS].text)


def test_without_a_card_the_service_and_the_clock_are_still_checked(service: Service) -> None:
    found = outcomes(service, None)
    assert found[Check.CONTACT] is Outcome.FAULT
    assert found[Check.SERVICE] is found[Check.CLOCK] is found[Check.VERSION] is Outcome.OK


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("revoked", [False, True])
def test_the_report_holds_nothing_of_the_person_and_no_number_of_the_card(
    service: Service, card: InsertedCard, language: str, revoked: bool
) -> None:
    service.revoked = revoked
    report = to_copy(examined(service, card), language).casefold()
    personal = {CODE, PIN1, PIN2, PHYSICIAN.serial_number, PHYSICIAN.physician_code, "RZ4711-1234567"}
    contents = card.contents
    personal |= {contents.chip_serial, contents.printed_serial, contents.chip_serial[-9:]}
    for role in KeyRole:
        certificate = x509.load_der_x509_certificate(contents.certificate(role) or b"")
        serial = certificate.serial_number
        personal |= {f"{serial:x}", str(serial), certificate.public_key().public_bytes(_DER, _SPKI).hex()}
        for attribute in certificate.subject:
            if attribute.value != "FI":
                personal |= {str(attribute.value), *str(attribute.value).split()}
    assert len(personal) > 15
    assert [value for value in personal if value and value.casefold() in report] == []
    assert "acs acr39u" in report and "2020" in report


def test_a_diagnosis_travels_as_json(service: Service, card: InsertedCard) -> None:
    diagnosis = examined(service, card)
    assert Diagnosis.from_data(diagnosis.as_data()) == diagnosis


class Readers:
    """The system's readers as PC/SC would tell of them."""

    def __init__(
        self, *seen: ReaderSeen, transport: Transport | None = None, fault: Exception | None = None
    ) -> None:
        self.seen, self.transport, self.fault = seen, transport, fault
        self.closed = 0

    def watch(self, before: Sequence[ReaderSeen], timeout: float) -> tuple[ReaderSeen, ...]:
        return self.seen

    def open(self, name: str) -> Transport:
        if self.fault is not None or self.transport is None:
            raise self.fault or CardInUse()
        return self.transport

    def close(self) -> None:
        self.closed += 1


class StrangeCard(InProcessTransport):
    """A card with an ATR of no kind that we know."""

    @property
    def atr(self) -> bytes:
        return bytes.fromhex("3B026001")


def _no_service() -> Readers:
    raise unavailable("The system's card reader service (PC/SC) does not answer.")


def test_what_is_in_the_systems_readers_is_told_apart(demo: Demo) -> None:
    empty, full, mute = (
        ReaderSeen("One", has_card=False, is_mute=False, state=0),
        ReaderSeen("Two", has_card=True, is_mute=False, state=0),
        ReaderSeen("Three", has_card=True, is_mute=True, state=0),
    )
    good = InProcessTransport(demo_card(demo))
    assert see_readers(_no_service).readers is None
    assert see_readers(Readers).readers == ()
    assert see_readers(lambda: Readers(empty)).contact is Contact.NO_CARD
    assert see_readers(lambda: Readers(empty, mute)).contact is Contact.MUTE
    assert see_readers(lambda: Readers(full, fault=CardInUse())).contact is Contact.TAKEN
    strange = StrangeCard(finished_card())
    assert see_readers(lambda: Readers(full, transport=strange)).contact is Contact.UNKNOWN
    seen = see_readers(lambda: Readers(empty, full, transport=good))
    assert seen.contact is Contact.READ and seen.card is not None and seen.card.contents.is_activated
    assert see_readers(lambda: Readers(empty, full, transport=good), "one").contact is Contact.NO_CARD


@pytest.mark.parametrize("fault", [None, CardInUse()])
def test_looking_leaves_nothing_open(demo: Demo, fault: Exception | None) -> None:
    closed: list[str] = []

    class Wire(InProcessTransport):
        def close(self) -> None:
            closed.append("card")

    full = ReaderSeen("One", has_card=True, is_mute=False, state=0)
    readers = Readers(full, transport=Wire(demo_card(demo)), fault=fault)
    assert see_readers(lambda: readers).contact is (Contact.TAKEN if fault else Contact.READ)
    assert readers.closed == 1
    assert closed == ([] if fault else ["card"])


def test_a_program_that_is_too_old_may_not_sign_with_the_card(service: Service, demo: Demo) -> None:
    old, new = service.link(version="1.8"), service.link(version="1.9")
    transport = InProcessTransport(demo_card(demo))
    for link, refused in ((old, True), (new, False)):
        link.look(now=datetime.now(UTC))
        card = InsertedCard("1", open_card(transport), refuse=link.refusal)
        assert (card.refusal is not None) is refused
