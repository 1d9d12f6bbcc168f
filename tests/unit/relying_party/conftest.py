# SPDX-License-Identifier: EUPL-1.2
"""The demo hierarchy of this run."""

from tests.support.pki import card_keys, demo

__all__ = ["card_keys", "demo"]
