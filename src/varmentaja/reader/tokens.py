# SPDX-License-Identifier: EUPL-1.2
"""One-time form tokens: a form of the reader's pages works once, and only in the browser it was given to."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict

_SESSIONS = 200
_TOKENS = 64


class FormTokens:
    """Tokens by session; the oldest are forgotten, nothing is stored on disk."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions: OrderedDict[str, OrderedDict[str, None]] = OrderedDict()

    def session(self, cookie: str | None) -> str:
        """The session of a cookie, or a new one."""
        with self._lock:
            if cookie is not None and cookie in self._sessions:
                self._sessions.move_to_end(cookie)
                return cookie
            session = secrets.token_urlsafe(24)
            self._sessions[session] = OrderedDict()
            while len(self._sessions) > _SESSIONS:
                self._sessions.popitem(last=False)
            return session

    def issue(self, session: str) -> str:
        """A token for one form."""
        token = secrets.token_urlsafe(18)
        with self._lock:
            tokens = self._sessions.setdefault(session, OrderedDict())
            tokens[token] = None
            while len(tokens) > _TOKENS:
                tokens.popitem(last=False)
        return token

    def use(self, session: str, token: str) -> bool:
        """Whether the token was given to this session and not used before; it is used up by asking."""
        with self._lock:
            tokens = self._sessions.get(session)
            if tokens is None or token not in tokens:
                return False
            del tokens[token]
            return True
