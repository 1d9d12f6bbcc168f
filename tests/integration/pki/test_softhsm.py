# SPDX-License-Identifier: EUPL-1.2
"""An authority whose keys are in a PKCS#11 token (SoftHSM) makes the same things with the same builders."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pkcs11
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp as x509_ocsp
from pkcs11 import Attribute, ObjectClass
from pkcs11.exceptions import AttributeSensitive
from tests.support.pki import BASE_URL, PHYSICIAN
from tests.support.softhsm import MODULE, PIN

from varmentaja.domain.errors import DomainError, Kind
from varmentaja.pki.activation_code import derive_activation_code
from varmentaja.pki.algorithms import SIGNING_HASH, Hash, KeyAlgorithm, verifies
from varmentaja.pki.ceremony import demo_plan, perform_ceremony
from varmentaja.pki.crl import Reason, encode_entry, sign_crl
from varmentaja.pki.issuance import CertificateRequest, issue, prepare
from varmentaja.pki.keystore import keyed_hash, unwrap, wrap
from varmentaja.pki.keystore.pkcs11_token import TokenKeyStore, _Access, open_token_store
from varmentaja.pki.ocsp import CertificateStatus, Condition
from varmentaja.pki.presigning import Presigner
from varmentaja.pki.profile import load_profile


@pytest.fixture(scope="module")
def token(new_token: Callable[[str], str]) -> Iterator[TokenKeyStore]:
    """A fresh SoftHSM token."""
    store = open_token_store(MODULE, new_token("varmentaja"), PIN)
    yield store
    store.close()


@pytest.mark.parametrize("algorithm", [KeyAlgorithm.P256, KeyAlgorithm.P384, KeyAlgorithm.RSA3072])
def test_keys_of_every_kind_sign(token: TokenKeyStore, algorithm: KeyAlgorithm) -> None:
    key = token.generate(f"try-{algorithm}", algorithm)
    name = SIGNING_HASH[algorithm]
    assert verifies(key, token.sign(f"try-{algorithm}", b"data", name), b"data", name)
    one, other = token.sign_all(f"try-{algorithm}", [b"one", b"other"], name)
    assert verifies(key, one, b"one", name) and verifies(key, other, b"other", name)
    assert token.public_key(f"try-{algorithm}") == key and token.has(f"try-{algorithm}")


def test_an_authority_in_the_token_issues_and_signs_status(token: TokenKeyStore, tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    plan = demo_plan(BASE_URL)
    ecc = tuple(planned for planned in plan.certificates if planned.line == "ecc")
    hierarchy = perform_ceremony(replace(plan, certificates=ecc), token, tmp_path, now=now, random=os.urandom)
    authority = hierarchy.authority("professionals-ecc")
    key = ec.generate_private_key(ec.SECP384R1()).public_key()
    request = CertificateRequest(
        load_profile("professional-sign"), PHYSICIAN, key, now, now + timedelta(days=1826)
    )
    token_made = prepare(request, authority.issuer, random=os.urandom)
    certificate = x509.load_der_x509_certificate(issue(token_made, token))
    certificate.verify_directly_issued_by(authority.certificate)

    crl = x509.load_der_x509_crl(
        sign_crl(
            authority,
            0,
            [encode_entry(token_made.serial, now, Reason.SUPERSEDED)],
            token,
            number=7,
            this_update=now,
            next_update=now + timedelta(days=2),
        )
    )
    assert crl.is_signature_valid(authority.certificate.public_key())  # type: ignore[arg-type]  # EC here
    status = CertificateStatus(token_made.serial, Condition.REVOKED, now, Reason.SUPERSEDED)
    answers = Presigner(authority, token, this_update=now, next_update=now + timedelta(days=2)).sign(status)
    answer = x509_ocsp.load_der_ocsp_response(answers.sha256)
    assert answer.certificate_status is x509_ocsp.OCSPCertStatus.REVOKED
    answer.certificates[0].verify_directly_issued_by(authority.certificate)
    assert verifies(
        answer.certificates[0].public_key(),  # type: ignore[arg-type]  # P-256 here
        answer.signature,
        answer.tbs_response_bytes,
        SIGNING_HASH[KeyAlgorithm.P256],
    )


def test_secrets_of_the_token_derive_and_wrap(token: TokenKeyStore) -> None:
    token.generate_secret("activation")
    code = derive_activation_code(token, "activation", "00" * 10, 1)
    assert code == derive_activation_code(token, "activation", "00" * 10, 1) and len(code) == 8
    assert keyed_hash(token, "activation", b"a") != keyed_hash(token, "activation", b"b")
    wrapped = wrap(token, "activation", b"k" * 32, b"context", os.urandom)
    assert unwrap(token, "activation", wrapped, b"context") == b"k" * 32


def test_a_taken_label_is_a_conflict_and_a_missing_one_is_not_found(token: TokenKeyStore) -> None:
    token.generate("taken", KeyAlgorithm.P256)
    with pytest.raises(DomainError) as taken:
        token.generate("taken", KeyAlgorithm.P256)
    with pytest.raises(DomainError) as missing:
        token.public_key("missing")
    assert (taken.value.kind, missing.value.kind) == (Kind.CONFLICT, Kind.NOT_FOUND)


def test_private_keys_stay_in_the_token(token: TokenKeyStore) -> None:
    token.generate("inside", KeyAlgorithm.P384)
    private = token._object(token._session, "inside", ObjectClass.PRIVATE_KEY)
    assert private[Attribute.EXTRACTABLE] is False
    with pytest.raises(AttributeSensitive):
        private[Attribute.VALUE]


def test_a_token_that_is_not_there_is_unavailable(token: TokenKeyStore) -> None:
    with pytest.raises(DomainError) as refused:
        open_token_store(MODULE, "no-such-token", "0000")
    assert refused.value.kind is Kind.UNAVAILABLE


def test_a_token_that_was_reset_is_opened_anew(token: TokenKeyStore) -> None:
    key = token.generate("before", KeyAlgorithm.P256)
    token.generate_secret("before-secret")
    derived = token.derive("before-secret", b"use", 16)
    for work in (
        lambda: verifies(key, token.sign("before", b"data", Hash.SHA256), b"data", Hash.SHA256),
        lambda: token.public_key("before") == key,
        lambda: token.derive("before-secret", b"use", 16) == derived,
        lambda: token.has("before") and not token.has("after"),
        lambda: verifies(
            token.generate("made-after", KeyAlgorithm.P256),
            token.sign("made-after", b"data", Hash.SHA256),
            b"data",
            Hash.SHA256,
        ),
    ):
        pkcs11.lib(MODULE).reinitialize()  # as a reset does: session, login and handles are gone
        assert work()


def test_a_device_that_fails_twice_is_unavailable_and_asked_again_later(
    token: TokenKeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    token.generate("failing", KeyAlgorithm.P256)
    opened = []

    def fails(*args: object, **kwargs: object) -> object:
        raise pkcs11.DeviceError

    def anew() -> object:
        opened.append(1)
        return open_anew()

    open_anew = token._access.open_anew
    with monkeypatch.context() as patch:
        patch.setattr(token._access, "open_anew", anew)
        patch.setattr("varmentaja.pki.keystore.pkcs11_token._signature", fails)
        for _ in range(2):
            with pytest.raises(DomainError) as failed:
                token.sign("failing", b"data", Hash.SHA256)
            assert failed.value.kind is Kind.UNAVAILABLE
    assert len(opened) == 2, "once a call"
    assert token.sign("failing", b"data", Hash.SHA256)


def test_a_refused_pin_is_not_tried_again_because_tries_are_few(new_token: Callable[[str], str]) -> None:
    access = _Access(MODULE, new_token("guarded"), "0000")
    for _ in range(20):
        with pytest.raises(DomainError) as refused:
            access.open_anew()
        assert refused.value.kind is Kind.UNAVAILABLE
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pkcs11, "lib", lambda module: pytest.fail("asked again"))
        with pytest.raises(DomainError):
            access.open()
