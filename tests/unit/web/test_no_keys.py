# SPDX-License-Identifier: EUPL-1.2
"""The portal's process has no way to the authorities' keys, and does not load what only the worker needs."""

from __future__ import annotations

import subprocess
import sys

WORKERS_OWN = ("varmentaja.signer", "varmentaja.ground.keys", "varmentaja.pki.issuance", "pkilint")


def test_the_portal_loads_neither_custody_nor_issuance() -> None:
    script = (
        "import sys, varmentaja.web.wsgi;"
        f"print([name for name in sys.modules if name.startswith({WORKERS_OWN!r})])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
