# SPDX-License-Identifier: EUPL-1.2
"""Fixtures that any test may ask for."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

from varmentaja.config import settings

# Keys and files of the tests stand in a folder of this process, never in var/.
os.environ["VARMENTAJA_STATE"] = tempfile.mkdtemp(prefix="varmentaja-test-")
atexit.register(shutil.rmtree, os.environ["VARMENTAJA_STATE"], ignore_errors=True)
settings.cache_clear()

pytest_plugins = [
    "tests.support.browser",
    "tests.support.clock",
    "tests.support.desktop",
    "tests.support.pcsc",
    "tests.support.pki",
    "tests.support.postgres",
    "tests.support.service",
    "tests.support.web",
    "tests.support.whole_service",
]
