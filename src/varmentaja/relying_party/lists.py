# SPDX-License-Identifier: EUPL-1.2
"""Whether an issuing authority itself is still good: its root's revocation list (RFC 5280 §5) says so.

Roots have no OCSP responder, and a list of theirs is short, whole and good for long. Each is kept and fetched
anew every few minutes; while that fails, the kept one holds until its ``nextUpdate``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import httpx
from cryptography import x509

from varmentaja.relying_party.refusals import Outcome, Refused
from varmentaja.relying_party.status import CLOCK_SKEW

Fetch = Callable[[str], bytes]
"""Get the document at an address; ConnectionError if it fails."""

FETCH_AGAIN = timedelta(minutes=5)
TRY_AGAIN = timedelta(seconds=20)
"""After a failure: a server that is silent must not hold up every sign-in."""


def fetch_over(client: httpx.Client) -> Fetch:
    """Fetch over HTTP with the caller's client: its time-outs, its proxies."""

    def fetch(url: str) -> bytes:
        try:
            return client.get(url).raise_for_status().content
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ConnectionError(str(error)) from error

    return fetch


@dataclass(frozen=True, slots=True)
class _Kept:
    """The last list of an address that was believed, and when to ask again."""

    crl: x509.CertificateRevocationList | None
    again_at: datetime
    trouble: str = ""


class AuthorityLists:
    """The lists of authorities over others; safe to call from many threads.

    ``strict``: without a list that is valid now nobody is accepted (STATUS_UNKNOWN). Otherwise an authority
    is taken to be good until a list says something else.
    """

    def __init__(self, fetch: Fetch, *, strict: bool = True) -> None:
        self._fetch = fetch
        self._strict = strict
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, x509.Certificate], _Kept] = {}

    def check(
        self, authority: x509.Certificate, above: x509.Certificate, *, now: datetime, moment: datetime
    ) -> None:
        """Raise Refused if ``authority`` was revoked by ``above`` at the ``moment`` of use, or nobody knows.

        The path has been validated before: the address in the certificate is followed.
        """
        kept = self._known(authority, above, now)
        number = authority.serial_number
        entry = kept.crl.get_revoked_certificate_by_serial_number(number) if kept.crl else None
        if entry is not None and entry.revocation_date_utc <= moment:
            detail = f"its issuer: {authority.subject.rfc4514_string()[:200]}"
            raise Refused(Outcome.REVOKED, detail, since=entry.revocation_date_utc)
        if self._strict and (kept.crl is None or not _holds(kept.crl, now)):
            raise _unknown(kept.trouble or "the list is not of today")

    def _known(self, authority: x509.Certificate, above: x509.Certificate, now: datetime) -> _Kept:
        try:
            url = _address(authority)
        except Refused as error:
            return _Kept(None, now, error.detail)
        with self._lock:
            kept = self._kept.get((url, above))
        if kept is None or now >= kept.again_at:
            kept = self._asked(url, above, now, kept)
            with self._lock:
                self._kept[url, above] = kept
        return kept

    def _asked(self, url: str, above: x509.Certificate, now: datetime, kept: _Kept | None) -> _Kept:
        try:
            crl = _read(self._fetch(url), above, now)
        except (ConnectionError, Refused) as error:
            trouble = error.detail if isinstance(error, Refused) else str(error)
            return replace(kept or _Kept(None, now), again_at=now + TRY_AGAIN, trouble=trouble)
        if kept and kept.crl and crl.last_update_utc < kept.crl.last_update_utc:
            crl = kept.crl  # an old copy on the way here does not undo what is known
        return _Kept(crl, now + FETCH_AGAIN)


def _read(der: bytes, above: x509.Certificate, now: datetime) -> x509.CertificateRevocationList:
    """A list that is whole, signed by ``above`` and valid now; Refused(STATUS_UNKNOWN)."""
    try:
        crl = x509.load_der_x509_crl(der)
        signed = crl.issuer == above.subject and crl.is_signature_valid(above.public_key())  # type: ignore[arg-type]  # another kind of key raises
        special = [extension.oid for extension in crl.extensions if extension.critical]
        list(crl)
    except Exception as error:  # the library has many ways to say that it cannot read a list
        raise _unknown(f"the list cannot be read: {error}") from error
    if not signed:
        raise _unknown("the list is not signed by the authority above")
    if special:  # a delta, or a list of a part
        raise _unknown("the list is not a whole one")
    if not _holds(crl, now):
        raise _unknown("the list is not of today")
    return crl


def _holds(crl: x509.CertificateRevocationList, now: datetime) -> bool:
    until = crl.next_update_utc
    return crl.last_update_utc <= now + CLOCK_SKEW and until is not None and now <= until + CLOCK_SKEW


def _address(certificate: x509.Certificate) -> str:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        raise _unknown("the issuer's certificate names no list") from None
    for point in points:
        for name in point.full_name or ():
            if isinstance(name, x509.UniformResourceIdentifier) and name.value.startswith("http"):
                return name.value
    raise _unknown("the issuer's certificate names no list")


def _unknown(detail: str) -> Refused:
    return Refused(Outcome.STATUS_UNKNOWN, f"of the issuer: {detail}")
