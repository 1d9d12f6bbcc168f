# SPDX-License-Identifier: EUPL-1.2
"""Who is signed in, in memory: a restart signs everybody out.

A session belongs to the certificate that opened it. The certificate's status is asked again every few seconds
while the person works, so a revoked card ends the session.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from varmentaja.relying_party import CardIdentity, Purpose, Refused, RelyingParty, SignedIn

if TYPE_CHECKING:
    from varmentaja.clinic.pdf_signature import PreparedPdf

MOST = 500
"""People signed in; one more ends the session that was used longest ago."""
MOST_VISITS = 10_000
"""Visits of nobody in particular: however many come, they push out each other alone."""
IDLE = timedelta(minutes=30)
ASK_AGAIN = timedelta(seconds=2)
"""How long an answer about the certificate's status is relied on. A revocation may need two seconds until it
is published, and is to end the session within five."""


@dataclass(slots=True)
class Session:
    """One browser's visit."""

    id: str
    used_at: datetime
    person: SignedIn | None = None
    asked_at: datetime | None = None
    papers: dict[str, PreparedPdf] = field(default_factory=dict)
    """Papers that wait for their signature, by record: the card signs exactly what was prepared."""

    @property
    def identity(self) -> CardIdentity | None:
        """Who is signed in."""
        return self.person.identity if self.person else None


class Sessions:
    """All sessions; safe to call from many threads."""

    def __init__(self, party: RelyingParty) -> None:
        self._party = party
        self._lock = threading.Lock()
        self._visits: OrderedDict[str, Session] = OrderedDict()
        self._signed_in: OrderedDict[str, Session] = OrderedDict()

    def of(self, cookie: str, *, now: datetime) -> Session:
        """The session of a cookie, or a new one. Raises Refused when the person's certificate has ended."""
        with self._lock:
            kept = self._signed_in if cookie in self._signed_in else self._visits
            session = kept.get(cookie)
            if session is None or now - session.used_at > IDLE:
                kept.pop(cookie, None)
                return _opened(self._visits, MOST_VISITS, now)
            session.used_at = now
            kept.move_to_end(cookie)
        self._still_good(session, now)
        return session

    def sign_in(self, session: Session, person: SignedIn, *, now: datetime) -> Session:
        """A session of a new name for the person, so that one known before cannot be slipped in."""
        with self._lock:
            self._drop(session)
            opened = _opened(self._signed_in, MOST, now)
            opened.person, opened.asked_at = person, now
        return opened

    def end(self, session: Session) -> None:
        """Sign out."""
        with self._lock:
            self._drop(session)

    def _drop(self, session: Session) -> None:
        for kept in (self._visits, self._signed_in):
            kept.pop(session.id, None)

    def _still_good(self, session: Session, now: datetime) -> None:
        if session.person is None or (session.asked_at and now - session.asked_at < ASK_AGAIN):
            return
        try:
            self._party.check_certificate(session.person.certificate, Purpose.AUTHENTICATION, now=now)
        except Refused:
            self.end(session)
            raise
        session.asked_at = now


def _opened(sessions: OrderedDict[str, Session], most: int, now: datetime) -> Session:
    """A new session among these, for which the oldest makes room."""
    session = Session(secrets.token_urlsafe(24), now)
    sessions[session.id] = session
    while len(sessions) > most:
        sessions.popitem(last=False)
    return session
