# SPDX-License-Identifier: EUPL-1.2
"""Names of seventy characters and of Sámi letters on whole cards: in certificates, to OpenSC, on paper."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from tests.support.pcsc import Pcsc
from tests.support.service import Service

from varmentaja.adapters.sandbox.cast import Member, load_cast
from varmentaja.apps.cards.models import Card
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.letters.actions.post_letter import post_letter
from varmentaja.apps.letters.models import Letter
from varmentaja.pki.reader import describe

pytestmark = [pytest.mark.django_db, pytest.mark.pcsc, pytest.mark.xdist_group("pcsc")]

COMMON_NAMES = {
    "long_name": "von Exempelhielm-Provstjerna af Mallisborg och Nä W. ",
    "sami_nurse": "Čáhputčearru Ánneš ",
}
"""How the common name begins; the registration number follows."""


@pytest.mark.parametrize("algorithm", ["ecc", "rsa"])
@pytest.mark.parametrize("role", COMMON_NAMES)
def test_a_name_is_whole_wherever_it_stands(
    service: Service, pcsc: Pcsc, settings: Any, role: str, algorithm: str
) -> None:
    settings.CARD_ALGORITHM = algorithm
    member, card = load_cast().member(role), service.made_card(role)
    assert card.algorithm == algorithm
    for row in Certificate.objects.filter(card=card, state="issued"):
        facts = describe(bytes(row.der or b""))
        assert (facts.surname, facts.given_names) == (member.family_name, member.given_names)
    _read_by_opensc(pcsc, service, card, member, COMMON_NAMES[role])
    letter = Letter.objects.get(card=card)
    post_letter(letter.pk, now=service.now, today=letter.due_on)
    envelopes = service.post.delivered(card.person.electronic_id)
    assert len(envelopes) == 2
    for envelope in envelopes:
        assert envelope.address_lines[0] == f"{card.person.first_name} {member.family_name}"
        (paper,) = envelope.files()
        assert _words(envelope.address_lines[0]) in _words(_text(paper))


def _read_by_opensc(pcsc: Pcsc, service: Service, card: Card, member: Member, common_name: str) -> None:
    serial = str(card.chip_serial)
    shutil.copy(service.folder / "cards" / f"{serial}.json", pcsc.folder / "cards")
    pcsc.insert(serial)
    try:
        dump = pcsc.run(["pkcs15-tool", "--reader", "0", "--dump"])
        assert (dump.returncode, dump.stderr) == (0, "")
        assert dump.stdout.count("X.509 Certificate") == 4
        for identifier in ("45", "46"):
            read = ["pkcs15-tool", "--reader", "0", "--read-certificate", identifier]
            subject = _subject(pcsc.run(read).stdout)
            assert f"SN={member.family_name}" in subject
            assert f"GN={member.given_names}" in subject
            assert any(line.startswith(f"CN={common_name}") for line in subject)
    finally:
        pcsc.pull(serial)


def _subject(pem: str) -> list[str]:
    command = ["openssl", "x509", "-noout", "-subject", "-nameopt", "multiline,utf8,-esc_msb,sname,-align"]
    said = subprocess.run(command, input=pem, capture_output=True, text=True, check=True).stdout
    return [line.strip().replace(" = ", "=") for line in said.splitlines()]


def _text(paper: Path) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(paper.read_bytes())).pages)


def _words(text: str) -> str:
    """Without the white space and hyphens by which a line may be broken."""
    return "".join(text.split()).replace("-", "")
