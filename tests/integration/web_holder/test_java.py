# SPDX-License-Identifier: EUPL-1.2
"""The Java of docs/guide/relying-party.md, compiled as it stands: a card's signature, the responder asked."""

from __future__ import annotations

import base64
import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.integration.web_holder.conftest import Holder
from tests.support.cards import PIN1, PIN2

from varmentaja.apps.cards.actions.end_card import end_card
from varmentaja.card.driver import HashAlgorithm, KeyRole
from varmentaja.domain.revocation import Ground

pytestmark = pytest.mark.django_db

GUIDE = (Path(__file__).parents[3] / "docs" / "guide" / "relying-party.md").read_text("utf-8")
CONTENT = b"https://me.example;" + b"n" * 96
PROGRAM = """
import java.io.ByteArrayInputStream;
import java.security.*;
import java.security.cert.*;
import java.util.*;

public class Guide {
    static byte[] bytes(String text) { return Base64.getDecoder().decode(text); }

    static X509Certificate certificate(String text) throws CertificateException {
        var factory = CertificateFactory.getInstance("X.509");
        return (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(bytes(text)));
    }

    public static void main(String[] given) throws Exception {
        try {
            var person = check(bytes(given[0]), bytes(given[1]), given[2], certificate(given[3]),
                certificate(given[4]), certificate(given[5]), Integer.parseInt(given[6]));
            System.out.println(person.getSubjectX500Principal().getName());
        } catch (GeneralSecurityException no) {
            System.out.println("no: " + no.getClass().getSimpleName() + " " + no.getMessage());
        }
    }

@GUIDE@
}
"""


@dataclass
class Java:
    """The guide's program, asked about a holder's card."""

    folder: Path
    holder: Holder

    def check(self, role: KeyRole, *, content: bytes = CONTENT, usage: int | None = None) -> str:
        """What it says of a signature over CONTENT."""
        contents = self.holder.driver.read()
        pin = PIN1 if role is KeyRole.AUTHENTICATION else PIN2
        signature = self.holder.driver.sign(role, CONTENT, HashAlgorithm.SHA256, pin)
        given: list[bytes | str | None] = [content, signature, "SHA256withECDSA", contents.certificate(role)]
        given += [contents.certificates.issuer, contents.certificates.root]
        texts = [each if isinstance(each, str) else base64.b64encode(each or b"").decode() for each in given]
        texts.append(str(usage if usage is not None else list(KeyRole).index(role)))
        run = ["java", "-Dcom.sun.security.enableCRLDP=true", "-cp", str(self.folder), "Guide", *texts]
        done = subprocess.run(run, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture
def java(holder: Holder, tmp_path: Path) -> Java:
    (block,) = re.findall(r"```java\n(.*?)```", GUIDE, re.DOTALL)
    source = tmp_path / "Guide.java"
    source.write_text(PROGRAM.replace("@GUIDE@", block))
    done = subprocess.run(["javac", str(source)], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    return Java(tmp_path, holder)


def test_the_guides_java_lets_the_right_ones_in_and_nobody_else(java: Java) -> None:
    for role in KeyRole:
        assert java.holder.card.person.family_name in java.check(role)
    assert java.check(KeyRole.AUTHENTICATION, content=CONTENT + b"!").startswith("no: SignatureException")
    assert java.check(KeyRole.AUTHENTICATION, usage=1).startswith("no: SignatureException")
    service = java.holder.service
    end_card(service.officer(), java.holder.card.pk, Ground.LOST, now=datetime.now(UTC), today=service.today)
    java.holder.publish()
    assert "revoked" in java.check(KeyRole.AUTHENTICATION)
