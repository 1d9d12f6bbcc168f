# SPDX-License-Identifier: EUPL-1.2
"""Sign-in with the certificate of a TLS handshake, in two steps (decision 16).

The TLS host checks the certificate and stores what it found under a one-time code; the portal uses the code
up and opens the session. So the TLS host keeps no session of its own, and sign-out works.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from urllib.parse import unquote

from cryptography import x509
from django.conf import settings
from django.db import transaction

from varmentaja.apps.access.actions.sign_in import SignedIn, admit
from varmentaja.apps.access.models import HandOver
from varmentaja.apps.access.party import Origin, if_ours, record_of, relying_party
from varmentaja.apps.access.refused import note_refused_sign_in
from varmentaja.apps.certificates.models import Certificate
from varmentaja.domain.actors import Authentication
from varmentaja.domain.errors import DomainError
from varmentaja.pki.foreign import load_foreign
from varmentaja.pki.profile import Purpose
from varmentaja.relying_party import Outcome, Refused

LIFETIME = timedelta(seconds=60)
"""Of a code: a browser follows a redirect at once."""
CODE_BYTES = 32


def hand_over(escaped: str, *, now: datetime, random: Callable[[int], bytes]) -> str:
    """For the TLS host: check the certificate of a handshake, remember the result, give its one-time code.

    ``escaped`` is nginx's ``$ssl_client_escaped_cert`` (URL-encoded PEM), empty when none was sent.
    """
    code = base64.urlsafe_b64encode(random(CODE_BYTES)).decode("ascii").rstrip("=")
    row, shown, failure = None, None, None
    try:
        certificate = _read(escaped)
        shown = if_ours(certificate)
        row = _checked(certificate, now=now)
    except Refused as refusal:
        note_refused_sign_in(refusal, shown, Authentication.TLS)
        failure = {"outcome": refusal.outcome.value, "detail": refusal.detail}
    HandOver.objects.filter(expires_at__lt=now).delete()
    HandOver.objects.create(
        code_hash=_hash(code), certificate=row, failure=failure, expires_at=now + LIFETIME
    )
    return code


def sign_in_by_tls(code: str, *, now: datetime, today: date) -> SignedIn:
    """For the portal: use the code up and sign the holder in.

    Raises relying_party.Refused with the TLS host's finding, or TOO_OLD for a code that is not (or no longer)
    good.
    """
    found = _use_up(code)
    if found is not None and found.failure is not None:
        raise Refused(Outcome(found.failure["outcome"]), found.failure["detail"])  # traced when it was found
    try:
        if found is None or found.certificate is None or found.expires_at <= now:
            raise Refused(Outcome.TOO_OLD, "no such code")
        return admit(found.certificate, Authentication.TLS, now=now, today=today)
    except DomainError as refusal:
        note_refused_sign_in(refusal, found.certificate if found else None, Authentication.TLS)
        raise


def _read(escaped: str) -> x509.Certificate:
    if not escaped:
        raise Refused(Outcome.NO_CARD, "no certificate in the handshake")
    try:
        return load_foreign(unquote(escaped).encode("ascii"), x509.load_pem_x509_certificate)
    except ValueError as error:
        raise Refused(Outcome.UNKNOWN_ISSUER, str(error)) from error  # ours can be read


def _checked(certificate: x509.Certificate, *, now: datetime) -> Certificate:
    party = relying_party(Origin(settings.PUBLIC_URL))
    return record_of(party.check_certificate(certificate, Purpose.AUTHENTICATION, now=now).certificate)


def _use_up(code: str) -> HandOver | None:
    """A code works once: whoever deletes its row has it."""
    with transaction.atomic():
        row = HandOver.objects.select_for_update().filter(code_hash=_hash(code)).first()
        if row is not None:
            HandOver.objects.filter(pk=row.pk).delete()
    return row


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
