# SPDX-License-Identifier: EUPL-1.2
"""A service set to a PKCS#11 token: the ceremony makes its keys there, and cards are certified by them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from pydantic import ValidationError
from tests.support.pki import BASE_URL
from tests.support.service import Service
from tests.support.softhsm import MODULE, PIN

from varmentaja.apps.certificates.models import Certificate
from varmentaja.config import Settings
from varmentaja.config import settings as current_settings
from varmentaja.ground.ceremony import hold
from varmentaja.ground.keys import authority_store
from varmentaja.pki.hierarchy import Hierarchy
from varmentaja.pki.keystore.pkcs11_token import TokenKeyStore
from varmentaja.pki.plan import read_plan
from varmentaja.ports.connected import connect
from varmentaja.signer.in_process import InProcessCustody


def small_plan() -> str:
    """Both lines with a root and the authority for professionals: RSA keys of 4096 bits take their time."""
    text = (files("varmentaja.profiles") / "hierarchy" / "demo.toml").read_text("utf-8")
    head, *authorities = text.split("[[authority]]")
    kept = [each for each in authorities if 'role = "root"' in each or 'role = "professionals"' in each]
    return "[[authority]]".join([head, *kept])


@pytest.fixture(scope="module")
def hierarchy(
    tmp_path_factory: pytest.TempPathFactory, new_token: Callable[[str], str]
) -> Iterator[Hierarchy]:
    """Made in a token that the settings name."""
    folder = tmp_path_factory.mktemp("token")
    (folder / "pin").write_text(f"{PIN}\n")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("VARMENTAJA_STATE", str(folder))
        environment.setenv("VARMENTAJA_PKCS11_MODULE", MODULE)
        environment.setenv("VARMENTAJA_PKCS11_TOKEN", new_token("service"))
        environment.setenv("VARMENTAJA_PKCS11_PIN_FILE", str(folder / "pin"))
        current_settings.cache_clear()
        authority_store.cache_clear()
        yield hold(read_plan(small_plan(), base_url=BASE_URL), current_settings())
        store = authority_store()
        assert isinstance(store, TokenKeyStore)
        store.close()
    assert not (folder / "keys" / "authorities").exists(), "no key outside the token"
    current_settings.cache_clear()
    authority_store.cache_clear()


@pytest.mark.django_db
@pytest.mark.parametrize("line", ["ecc", "rsa"])
def test_a_whole_card_is_certified_by_keys_in_the_token(
    hierarchy: Hierarchy, service: Service, settings: Any, line: str
) -> None:
    settings.CARD_ALGORITHM = line
    custody = InProcessCustody(hierarchy, authority_store(), os.urandom)
    connect(replace(service.outside, custody=custody))
    later = replace(service, now=datetime.now(UTC))  # certificates begin after their issuer's
    card = later.made_card()
    assert card.state == "dispatched"
    rows = Certificate.objects.filter(card=card, state="issued")
    assert len(rows) == 2
    for row in rows:
        certificate = x509.load_der_x509_certificate(bytes(row.der or b""))
        certificate.verify_directly_issued_by(hierarchy.authority(f"professionals-{line}").certificate)


@pytest.mark.parametrize("missing", ["pkcs11_module", "pkcs11_token", "pkcs11_pin_file"])
def test_half_a_token_is_refused(missing: str, tmp_path: Path) -> None:
    whole = {"pkcs11_module": MODULE, "pkcs11_token": "service", "pkcs11_pin_file": tmp_path / "pin"}
    assert Settings.model_validate(whole).pkcs11_token == "service"
    with pytest.raises(ValidationError, match="PKCS#11"):
        Settings.model_validate({name: value for name, value in whole.items() if name != missing})
