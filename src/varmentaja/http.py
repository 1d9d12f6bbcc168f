# SPDX-License-Identifier: EUPL-1.2
"""The HTTP client for what is ours: portal, responder, card reader program."""

from __future__ import annotations

from typing import Any

import httpx


def own_client(**options: Any) -> httpx.Client:
    """A client that goes straight there, whatever proxy the environment names: a proxy for the way out to
    the internet does not know our own machines, and sign-in would end with it."""
    return httpx.Client(trust_env=False, **options)
