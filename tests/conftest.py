# SPDX-License-Identifier: EUPL-1.2
"""Fixtures that any test may ask for."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from varmentaja.config import settings

# Keys and files of the tests stand in a folder of this process, never in var/.
os.environ["VARMENTAJA_STATE"] = tempfile.mkdtemp(prefix="varmentaja-test-")
atexit.register(shutil.rmtree, os.environ["VARMENTAJA_STATE"], ignore_errors=True)
settings.cache_clear()

# How long an example takes says nothing on a machine where other tests run, too.
hypothesis_settings.register_profile(
    "shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("shared machine")

pytest_plugins = [
    "tests.support.browser",
    "tests.support.clock",
    "tests.support.desktop",
    "tests.support.pcsc",
    "tests.support.pki",
    "tests.support.postgres",
    "tests.support.service",
    "tests.support.softhsm",
    "tests.support.web",
    "tests.support.whole_service",
]
