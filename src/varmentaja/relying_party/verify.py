# SPDX-License-Identifier: EUPL-1.2
"""The checks of a relying party, each with an outcome of its own: origin and age, signature, issuer, dates,
purpose, status of the certificate and of its issuer.

    client = httpx.Client(timeout=5)
    lists = AuthorityLists(fetch_over(client))
    party = RelyingParty(hierarchy, ocsp_over(client), "https://me.example", key, lists)
    challenge = party.challenge(now=now, random=os.urandom, session=session_id)
    ...                                       # the page asks SCS to sign challenge.content
    person = party.sign_in(challenge.content, read_answer(json), now=now, session=session_id)
    person.identity.profession, person.identity.registration_number
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from cryptography import x509

from varmentaja.domain.errors import DomainError
from varmentaja.pki.foreign import require_readable
from varmentaja.pki.hierarchy import Hierarchy
from varmentaja.pki.paths import profile_of, validate_path
from varmentaja.pki.profile import Purpose
from varmentaja.pki.reader import CertificateFacts, describe
from varmentaja.relying_party.answer import Signature
from varmentaja.relying_party.challenge import Challenge, check_challenge, make_challenge
from varmentaja.relying_party.identity import CardIdentity, identity_of
from varmentaja.relying_party.lists import AuthorityLists
from varmentaja.relying_party.refusals import Outcome, Refused
from varmentaja.relying_party.status import AskOcsp, Status, ask_status


@dataclass(frozen=True, slots=True)
class Verified:
    """A certificate that passed every check."""

    certificate: x509.Certificate
    facts: CertificateFacts
    """All that the certificate says, see varmentaja.pki.reader."""
    profile: str
    """Id of the certificate profile: which kind of card it is on."""
    status: Status

    @property
    def identity(self) -> CardIdentity:
        """Name, profession, registration number, organisation."""
        return identity_of(self.facts, self.profile)


@dataclass(frozen=True, slots=True)
class SignedIn(Verified):
    """A person who signed a challenge; ``nonce`` must be accepted once only."""

    nonce: str


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """One relying party: whom it trusts, how it asks for status, and what its own address is."""

    hierarchy: Hierarchy
    ask: AskOcsp
    origin: str
    """Scheme, host and port as browsers send them: ``https://portal.example``."""
    key: bytes
    """Secret of at least 32 octets for challenges; the same on every server of the site."""
    lists: AuthorityLists
    """Revocation lists of the authorities above the issuers; one for all parties of a process."""

    def challenge(self, *, now: datetime, random: Callable[[int], bytes], session: str = "") -> Challenge:
        """A challenge for a person to sign with the authentication key."""
        return make_challenge(self.origin, key=self.key, now=now, random=random, session=session)

    def sign_in(self, content: bytes, signature: Signature, *, now: datetime, session: str = "") -> SignedIn:
        """Check a signed challenge; raises Refused. The caller must refuse a ``nonce`` that it has seen."""
        challenge = check_challenge(content, origin=self.origin, key=self.key, now=now, session=session)
        signature.check(content)
        person = self.check_certificate(signature.certificate, Purpose.AUTHENTICATION, now=now)
        return SignedIn(person.certificate, person.facts, person.profile, person.status, challenge.nonce)

    def check_document(
        self, document: bytes, signature: Signature, *, now: datetime, signed_at: datetime | None = None
    ) -> Verified:
        """Check a signature over a document's bytes, made with the signature key; raises Refused.

        ``signed_at`` is the time of signing when the caller can vouch for it: the certificate must have been
        valid then, and a later revocation leaves the signature good. Without it the certificate must be good
        now.
        """
        signature.check(document)
        return self.check_certificate(
            signature.certificate, Purpose.SIGNATURE, now=now, used_at=signed_at or now
        )

    def check_certificate(
        self,
        certificate: x509.Certificate,
        purpose: Purpose,
        *,
        now: datetime,
        used_at: datetime | None = None,
    ) -> Verified:
        """Issuer, dates, path, purpose and status of a certificate and of its issuers; also for TLS."""
        moment = used_at or now
        try:
            require_readable(certificate)
        except ValueError as error:  # ours can be read
            raise Refused(Outcome.UNKNOWN_ISSUER, str(error)) from error
        authority = self.hierarchy.issuer_of(certificate)
        if authority is None:
            raise Refused(Outcome.UNKNOWN_ISSUER, certificate.issuer.rfc4514_string()[:200])
        if not certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc:
            raise Refused(Outcome.EXPIRED)
        try:
            validate_path(certificate, self.hierarchy, now=moment)
            facts = describe(certificate)
        except DomainError as error:
            raise Refused(Outcome.UNKNOWN_ISSUER, str(error)) from error
        profile = profile_of(certificate, authority)
        if profile is None or profile.purpose is not purpose:
            raise Refused(Outcome.WRONG_PURPOSE)
        status = ask_status(certificate, authority.certificate, self.ask, now=now)
        if status.revoked_at is not None and status.revoked_at <= moment:
            raise Refused(Outcome.REVOKED, since=status.revoked_at)
        chain = self.hierarchy.chain(authority.id)
        for below, above in pairwise(chain):
            self.lists.check(below, above, now=now, moment=moment)
        return Verified(certificate, facts, profile.id, status)
