# SPDX-License-Identifier: EUPL-1.2
"""Each authority that certifies people has two canaries: a certificate in force, and a revoked one.

Nobody holds their keys, which are thrown away at once, and their names are nobody's. The gate and the
observer know their status for sure, because nobody else can have a reason to change it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import transaction

from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.certificates.actions.burn_reserved import burn
from varmentaja.apps.certificates.actions.issue_batch import KeyRequest, issue_batch
from varmentaja.apps.certificates.actions.revoke_certificates import revoke_rows
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.observation.hierarchy import hierarchy
from varmentaja.apps.status.models import Canary
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.certificates import CertificateState
from varmentaja.domain.errors import DomainError
from varmentaja.domain.revocation import RevocationReason
from varmentaja.pki.hierarchy import Authority
from varmentaja.pki.names import Subject
from varmentaja.pki.profile import load_profile
from varmentaja.ports.custody import CertificateOrder

PROFILE = "personnel-auth"
LIFE = timedelta(days=365)
RENEWED = timedelta(days=30)
"""Before the end a new one is made: an expired canary watches nothing."""
NAMES = {False: "Good", True: "Revoked"}
NUMBER = "999999990"
"""Not a number of any person: its check character is wrong, so that no register can have it."""

_NEW_KEY: dict[str, Callable[[], ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey]] = {
    "ecc": lambda: ec.generate_private_key(ec.SECP384R1()),
    "rsa": lambda: rsa.generate_private_key(65537, 3072),
}


def keep_canaries(*, now: datetime) -> int:
    """Make what is missing; how many were made. Cut off in between, it is done again."""
    return sum(_make(authority, revoked, now=now) for authority, revoked in _missing(now))


def _missing(now: datetime) -> Iterator[tuple[Authority, bool]]:
    """A person's certificate that an officer has named is none of these: it may be revoked some day."""
    profile = load_profile(PROFILE)
    for authority in hierarchy().authorities.values():
        if authority.role not in profile.issuers:
            continue
        for revoked in NAMES:
            serials = Canary.objects.filter(authority=authority.id, revoked=revoked).values("serial")
            lasting = Certificate.objects.filter(
                authority=authority.id, serial__in=serials, not_after__gt=now + RENEWED, person=None
            )
            if not lasting.exists():
                yield authority, revoked


def _make(authority: Authority, revoked: bool, *, now: datetime) -> int:
    key = _NEW_KEY[authority.line]().public_key()
    second = now.replace(microsecond=0)
    order = CertificateOrder(
        authority=authority.id,
        profile=PROFILE,
        subject=Subject(
            serial_number=NUMBER, given_names="Canary", first_name="Canary", surname=NAMES[revoked]
        ),
        public_key=key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        not_before=second,
        not_after=second + LIFE,
    )
    (issued,) = issue_batch([KeyRequest(None, "authentication", order)], now=now)
    if isinstance(issued, DomainError):
        raise issued
    with transaction.atomic():
        row = Certificate.objects.select_for_update().get(pk=issued.pk)
        if revoked:
            revoke_rows(SYSTEM, [row], RevocationReason.CESSATION_OF_OPERATION, now=now)
        canary = Canary.objects.create(authority=row.authority, serial=row.serial, revoked=revoked)
        record(AuditAction.CANARY_NAMED, SYSTEM, canary, facts={"revoked": revoked})
        _forget_older(row)
    return 1


def _forget_older(made: Certificate) -> None:
    """A canary of the same name that nears its end watches no more; what a killed run left is burned."""
    of_the_name = Certificate.objects.filter(
        authority=made.authority, card=None, person=None, subject=made.subject
    ).exclude(pk=made.pk)
    older = Canary.objects.filter(authority=made.authority, serial__in=of_the_name.values("serial"))
    for canary in older:
        record(AuditAction.CANARY_DISMISSED, SYSTEM, canary)
        canary.delete()
    reserved = of_the_name.select_for_update().filter(state=CertificateState.RESERVED)
    burn(reserved.order_by("id"))
