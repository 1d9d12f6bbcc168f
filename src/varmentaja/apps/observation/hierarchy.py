# SPDX-License-Identifier: EUPL-1.2
"""The authorities, for what is told about them."""

from __future__ import annotations

from django.conf import settings

from varmentaja.pki.hierarchy import Hierarchy, load_hierarchy


def hierarchy() -> Hierarchy:
    """As it stands on disk: OCSP responders are renewed while the programs run."""
    return load_hierarchy(settings.HIERARCHY, production=not settings.TEST_SERVICE)
