# SPDX-License-Identifier: EUPL-1.2
"""``varmentaja tour reader``: a card signs in here and in the clinic, and signs a prescription."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.amount import amount
from tests.support.whole_service import WholeService

from varmentaja.tour.reader_story import STEPS

pytestmark = pytest.mark.xdist_group("shared-demo")

STORY = [step.name for step in STEPS]


def play(demo: WholeService, *options: str) -> dict[str, Any]:
    done = demo.say("tour", "reader", "--json", *options)
    assert done.stdout, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == 0 and document["ok"], document["steps"][-1]
    return document


def facts(document: dict[str, Any], number: int) -> dict[str, str]:
    found: dict[str, str] = document["steps"][number]["facts"]
    return found


# RSA cards are also played in the tour of the card, and sign the clinic's documents in tests/unit/clinic.
@pytest.mark.parametrize("algorithm", ("ecc", "rsa")[: amount(1, 2)])
def test_a_prescription_is_signed_and_programs_of_others_verify_it(
    shared_demo: WholeService,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    algorithm: str,
) -> None:
    # Cards of the other kind get a service of their own; addresses of sockets have 107 characters at most.
    monkeypatch.setitem(shared_demo.environment, "TMPDIR", str(tmp_path_factory.mktemp("t")))
    document = play(shared_demo, "--algorithm", algorithm)
    assert [(step["name"], step["ok"]) for step in document["steps"]] == [(name, True) for name in STORY]
    pdfsig, after_loss = facts(document, 13), facts(document, 20)
    assert pdfsig["Signature Type"] == "ETSI.CAdES.detached"
    assert pdfsig["Signature Validation"] == after_loss["Signature Validation"] == "Signature is Valid."
    assert pdfsig["Certificate Validation"] == "Certificate is Trusted."
    assert after_loss["Certificate Validation"] == "Certificate has been Revoked."
    assert facts(document, 14)["xmlsec1"].startswith("OK SignedInfo References (ok/all): 2/2")
    told = facts(document, 15)
    assert all("Status now: In force" in told[name] for name in ("prescription.pdf", "prescription.xml"))
