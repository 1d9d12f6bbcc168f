# SPDX-License-Identifier: EUPL-1.2
"""One ceremony and a few card keys for all cases."""

from tests.support.pki import card_keys, demo

__all__ = ["card_keys", "demo"]
